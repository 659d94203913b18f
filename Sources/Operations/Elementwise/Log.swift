import FraguaGraph
import FraguaKernels
import FraguaTensors
import RealModule

/// The natural logarithm.
public struct LogOperation: UnaryElementwiseOperation {
  public init() {}

  public var name: String { "log" }
  public var scalarOperator: UnaryOperator { .log }
  public var arithmetic: UnaryArithmetic { .init { Double.log($0) } }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The natural logarithm of each element.", group: "Elementwise",
      example: "%y = log %x : tensor<Bx3xf32>",
      details: """
        y = ln x. dx = dy / x. The logarithm of 0 is -infinity, of negative numbers NaN. Within 1 ulp.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [builder.divide(node.cotangent, node.operands[0])]
  }

  public var examples: [OperationExample] {
    [
      OperationExample([TensorType([2, 3], .f32)], values: [.uniform(0.25...4)]),
      OperationExample([TensorType([17], .f64)], values: [.uniform(0.25...100)]),
      OperationExample([TensorType([4], .f32)], values: [.cycle([0, 1, 1e-30, 1e30])], checksDerivative: false),
    ]
  }
}
