import FraguaGraph
import FraguaKernels
import FraguaTensors
import RealModule

/// `e^x`.
public struct ExpOperation: UnaryElementwiseOperation {
  public init() {}

  public var name: String { "exp" }
  public var scalarOperator: UnaryOperator { .exp }
  public var arithmetic: UnaryArithmetic { .init { Double.exp($0) } }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The exponential of each element.", group: "Elementwise",
      example: "%y = exp %x : tensor<Bx3xf32>",
      details: """
        y = e^x. dx = dy y. Overflows to infinity above 88.7 (f32) and 709.8 (f64), underflows to 0 below; NaN stays
        NaN. Within 1.1 ulp.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [builder.multiply(node.cotangent, node.results[0])]
  }

  public var examples: [OperationExample] {
    [
      OperationExample([TensorType([2, 3], .f32)]),
      OperationExample([TensorType([] as [Int], .f64)]),
      OperationExample(
        [TensorType([7], .f32)], values: [.cycle([-1000, -100, -1, 0, 1, 88, 1000])], checksDerivative: false),
    ]
  }
}
