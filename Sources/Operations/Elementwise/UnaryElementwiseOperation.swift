import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// What a function of one element does, for the oracle: in `Double` for floats, in `Int64` for integers.
public struct UnaryArithmetic: Sendable {
  /// The element types it takes.
  public let types: [ElementType]
  /// In `Double`.
  let float: @Sendable (Double) -> Double
  /// In `Int64`, before wrapping to the element type.
  let integer: @Sendable (Int64) -> Int64
  /// Where the function changes nothing but the sign of floats, what it does to that: it keeps denormals.
  var sign: (@Sendable (FloatingPointSign) -> FloatingPointSign)?

  /// A function of floats.
  public init(float: @escaping @Sendable (Double) -> Double) {
    types = ElementTypes.floats
    self.float = float
    integer = { $0 }
  }

  /// A function of floats and integers; integer results wrap.
  public init(float: @escaping @Sendable (Double) -> Double, integer: @escaping @Sendable (Int64) -> Int64) {
    types = ElementTypes.numbers
    self.float = float
    self.integer = integer
  }

  /// A function of floats that changes nothing but their sign, and of integers.
  public init(
    sign: @escaping @Sendable (FloatingPointSign) -> FloatingPointSign, integer: @escaping @Sendable (Int64) -> Int64
  ) {
    self.init(float: { Double(sign: sign($0.sign), exponent: 0, significand: 1) * Swift.abs($0) }, integer: integer)
    self.sign = sign
  }

  /// A function of the bits of integers and booleans.
  public init(bits: @escaping @Sendable (Int64) -> Int64) {
    types = ElementTypes.bits
    float = { $0 }
    integer = bits
  }
}

/// An operation that is a function of each element, the result having the operand's type.
///
/// The operation gives the oracle's arithmetic, the scalar operator, the derivative and the documentation; the rest is
/// here.
public protocol UnaryElementwiseOperation: PrimitiveOperation {
  var arithmetic: UnaryArithmetic { get }
  var scalarOperator: UnaryOperator { get }
}

extension UnaryElementwiseOperation {
  public var schema: [AttributeSchema] { [] }
  public var operandRule: OperandRule { OperandRule(["x"]) }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: arithmetic.types)
    return [operands[0]]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let (x, arithmetic) = (operands[0], arithmetic)
    guard x.element.isFloat else { return [Tensor(x.type, wrapping: x.integers.map(arithmetic.integer))] }
    if let sign = arithmetic.sign { return [Tensor(x.type) { x[$0].with(sign: sign) }] }
    return [Tensor(x.type, rounding: x.doubles.map { arithmetic.float($0.flushed).flushed })]
  }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    .pointwise { [scalarOperator] program, x in program.unary(scalarOperator, x[0]) }
  }
}
