import FraguaGraph
import FraguaKernels
import FraguaTensors

/// `|x|`.
public struct AbsOperation: UnaryElementwiseOperation, FoldableOperation {
  public init() {}

  public var name: String { "abs" }
  public var folding: Folding { .allElements }
  public var scalarOperator: UnaryOperator { .abs }
  public var arithmetic: UnaryArithmetic { .init(sign: { _ in .plus }, integer: { $0 < 0 ? 0 &- $0 : $0 }) }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The magnitude of each element.", group: "Elementwise",
      example: "%y = abs %x : tensor<Bx3xf32>",
      details: """
        y = |x|. dx = dy sign(x), so 0 at 0. NaN stays NaN; denormals are kept. The smallest integer stays itself.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let sign = builder.sign(node.operands[0])
    return [builder.multiply(node.cotangent, sign)]
  }

  public var examples: [OperationExample] {
    [
      OperationExample([TensorType([2, 3], .f32)], values: [.cycle([-1.5, 2, -0.25, 1])]),
      OperationExample([TensorType([5], .i64)]),
      OperationExample([TensorType([3], .f64)], values: [.cycle([0, -3, 4])], checksDerivative: false),
    ]
  }
}

extension AbsOperation: SimplifiableOperation {
  /// `||x|| = |x|`; `|-x| = |x|` of floats.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    if s.definition(of: x[0], as: AbsOperation.self) != nil { return [x[0]] }
    guard x[0].type.element.isFloat, let y = s.operand(of: x[0], as: NegateOperation.self) else { return nil }
    return [s.make(AbsOperation(), [y])]
  }
}
