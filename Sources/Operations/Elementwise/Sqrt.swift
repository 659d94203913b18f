import FraguaGraph
import FraguaKernels
import FraguaTensors

/// The square root.
public struct SqrtOperation: UnaryElementwiseOperation, FoldableOperation {
  public init() {}

  public var name: String { "sqrt" }
  public var folding: Folding { .allElements }
  public var scalarOperator: UnaryOperator { .sqrt }
  public var arithmetic: UnaryArithmetic { .init { $0.squareRoot() } }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The square root of each element.", group: "Elementwise",
      example: "%y = sqrt %x : tensor<Bx3xf32>",
      details: """
        y = √x, rounded once. dx = dy / (2 y), infinite at 0. The root of a negative number is NaN.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let twice = builder.add(node.results[0], node.results[0])
    return [builder.divide(node.cotangent, twice)]
  }

  public var examples: [OperationExample] {
    [
      OperationExample([TensorType([2, 3], .f32)], values: [.uniform(0.25...4)]),
      OperationExample([TensorType([] as [Int], .f64)], values: [.uniform(0.25...4)]),
      OperationExample([TensorType([3], .f32)], values: [.cycle([0, 1e-30, 1e30])], checksDerivative: false),
    ]
  }
}
