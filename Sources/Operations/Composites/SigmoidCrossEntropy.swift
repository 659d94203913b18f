import FraguaGraph
import FraguaSource
import FraguaTensors
import RealModule

/// The cross-entropy of the logistic function of logits with labels, element by element.
public struct SigmoidCrossEntropyOperation: CompositeOperation, LogitsOperation {
  public init() {}

  public var name: String { "sigmoid_cross_entropy" }
  public var operandRule: OperandRule { OperandRule(["logits", "labels"]) }
  public var schema: [AttributeSchema] { [] }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The cross-entropy of the logistic function of logits with labels, element by element.", group: "Losses",
      example: "%l = sigmoid_cross_entropy %logits, %labels : tensor<Bx1xf32>",
      details: """
        max(z, 0) - z y + log1p(e^-|z|) for logits z and labels y, which are probabilities of the logits' element type:
        equal to -y ln σ(z) - (1 - y) ln (1 - σ(z)), but finite for all finite z. dz = dl (σ(z) - y), dy = -dl z.
        Nothing is broadcast.
        """)
  }

  public var logitsOperand: Int { 0 }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.floats)
    try requireSameElement(operands, 0, 1)
    try requireSameShape(operands, 0, 1)
    return [operands[0]]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let losses = zip(operands[0].doubles, operands[1].doubles).map { z, y in
      // -y ln σ(z) - (1 - y) ln σ(-z), with -ln σ(z) = ln(1 + e^-z).
      y * softplus(-z) + (1 - y) * softplus(z)
    }
    return [Tensor(operands[0].type, rounding: losses)]
  }

  public func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
    let (z, y) = (operands[0], operands[1])
    let positive = builder.maximum(z, 0)
    let product = builder.multiply(z, y)
    let power = builder.exp(builder.negate(builder.abs(z)))
    return [builder.add(builder.subtract(positive, product), builder.log1p(power))]
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
      OperationExample(pair([], .f64), values: [.cycle([0]), .cycle([1])]),
      OperationExample(
        pair([4], .f32), values: [.cycle([1000, -1000]), .cycle([0, 0, 1, 1])], checksDerivative: false),
    ]
  }
}

/// `ln(1 + e^x)` without overflow.
private func softplus(_ x: Double) -> Double {
  x > 0 ? x + Double.log(onePlus: Double.exp(-x)) : Double.log(onePlus: Double.exp(x))
}
