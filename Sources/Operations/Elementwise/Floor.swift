import FraguaGraph
import FraguaKernels
import FraguaTensors

/// The largest integer that is not above x.
public struct FloorOperation: UnaryElementwiseOperation, FoldableOperation {
  public init() {}

  public var name: String { "floor" }
  public var folding: Folding { .allElements }
  public var scalarOperator: UnaryOperator { .floor }
  public var arithmetic: UnaryArithmetic { .init { $0.rounded(.down) } }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "Each element rounded down to an integer.", group: "Elementwise",
      example: "%y = floor %x : tensor<Bx3xf32>",
      details: """
        y = ⌊x⌋, exactly. The derivative is 0. Infinities and NaN stay themselves.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [nil]
  }

  public var examples: [OperationExample] {
    [
      OperationExample([TensorType([2, 3], .f32)], values: [.cycle([-1.5, 2.25, -0.25, 1.75])]),
      OperationExample([TensorType([3], .f64)], values: [.cycle([0, -3, 4.5])], checksDerivative: false),
    ]
  }
}
