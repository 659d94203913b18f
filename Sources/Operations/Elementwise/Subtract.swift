import FraguaGraph
import FraguaKernels
import FraguaTensors

/// `a - b`.
public struct SubtractOperation: BinaryElementwiseOperation, FoldableOperation {
  public init() {}

  public var name: String { "subtract" }
  public var folding: Folding { .allElements }
  public var scalarOperator: BinaryOperator { .subtract }
  public var arithmetic: BinaryArithmetic { .init(float: { $0 - $1 }, integer: { $0 &- $1 }) }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The difference of two tensors, element by element.", group: "Elementwise",
      example: "%c = subtract %a, %b : tensor<Bx3xf32>",
      details: """
        c = a - b. da = dc, db = -dc. Integers wrap. Broadcasts its operands.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [node.cotangent, builder.negate(node.cotangent)]
  }

  public var examples: [OperationExample] {
    [
      OperationExample(pair([2, 3], .f32)),
      OperationExample(pair([], .f64)),
      OperationExample(pair([5], .i64)),
      OperationExample(pair([3], .ui8), values: [.cycle([5, 3]), .cycle([10])]),
    ]
  }
}

extension SubtractOperation: SimplifiableOperation {
  /// `x - 0 = x`; `x - -y = x + y`; `-0 - x = -x` (of integers, 0).
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    if s.splat(x[1])?.isPositiveZero == true, let kept = s.unchanged(x[0]) { return kept }
    if s.splat(x[0])?.isNeutralForAddition == true, s.holdsNoDenormals(x[1]) {
      return [s.make(NegateOperation(), [x[1]])]
    }
    if let y = s.operand(of: x[1], as: NegateOperation.self) { return [s.make(AddOperation(), [x[0], y])] }
    return nil
  }
}
