import FraguaGraph
import FraguaSource
import FraguaTensors
import RealModule

/// The cross-entropy of the logistic function of logits with labels, element by element.
public struct SigmoidCrossEntropyOperation: CompositeOperation, LogitsOperation, LabelOperation {
  public init() {}

  public var name: String { "sigmoid_cross_entropy" }
  public var operandRule: OperandRule { OperandRule(["logits", "labels"]) }
  public var schema: [AttributeSchema] { [] }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The cross-entropy of the logistic function of logits with labels, element by element.", group: "Losses",
      example: "%l = sigmoid_cross_entropy %logits, %labels : tensor<Bx1xf32>",
      details: """
        -y ln σ(z) - (1 - y) ln (1 - σ(z)) for logits z and labels y, which are probabilities of the logits' element
        type, computed as z (s - y) + log1p(e^-|z|), where s is 0 for negative z, else 1. So it is finite for all
        finite z. At an infinite z it is 0 where y is as sure, else infinite. dz = dl (σ(z) - y), dy = -dl z. Nothing
        is broadcast.
        """)
  }

  public var logitsOperand: Int { 0 }
  public var logitsFunction: String { "sigmoid" }

  public func labels(_ operands: [TensorType], _ attributes: Attributes) -> (operand: Int, kind: LabelKind)? {
    (1, .probabilities)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.floats)
    try requireSameElement(operands, 0, 1)
    try requireSameShape(operands, 0, 1)
    return [operands[0]]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let losses = zip(operands[0].doubles, operands[1].doubles).map { z, y -> Double in
      // -y ln σ(z) - (1 - y) ln σ(-z), with -ln σ(z) = ln(1 + e^-z). What has probability 0 counts nothing.
      if y.isNaN || z.isNaN { return .nan }
      return (y == 0 ? 0 : y * softplus(-z)) + (y == 1 ? 0 : (1 - y) * softplus(z))
    }
    return [Tensor(operands[0].type, rounding: losses)]
  }

  public func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
    let (z, y) = (operands[0], operands[1])
    // The comparison is the one of the gradient's sigmoid.
    let step = builder.select(
      builder.compare(.lt, z, 0), builder.constant(0, like: z), builder.constant(1, like: z))
    let linear = builder.counted(z, weight: builder.subtract(step, y))
    let power = builder.exp(builder.negate(builder.abs(z)))
    // A NaN of z is the logarithm's too.
    return [builder.add(linear, builder.log1p(power))]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let (z, y) = (node.operands[0], node.operands[1])
    let difference = builder.subtract(builder.sigmoid(z), y)
    let labels = builder.negate(builder.multiply(node.cotangent, z))
    return [builder.multiply(node.cotangent, difference), labels]
  }

  public var examples: [OperationExample] {
    let probabilities = OperationExample.Values.uniform(0...1)
    return [
      OperationExample(pair([3, 1], .f32), values: [.uniform(-3...3), .cycle([0, 1, 1])]),
      OperationExample(pair([2, 5], .f64), values: [.uniform(-3...3), probabilities]),
      OperationExample(pair([], .f64), values: [.cycle([0.5]), .cycle([1])]),
      // At 0 the parts of the decomposition have kinks that cancel.
      OperationExample(
        pair([6], .f32), values: [.cycle([1000, -1000, 0]), .cycle([0, 0, 0, 1, 1, 1])], checksDerivative: false),
    ]
  }
}

/// `ln(1 + e^x)` without overflow.
private func softplus(_ x: Double) -> Double {
  x > 0 ? x + Double.log(onePlus: Double.exp(-x)) : Double.log(onePlus: Double.exp(x))
}
