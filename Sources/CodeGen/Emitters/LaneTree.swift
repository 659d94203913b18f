import CLLVM
import FraguaKernels

/// Joins the 16 virtual lanes of a sum by halves.
struct LaneTree {
  private let function: FunctionEmitter

  init(_ function: FunctionEmitter) { self.function = function }

  /// The 16 lanes of `value` joined to a scalar: lane `j` with `j + 8`, then `j + 4`, `j + 2`, `j + 1`.
  func joined(_ value: VectorValue, _ combiner: Combiner) -> VectorValue { joined([value], combiner) }

  /// The 16 lanes of each of `values` joined likewise: a vector of the results, or a scalar where there is one value.
  ///
  /// Vectors are joined in pairs, so that one operation adds lanes of several values.
  /// - Requires: their number is 1, 2, 4, 8 or 16.
  func joined(_ values: [VectorValue], _ combiner: Combiner) -> VectorValue {
    var vectors = values
    var values = 1  // in each vector, their lanes one value after the other
    var count = Kernel.sumLanes
    while count > 1 {
      count /= 2
      let isPaired = vectors.count > 1
      let starts = (0..<(isPaired ? 2 * values : values)).map { $0 * 2 * count }
      let low = starts.flatMap { $0..<$0 + count }
      var arithmetic = VectorBuilder(function: function, lanes: low.count)
      vectors = stride(from: 0, to: vectors.count, by: isPaired ? 2 : 1).map { first in
        let pair = (vectors[first], vectors[isPaired ? first + 1 : first])
        let (a, b) = (part(pair, low), part(pair, low.map { $0 + count }))
        return VectorMath.apply(combiner, a, b, in: &arithmetic)
      }
      values = starts.count
    }
    return vectors[0]
  }

  /// The lanes at `positions` in the two vectors of `pair`; a scalar where it is one.
  private func part(_ pair: (VectorValue, VectorValue), _ positions: [Int]) -> VectorValue {
    let (a, b) = (pair.0.reference, pair.1.reference)
    let result =
      positions.count == 1
      ? LLVMBuildExtractElement(function.builder, a, function.int32(positions[0]), "")!
      : function.shuffle(a, b, positions)
    return VectorValue(reference: result, type: pair.0.type)
  }
}
