import FraguaGraph
import FraguaKernels
import FraguaTensors
import RealModule

/// `ln(1 + x)`, exact near 0.
public struct Log1pOperation: UnaryElementwiseOperation {
  public init() {}

  public var name: String { "log1p" }
  public var scalarOperator: UnaryOperator { .log1p }
  public var arithmetic: UnaryArithmetic { .init { Double.log(onePlus: $0) } }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The logarithm of one plus each element.", group: "Elementwise",
      example: "%y = log1p %x : tensor<Bx3xf32>",
      details: """
        y = ln(1 + x), computed without forming 1 + x, so that it is exact near 0. dx = dy / (1 + x). At -1 it is
        -infinity, below NaN. Within 1.5 ulp.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let onePlus = builder.add(node.operands[0], 1)
    return [builder.divide(node.cotangent, onePlus)]
  }

  public var examples: [OperationExample] {
    [
      OperationExample([TensorType([2, 3], .f32)], values: [.uniform(-0.75...4)]),
      OperationExample([TensorType([17], .f64)], values: [.uniform(-0.5...0.5)]),
      OperationExample([TensorType([4], .f32)], values: [.cycle([0, -1, 1e-20, 1e30])], checksDerivative: false),
    ]
  }
}
