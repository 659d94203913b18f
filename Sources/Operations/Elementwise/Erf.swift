import FraguaGraph
import FraguaKernels
import FraguaTensors
import RealModule

/// The error function.
public struct ErfOperation: UnaryElementwiseOperation {
  public init() {}

  public var name: String { "erf" }
  public var scalarOperator: UnaryOperator { .erf }
  public var arithmetic: UnaryArithmetic { .init { Double.erf($0) } }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The error function of each element.", group: "Elementwise",
      example: "%y = erf %x : tensor<Bx3xf32>",
      details: """
        y = 2/√π times the integral of e^-t² from 0 to x: odd, from -1 to 1; 1/2 + erf(x / √2) / 2 is the share of a
        normal distribution below x. dx = dy 2/√π e^-x². Within 1.1 ulp. NaN stays NaN.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let x = node.operands[0]
    let density = builder.exp(builder.negate(builder.multiply(x, x)))
    return [builder.multiply(node.cotangent, builder.multiply(density, 2 / Double.sqrt(.pi)))]
  }

  public var examples: [OperationExample] {
    [
      OperationExample([TensorType([2, 3], .f32)]),
      OperationExample([TensorType([33], .f64)], values: [.uniform(-6...6)]),
      OperationExample([TensorType([Int](), .f64)], values: [.cycle([1])]),
      OperationExample(
        [TensorType([7], .f32)], values: [.cycle([0, -1e-30, 1, -1, 5, -.infinity, .nan])], checksDerivative: false),
    ]
  }
}

extension FunctionBuilder {
  /// The error function.
  public mutating func erf(_ x: Value) -> Value { emit(ErfOperation(), [x]) }
}
