import FraguaGraph
import FraguaTensors

extension FunctionBuilder {
  /// The cotangents of `lhs` and `rhs`, of which `cotangent` is the cotangent of their contraction.
  ///
  /// Each contracts the cotangent with the other operand over the other operand's free axes; the order of the factors
  /// is the one that needs no transpose, where there is one.
  mutating func contractionPullback(
    _ cotangent: Value, _ lhs: Value, _ rhs: Value, _ dimensions: ContractionDimensions
  ) -> [Value?] {
    let batch = Array(0..<dimensions.lhsBatch.count)
    let lhsFree = dimensions.lhsFree(rank: lhs.type.rank)
    let rhsFree = dimensions.rhsFree(rank: rhs.type.rank)
    // The axes of the cotangent: batch, m, n.
    let m = lhsFree.indices.map { batch.count + $0 }
    let n = rhsFree.indices.map { batch.count + lhsFree.count + $0 }
    let lhsCotangent = factorCotangent(
      cotangent, contracting: n, rhs,
      ContractionDimensions(
        lhsBatch: batch, rhsBatch: dimensions.rhsBatch, lhsContracting: n, rhsContracting: rhsFree),
      placing: (dimensions.lhsBatch, lhsFree, Self.partners(dimensions.rhsContracting, dimensions.lhsContracting)))
    let rhsCotangent = factorCotangent(
      cotangent, contracting: m, lhs,
      ContractionDimensions(
        lhsBatch: batch, rhsBatch: dimensions.lhsBatch, lhsContracting: m, rhsContracting: lhsFree),
      placing: (dimensions.rhsBatch, rhsFree, Self.partners(dimensions.lhsContracting, dimensions.rhsContracting)))
    return [lhsCotangent, rhsCotangent]
  }

  /// For the contracted axes of one operand in ascending order, the paired axes of the other.
  private static func partners(_ axes: [Int], _ paired: [Int]) -> [Int] {
    zip(axes, paired).sorted { $0.0 < $1.0 }.map(\.1)
  }

  /// The contraction of `cotangent` with `other`, its axes brought to the places that `placing` gives for the batch
  /// axes, the cotangent's free axes, and the other's free axes.
  private mutating func factorCotangent(
    _ cotangent: Value, contracting: [Int], _ other: Value, _ dimensions: ContractionDimensions,
    placing: (batch: [Int], own: [Int], other: [Int])
  ) -> Value {
    let cotangentFirst = placing.batch + placing.own + placing.other
    let otherFirst = placing.batch + placing.other + placing.own
    let rank = cotangentFirst.count
    if otherFirst == Array(0..<rank), cotangentFirst != otherFirst {
      return contract(other, cotangent, dimensions.swapped)
    }
    // Axis `a` of the contraction belongs at `cotangentFirst[a]`.
    return transpose(contract(cotangent, other, dimensions), inversePermutation(cotangentFirst))
  }

  /// A `dot_general`, or where nothing is contracted, a product of broadcasts.
  mutating func contract(_ lhs: Value, _ rhs: Value, _ dimensions: ContractionDimensions) -> Value {
    if !dimensions.lhsContracting.isEmpty { return dotGeneral(lhs, rhs, dimensions) }
    let lhsFree = dimensions.lhsFree(rank: lhs.type.rank)
    let rhsFree = dimensions.rhsFree(rank: rhs.type.rank)
    let batch = dimensions.lhsBatch.count
    let shape =
      (dimensions.lhsBatch + lhsFree).map { lhs.type.shape[$0] } + rhsFree.map { rhs.type.shape[$0] }
    let left = transpose(lhs, dimensions.lhsBatch + lhsFree)
    let right = transpose(rhs, dimensions.rhsBatch + rhsFree)
    let leftAxes = Array(0..<batch + lhsFree.count)
    let rightAxes = Array(0..<batch) + rhsFree.indices.map { batch + lhsFree.count + $0 }
    return multiply(broadcast(left, to: shape, axes: leftAxes), broadcast(right, to: shape, axes: rightAxes))
  }
}
