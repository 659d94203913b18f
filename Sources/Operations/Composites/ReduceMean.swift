import FraguaGraph
import FraguaSource
import FraguaTensors

/// The mean along axes.
public struct ReduceMeanOperation: CompositeOperation {
  public init() {}

  public var name: String { "reduce_mean" }
  public var operandRule: OperandRule { OperandRule(["x"]) }
  public var schema: [AttributeSchema] { [reducedAxesSchema] }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The mean along axes, which disappear.", group: "Reductions",
      example: "%m = reduce_mean %losses : tensor<f32>",
      details: """
        The sum times 1/n, in the element type. dx repeats dy times 1/n along the axes. Of floats: convert integers
        first.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.floats)
    return [try reducedType(operands[0], attributes)]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let x = operands[0]
    let (extents, targets) = reductionTargets(x.extents, axes: attributes.axes("axes", rank: x.extents.count))
    let type = TensorType(extents, x.element)
    var sums = Array(repeating: 0.0, count: type.elementCount)
    for (element, target) in zip(x.doubles, targets) { sums[target] += element }
    let count = Double(x.count / sums.count)
    return [Tensor(type, rounding: sums.map { $0 / count })]
  }

  public func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
    let axes = attributes.axes("axes", rank: operands[0].type.rank)
    let sum = builder.reduceSum(operands[0], axes: axes)
    return [builder.dividedByCount(sum, of: operands[0].type, axes: axes)]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let x = node.operands[0].type
    let axes = node.attributes.axes("axes", rank: x.rank)
    let share = builder.dividedByCount(node.cotangent, of: x, axes: axes)
    return [builder.broadcast(share, to: x.shape, alongNew: axes)]
  }

  public var examples: [OperationExample] { reductionExamples }
}

extension FunctionBuilder {
  /// `x` times one over the number of elements along `axes` of `type`; counted by the graph where a symbol is not bound
  /// yet.
  mutating func dividedByCount(_ x: Value, of type: TensorType, axes: [Int]) -> Value {
    let shape = axes.map { type.shape[$0] }
    let numbers = shape.compactMap(\.fixedValue)
    if numbers.count == shape.count {
      let count = numbers.reduce(1) { $0 * Double($1) }
      return count == 1 ? x : multiply(x, 1 / count)
    }
    return multiply(x, divide(1, elementCount(shape, type.element)))
  }
}
