import FraguaGraph
import FraguaKernels
import FraguaTensors

/// -1, 0 or 1.
public struct SignOperation: UnaryElementwiseOperation, FoldableOperation {
  public init() {}

  public var name: String { "sign" }
  public var folding: Folding { .allElements }
  public var scalarOperator: UnaryOperator { .sign }
  public var arithmetic: UnaryArithmetic { .init(float: { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }, integer: { $0.signum() }) }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The sign of each element: -1, 0 or 1.", group: "Elementwise",
      example: "%y = sign %x : tensor<Bx3xf32>",
      details: """
        y = 1 for x > 0, -1 for x < 0, else x itself: zeros keep their sign, NaN stays NaN. The derivative is 0.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [nil]
  }

  public var examples: [OperationExample] {
    [
      OperationExample([TensorType([2, 3], .f32)], values: [.cycle([-1.5, 2, -0.25, 1])]),
      OperationExample([TensorType([5], .i32)]),
      OperationExample([TensorType([3], .f64)], values: [.cycle([0, -3, 4])], checksDerivative: false),
    ]
  }
}
