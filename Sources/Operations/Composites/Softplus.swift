import FraguaGraph
import FraguaSource
import FraguaTensors
import RealModule

/// `ln(1 + e^x)`, a smooth relu.
public struct SoftplusOperation: CompositeOperation {
  public init() {}

  public var name: String { "softplus" }
  public var operandRule: OperandRule { OperandRule(["x"]) }
  public var schema: [AttributeSchema] { [] }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "A smooth relu: the logarithm of one plus the exponential of each element.", group: "Elementwise",
      example: "%y = softplus %x : tensor<Bx512xf32>",
      details: """
        y = ln(1 + e^x), computed as max(x, 0) + log1p(e^-|x|), so that it is finite for all finite x: large arguments
        give themselves, very negative ones 0; NaN stays NaN. dx = dy sigmoid(x), computed for positive x as
        1 - sigmoid(-x), so that further derivatives keep all digits where sigmoid(x) is near 1. Source: Dugas et al.,
        "Incorporating second-order functional knowledge for better option pricing" (NIPS 2000).
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.floats)
    return [operands[0]]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let x = operands[0]
    // For x > 0 as x + ln(1 + e^-x), which is the same number without overflow.
    return [
      Tensor(
        x.type,
        rounding: x.doubles.map { $0 > 0 ? $0 + .log(onePlus: .exp(-$0)) : .log(onePlus: .exp($0)) })
    ]
  }

  public func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
    let x = operands[0]
    let power = builder.exp(builder.negate(builder.abs(x)))
    return [builder.add(builder.maximum(x, 0), builder.log1p(power))]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let x = node.operands[0]
    // Of -|x|, but not by 'abs', which has no derivative at 0.
    let isPositive = builder.compare(.ge, x, 0)
    let smaller = builder.sigmoid(builder.select(isPositive, builder.negate(x), x))
    let slope = builder.select(isPositive, builder.subtract(1, smaller), smaller)
    return [builder.multiply(node.cotangent, slope)]
  }

  public var examples: [OperationExample] {
    [
      OperationExample([TensorType([2, 3], .f32)]),
      OperationExample([TensorType([17], .f64)], values: [.uniform(-30...30)]),
      OperationExample([TensorType([Int](), .f64)], values: [.cycle([0])]),
      OperationExample(
        [TensorType([6], .f32)], values: [.cycle([-1000, -100, 0, 100, 1000, .nan])], checksDerivative: false),
    ]
  }
}

extension FunctionBuilder {
  /// `ln(1 + e^x)`.
  public mutating func softplus(_ x: Value) -> Value { emit(SoftplusOperation(), [x]) }
}
