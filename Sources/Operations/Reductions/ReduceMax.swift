import FraguaGraph
import FraguaKernels
import FraguaTensors

/// The largest element along axes.
public struct ReduceMaxOperation: ReductionOperation, FoldableOperation {
  public init() {}

  public var name: String { "reduce_max" }
  public var folding: Folding { .integers }
  public var combiner: Combiner { .max }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The largest element along axes, which disappear.", group: "Reductions",
      example: "%m = reduce_max %x {axes = [1]} : tensor<Bxf32>",
      details: """
        NaN where one of the elements is NaN. dy goes to the largest element; where several are, each gets the same
        share.
        """)
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let axes = attributes.axes("axes", rank: operands[0].extents.count)
    return [
      reduceOracle(
        operands[0], axes: axes, float: larger,
        integer: { Swift.max($0, $1) })
    ]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [builder.reducedExtremumPullback(node)]
  }

  /// The common examples of reductions, and ties.
  public var examples: [OperationExample] {
    reductionExamples + integerReductionExamples + [
      OperationExample(
        [TensorType([3, 4], .f32)], values: [.cycle([1, 2, 2, 0, 5])], attributes: ["axes": .integers([1])],
        checksDerivative: false)
    ]
  }
}

extension FunctionBuilder {
  /// The cotangent of a reduction to the largest or smallest element: shared equally among the elements that are it.
  mutating func reducedExtremumPullback(_ node: Pullback) -> Value {
    let x = node.operands[0]
    let axes = node.attributes.axes("axes", rank: x.type.rank)
    let extremum = broadcast(node.results[0], to: x.type.shape, alongNew: axes)
    let isExtremum = compare(.eq, x, extremum)
    let count = reduceSum(convert(isExtremum, to: x.type.element), axes: axes)
    let share = broadcast(divide(node.cotangent, count), to: x.type.shape, alongNew: axes)
    return select(isExtremum, share, zeros(x.type))
  }
}
