import FraguaGraph
import FraguaKernels
import FraguaTensors
import RealModule

/// The hyperbolic tangent.
public struct TanhOperation: UnaryElementwiseOperation {
  public init() {}

  public var name: String { "tanh" }
  public var scalarOperator: UnaryOperator { .tanh }
  public var arithmetic: UnaryArithmetic { .init { Double.tanh($0) } }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The hyperbolic tangent of each element.", group: "Elementwise",
      example: "%y = tanh %x : tensor<Bx3xf32>",
      details: """
        y = tanh x. dx = dy (1 - y²), from the result alone. Large arguments give exactly 1 or -1; NaN stays NaN.
        Within 2.5 ulp.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [builder.tanhPullback(node.cotangent, result: node.results[0])]
  }

  public var examples: [OperationExample] {
    [
      OperationExample([TensorType([2, 3], .f32)]),
      OperationExample([TensorType([17], .f64)]),
      OperationExample(
        [TensorType([5], .f32)], values: [.cycle([-1000, -1e-10, 0, 9, 1000])], checksDerivative: false),
    ]
  }
}

extension FunctionBuilder {
  /// `cotangent * (1 - y²)`, where y is the hyperbolic tangent.
  mutating func tanhPullback(_ cotangent: Value, result y: Value) -> Value {
    let square = multiply(y, y)
    return multiply(cotangent, subtract(1, square))
  }
}
