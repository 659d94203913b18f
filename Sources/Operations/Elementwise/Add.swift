import FraguaGraph
import FraguaKernels
import FraguaTensors

/// `a + b`.
public struct AddOperation: BinaryElementwiseOperation, FoldableOperation, CommutativeOperation {
  public init() {}

  public var name: String { "add" }
  public var folding: Folding { .allElements }
  public var scalarOperator: BinaryOperator { .add }
  public var arithmetic: BinaryArithmetic { .init(float: { $0 + $1 }, integer: { $0 &+ $1 }) }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The sum of two tensors, element by element.", group: "Elementwise",
      example: "%c = add %a, %b : tensor<Bx3xf32>",
      details: """
        c = a + b. da = dc, db = dc. Integers wrap. Broadcasts its operands.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [node.cotangent, node.cotangent]
  }

  public var examples: [OperationExample] {
    [
      OperationExample(pair([2, 3], .f32)),
      OperationExample(pair([], .f64)),
      OperationExample(pair([5], .i32), values: [.cycle([2_147_483_647, 1]), .cycle([1, 2])]),
      OperationExample(pair([3], .ui8), values: [.cycle([250, 3]), .cycle([10])]),
    ]
  }
}

extension AddOperation: SimplifiableOperation {
  /// `x + -0 = x` (of integers, 0); `x + -y = x - y`; `-x + y = y - x`.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    for (a, b) in [(x[0], x[1]), (x[1], x[0])] where s.splat(b)?.isNeutralForAddition == true {
      if let kept = s.unchanged(a) { return kept }
    }
    if let y = s.operand(of: x[1], as: NegateOperation.self) { return [s.make(SubtractOperation(), [x[0], y])] }
    if let y = s.operand(of: x[0], as: NegateOperation.self) { return [s.make(SubtractOperation(), [x[1], y])] }
    return nil
  }
}
