import FraguaGraph
import FraguaKernels
import FraguaTensors

extension ContractionDimensions {
  /// The least number of products for which sums run in lanes: two vectors of them. One is no faster than chains of
  /// transposed squares.
  private static let leastLaneDepth = 32

  /// In which order the products of an element are added where the factors are of these types.
  ///
  /// In lanes where a product of floats has one row or one column, and the contracted axes are the innermost of both
  /// factors, in order: then every vector of memory is factors of one element, and there is no other axis to put into
  /// lanes. Decided by the extents that were declared alone: a symbol is never one row, whatever it is bound to, nor how
  /// many products there are; and what of the nodes before is computed in the kernel is another choice on another
  /// processor.
  func summation(_ lhs: TensorType, _ rhs: TensorType) -> ContractBody.Summation {
    let isVector =
      lhsFree(rank: lhs.rank).allSatisfy { lhs.shape[$0] == 1 }
      || rhsFree(rank: rhs.rank).allSatisfy { rhs.shape[$0] == 1 }
    let depth = lhsContracting.reduce(1) { $0 * (lhs.shape[$1].declaredValue ?? 0) }
    guard lhs.element.isFloat, isVector, depth >= Self.leastLaneDepth else { return .chain }
    let isInnermost = zip([lhs, rhs], [lhsContracting, rhsContracting]).allSatisfy { type, contracting in
      let long = type.shape.indices.filter { type.shape[$0] != 1 }
      return Array(long.suffix(contracting.count { type.shape[$0] != 1 }))
        == contracting.filter { type.shape[$0] != 1 }
    }
    return isInnermost ? .lanes : .chain
  }
}
