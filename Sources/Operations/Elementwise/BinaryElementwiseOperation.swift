import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// What a function of two elements does, for the oracle: in `Double` for floats, in `Int64` for integers.
public struct BinaryArithmetic: Sendable {
  /// The element types it takes.
  public let types: [ElementType]
  /// In `Double`.
  let float: @Sendable (Double, Double) -> Double
  /// In `Int64`, before wrapping to the element type.
  let integer: @Sendable (Int64, Int64) -> Int64

  /// A function of floats and integers; integer results wrap.
  public init(
    float: @escaping @Sendable (Double, Double) -> Double, integer: @escaping @Sendable (Int64, Int64) -> Int64
  ) {
    types = ElementTypes.numbers
    self.float = float
    self.integer = integer
  }

  /// A function of the bits of integers and booleans.
  public init(bits: @escaping @Sendable (Int64, Int64) -> Int64) {
    types = ElementTypes.bits
    float = { a, _ in a }
    integer = bits
  }
}

/// An operation that is a function of two elements; operands and result have one type, broadcasting made explicit by
/// the front end.
///
/// The operation gives the oracle's arithmetic, the scalar operator, the derivative and the documentation; the rest is
/// here.
public protocol BinaryElementwiseOperation: PrimitiveOperation {
  var arithmetic: BinaryArithmetic { get }
  var scalarOperator: BinaryOperator { get }
}

extension BinaryElementwiseOperation {
  public var schema: [AttributeSchema] { [] }
  public var operandRule: OperandRule { OperandRule(["a", "b"], broadcasts: true) }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: arithmetic.types)
    try require(operands, 1, in: arithmetic.types)
    try requireSameElement(operands, 0, 1)
    try requireSameShape(operands, 0, 1)
    return [operands[0]]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let (a, b, arithmetic) = (operands[0], operands[1], arithmetic)
    return a.element.isFloat
      ? [Tensor(a.type, rounding: zip(a.doubles, b.doubles).map { arithmetic.float($0.flushed, $1.flushed).flushed })]
      : [Tensor(a.type, wrapping: zip(a.integers, b.integers).map(arithmetic.integer))]
  }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    .pointwise { [scalarOperator] program, x in program.binary(scalarOperator, x[0], x[1]) }
  }
}

/// Two equal operand types, for examples.
func pair(_ extents: [Int], _ element: ElementType) -> [TensorType] {
  let type = TensorType(extents, element)
  return [type, type]
}
