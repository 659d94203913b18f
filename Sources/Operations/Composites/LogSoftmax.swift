import FraguaGraph
import FraguaSource
import FraguaTensors
import RealModule

/// The logarithm of softmax.
public struct LogSoftmaxOperation: CompositeOperation {
  public init() {}

  public var name: String { "log_softmax" }
  public var operandRule: OperandRule { OperandRule(["x"]) }
  public var schema: [AttributeSchema] { [softmaxAxisSchema] }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The logarithm of softmax.", group: "Rows",
      example: "%l = log_softmax %logits {axis = -1} : tensor<Bx10xf32>",
      details: """
        y = (x - m) - ln Σ e^(x - m), where m is the largest element along the axis: finite for all finite x.
        dx = dy - softmax(x) Σ dy. A row with NaN or +infinity is NaN.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try inferSoftmaxTypes(operands, attributes)
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    [softmaxOracle(operands[0], attributes) { shifted, sum in shifted - Double.log(sum) }]
  }

  public func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
    let x = operands[0]
    let axis = attributes.axis("axis", rank: x.type.rank)
    let terms = SoftmaxTerms(x, axis: axis, &builder)
    let logarithm = builder.broadcast(builder.log(terms.sum), to: x.type.shape, alongNew: [axis])
    return [builder.subtract(terms.shifted, logarithm)]
  }

  /// The softmax is emitted whole: its decomposition shares the terms of this one.
  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let x = node.operands[0]
    let axis = node.attributes.axis("axis", rank: x.type.rank)
    let sum = builder.rowSum(node.cotangent, axis: axis)
    let removed = builder.multiply(builder.softmax(x, axis: axis), sum)
    return [builder.subtract(node.cotangent, removed)]
  }

  public var examples: [OperationExample] { softmaxExamples }
}
