import FraguaGraph
import FraguaKernels
import FraguaTensors

/// `-x`.
public struct NegateOperation: UnaryElementwiseOperation, FoldableOperation {
  public init() {}

  public var name: String { "negate" }
  public var folding: Folding { .allElements }
  public var scalarOperator: UnaryOperator { .negate }
  public var arithmetic: UnaryArithmetic { .init(sign: { $0 == .plus ? .minus : .plus }, integer: { 0 &- $0 }) }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The negative of each element.", group: "Elementwise",
      example: "%y = negate %x : tensor<Bx3xf32>",
      details: """
        y = -x. dx = -dy. The sign of zero and of NaN changes; denormals are kept. Integers wrap, so the smallest stays
        itself.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [builder.negate(node.cotangent)]
  }

  public var examples: [OperationExample] {
    [
      OperationExample([TensorType([2, 3], .f32)]),
      OperationExample([TensorType([] as [Int], .f64)]),
      OperationExample([TensorType([5], .i32)]),
      OperationExample([TensorType([3], .ui8)], values: [.cycle([0, 1, 200])]),
    ]
  }
}

extension NegateOperation: SimplifiableOperation {
  /// `--x = x`.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    s.operand(of: x[0], as: NegateOperation.self).map { [$0] }
  }
}
