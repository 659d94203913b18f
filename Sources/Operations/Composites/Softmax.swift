import FraguaGraph
import FraguaSource
import FraguaTensors
import RealModule

/// The exponentials of each row, scaled to the sum 1.
public struct SoftmaxOperation: CompositeOperation, ProbabilityOperation {
  public init() {}

  public var name: String { "softmax" }
  public var operandRule: OperandRule { OperandRule(["x"]) }
  public var schema: [AttributeSchema] { [softmaxAxisSchema] }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The exponentials along an axis, scaled to the sum 1.", group: "Rows",
      example: "%p = softmax %logits {axis = -1} : tensor<Bx10xf32>",
      details: """
        y = e^(x - m) / Σ e^(x - m), where m is the largest element along the axis, so that nothing overflows.
        dx = y (dy - Σ dy y). A row with NaN or +infinity is NaN.
        """)
  }

  public func probabilityFunction(_ attributes: Attributes) -> String? { name }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try inferSoftmaxTypes(operands, attributes)
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    [softmaxOracle(operands[0], attributes) { shifted, sum in Double.exp(shifted) / sum }]
  }

  public func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
    let x = operands[0]
    let axis = attributes.axis("axis", rank: x.type.rank)
    let terms = SoftmaxTerms(x, axis: axis, &builder)
    let sum = builder.broadcast(terms.sum, to: x.type.shape, alongNew: [axis])
    return [builder.divide(terms.exponential, sum)]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let axis = node.attributes.axis("axis", rank: node.operands[0].type.rank)
    return [builder.softmaxPullback(node.cotangent, result: node.results[0], axis: axis)]
  }

  public var examples: [OperationExample] { softmaxExamples }
}

/// The attribute `axis` of the softmax family.
let softmaxAxisSchema = AttributeSchema(
  "axis", .integer, default: .integer(-1),
  summary: "The axis along which the elements form a row; -1 is the innermost.",
  otherNames: ["axes", "dim"])

/// Rows of odd lengths, along different axes, and rows of ±1000.
let softmaxExamples: [OperationExample] = {
  func example(
    _ extents: [Int], _ element: ElementType, axis: Int, _ values: OperationExample.Values = .uniform(-2...2)
  ) -> OperationExample {
    OperationExample([TensorType(extents, element)], values: [values], attributes: ["axis": .integer(axis)])
  }
  return [
    example([3, 5], .f32, axis: -1), example([3, 5], .f64, axis: 0), example([2, 3, 4], .f64, axis: 1),
    example([7], .f32, axis: 0), example([2, 1], .f32, axis: 1),
    OperationExample(
      [TensorType([3, 5], .f32)], values: [.cycle([1000, -1000, 0, 1000])], attributes: ["axis": .integer(-1)],
      checksDerivative: false),
  ]
}()

extension Operation {
  /// The type of softmax and its logarithm: the operand's, of floats, with the axis checked.
  func inferSoftmaxTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.floats)
    _ = try checkedAxis(attributes.integer("axis"), rank: operands[0].rank, of: "axis")
    return [operands[0]]
  }
}

/// `element` of each x minus its row's largest, and of the sum of the exponentials of these.
func softmaxOracle(_ x: Tensor, _ attributes: Attributes, element: (Double, Double) -> Double) -> Tensor {
  let elements = x.doubles
  var results = elements
  for row in rows(x.extents, axis: attributes.axis("axis", rank: x.extents.count)) {
    let values = row.map { elements[$0] }
    let largest = values.contains(where: \.isNaN) ? .nan : values.reduce(-.infinity, Swift.max)
    let sum = values.reduce(0) { $0 + Double.exp($1 - largest) }
    for (i, value) in zip(row, values) { results[i] = element(value - largest, sum) }
  }
  return Tensor(x.type, rounding: results)
}
