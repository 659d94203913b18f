import FraguaKernels
import FraguaTensors

/// What a primitive operation is for fusion and lowering. One lowering composes the roles of a region into a kernel.
public enum Role: Sendable {
  /// Element i of the result is a scalar expression of element i of every operand; all have the result's shape.
  ///
  /// The closure appends the expression to a program: it gets the operands' values and returns the result's.
  case pointwise(@Sendable (inout ScalarProgram, [Int]) -> Int)
  /// Each element of the result is an element of the one operand, or a fill value: the map is from the coordinates of
  /// the result to those of the operand.
  case view(AffineMap)
  /// Joins the elements along some axes, which disappear from the shape.
  case reduction(Combiner, axes: [Int])
  case contraction(ContractionDimensions)
  /// `result[i..., d...] = table[clamp(indices[i...]), d...]`: operands table and indices.
  case gather
  /// `result = base`, then `result[indices[s...], d...] += updates[s..., d...]` in order of s; operands base, indices,
  /// updates. An index out of range adds nothing.
  case scatterAdd
  /// Element i of the result is a scalar expression of its coordinates and of the elements of small operands.
  ///
  /// The closure gets the coordinates (`i64` values, one an axis), and for each operand the values of all its elements,
  /// row-major.
  case generator(@Sendable (inout ScalarProgram, [Int], [[Int]]) -> Int)
  /// Elements known at compile time.
  case constant(ConstantValue)
}

/// The axes of a contraction, as StableHLO's `dot_general` has them: the result's axes are the batch axes, the left
/// operand's other axes, the right operand's other axes.
public struct ContractionDimensions: Sendable, Hashable {
  public var lhsBatch: [Int]
  public var rhsBatch: [Int]
  public var lhsContracting: [Int]
  public var rhsContracting: [Int]

  public init(lhsBatch: [Int] = [], rhsBatch: [Int] = [], lhsContracting: [Int], rhsContracting: [Int]) {
    self.lhsBatch = lhsBatch
    self.rhsBatch = rhsBatch
    self.lhsContracting = lhsContracting
    self.rhsContracting = rhsContracting
  }

  /// The same contraction of the operands in the other order.
  public var swapped: ContractionDimensions {
    ContractionDimensions(
      lhsBatch: rhsBatch, rhsBatch: lhsBatch, lhsContracting: rhsContracting, rhsContracting: lhsContracting)
  }

  /// The left operand's axes that are neither batch nor contracting, ascending.
  public func lhsFree(rank: Int) -> [Int] {
    (0..<rank).filter { !lhsBatch.contains($0) && !lhsContracting.contains($0) }
  }
  /// The right operand's axes that are neither batch nor contracting, ascending.
  public func rhsFree(rank: Int) -> [Int] {
    (0..<rank).filter { !rhsBatch.contains($0) && !rhsContracting.contains($0) }
  }
}
