import FraguaGraph
import FraguaSource
import FraguaTensors

/// The mean of the squared differences of all elements.
public struct MeanSquaredErrorOperation: CompositeOperation {
  public init() {}

  public var name: String { "mean_squared_error" }
  public var operandRule: OperandRule { OperandRule(["x", "y"]) }
  public var schema: [AttributeSchema] { [] }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The mean of the squared differences of all elements.", group: "Losses",
      example: "%loss = mean_squared_error %prediction, %target : tensor<f32>",
      details: """
        Σ (x - y)² / n over all n elements, of rank 0. dx = dy 2/n (x - y), and the negative of it for y. Both operands
        have one shape: nothing is broadcast, because a column against a row is a mistake more often than meant.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.floats)
    try require(operands, 1, in: ElementTypes.floats)
    try requireSameElement(operands, 0, 1)
    try requireSameShape(operands, 0, 1)
    return [TensorType([Int](), operands[0].element)]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let (x, y) = (operands[0], operands[1])
    let sum = zip(x.doubles, y.doubles).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    return [Tensor(TensorType([Int](), x.element), rounding: [sum / Double(x.count)])]
  }

  public func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
    let difference = builder.subtract(operands[0], operands[1])
    return [builder.reduceMean(builder.multiply(difference, difference))]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let type = node.operands[0].type
    let mean = builder.dividedByCount(node.cotangent, of: type, axes: Array(0..<type.rank))
    let difference = builder.subtract(node.operands[0], node.operands[1])
    let cotangent = builder.multiply(difference, builder.multiply(mean, 2))
    return [cotangent, builder.negate(cotangent)]
  }

  public var examples: [OperationExample] {
    [
      OperationExample(pair([3, 5], .f32)), OperationExample(pair([7], .f64)), OperationExample(pair([], .f64)),
      OperationExample(pair([3], .f32), values: [.cycle([1e10, 2]), .cycle([-1e10, 2])], checksDerivative: false),
    ]
  }
}
