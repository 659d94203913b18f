import FraguaGraph
import FraguaKernels
import FraguaTensors
import RealModule

/// The logistic function `1 / (1 + e^-x)`.
public struct SigmoidOperation: UnaryElementwiseOperation, ProbabilityOperation {
  public init() {}

  public var name: String { "sigmoid" }
  public var scalarOperator: UnaryOperator { .sigmoid }
  public var arithmetic: UnaryArithmetic { .init { logistic($0) } }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The logistic function of each element.", group: "Elementwise",
      example: "%y = sigmoid %x : tensor<Bx3xf32>",
      details: """
        y = 1 / (1 + e^-x). dx = dy y (1 - y), from the result alone. Never overflows: large arguments give 1, very
        negative ones 0; NaN stays NaN. Within 2.5 ulp.
        """)
  }

  public func probabilityFunction(_ attributes: Attributes) -> String? { name }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [builder.sigmoidPullback(node.cotangent, result: node.results[0])]
  }

  public var examples: [OperationExample] {
    [
      OperationExample([TensorType([2, 3], .f32)]),
      OperationExample([TensorType([17], .f64)]),
      OperationExample([TensorType([5], .f32)], values: [.cycle([-1000, -80, 0, 9, 1000])], checksDerivative: false),
    ]
  }
}

/// `1 / (1 + e^-x)` without overflow.
private func logistic(_ x: Double) -> Double {
  if x >= 0 { return 1 / (1 + Double.exp(-x)) }
  let power = Double.exp(x)
  return power / (1 + power)
}

extension FunctionBuilder {
  /// `cotangent * y * (1 - y)`, where y is the logistic function.
  mutating func sigmoidPullback(_ cotangent: Value, result y: Value) -> Value {
    let slope = multiply(y, subtract(1, y))
    return multiply(cotangent, slope)
  }
}
