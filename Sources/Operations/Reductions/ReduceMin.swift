import FraguaGraph
import FraguaKernels
import FraguaTensors

/// The smallest element along axes.
public struct ReduceMinOperation: ReductionOperation, FoldableOperation {
  public init() {}

  public var name: String { "reduce_min" }
  public var folding: Folding { .integers }
  public var combiner: Combiner { .min }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The smallest element along axes, which disappear.", group: "Reductions",
      example: "%m = reduce_min %x {axes = [1]} : tensor<Bxf32>",
      details: """
        NaN where one of the elements is NaN. dy goes to the smallest element; where several are, each gets the same
        share.
        """)
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let axes = attributes.axes("axes", rank: operands[0].extents.count)
    return [
      reduceOracle(
        operands[0], axes: axes, float: { -larger(-$0, -$1) },
        integer: { Swift.min($0, $1) })
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
