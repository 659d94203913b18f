import FraguaGraph
import FraguaKernels
import FraguaTensors

/// `a * b`.
public struct MultiplyOperation: BinaryElementwiseOperation, FoldableOperation, CommutativeOperation {
  public init() {}

  public var name: String { "multiply" }
  public var folding: Folding { .allElements }
  public var scalarOperator: BinaryOperator { .multiply }
  public var arithmetic: BinaryArithmetic { .init(float: { $0 * $1 }, integer: { $0 &* $1 }) }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The product of two tensors, element by element.", group: "Elementwise",
      example: "%c = multiply %a, %b : tensor<Bx3xf32>",
      details: """
        c = a b. da = dc b, db = dc a. Integers wrap. Broadcasts its operands.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [
      builder.multiply(node.cotangent, node.operands[1]),
      builder.multiply(node.cotangent, node.operands[0]),
    ]
  }

  public var examples: [OperationExample] {
    [
      OperationExample(pair([2, 3], .f32)),
      OperationExample(pair([], .f64)),
      OperationExample(pair([5], .i32), values: [.cycle([65536, 3]), .cycle([65536, -2])]),
      OperationExample(pair([3], .ui8), values: [.cycle([100, 3]), .cycle([7])]),
    ]
  }
}

extension MultiplyOperation: SimplifiableOperation {
  /// `x 1 = x`; `x -1 = -x`; `-x -y = x y`; `-x c = x -c` with a constant `c`; of integers, `x 0 = 0`.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    for (a, b) in [(x[0], x[1]), (x[1], x[0])] {
      guard let c = s.splat(b) else { continue }
      if c.isOne, let kept = s.unchanged(a) { return kept }
      if c.isMinusOne, s.holdsNoDenormals(a) { return [s.make(NegateOperation(), [a])] }
      if c.type.isInteger, c.isPositiveZero { return [b] }
      if c.type.isFloat, let y = s.operand(of: a, as: NegateOperation.self) {
        return [s.make(MultiplyOperation(), [y, s.splat(c.negated, b.type)])]
      }
    }
    guard let a = s.operand(of: x[0], as: NegateOperation.self), let b = s.operand(of: x[1], as: NegateOperation.self)
    else { return nil }
    return [s.make(MultiplyOperation(), [a, b])]
  }
}
