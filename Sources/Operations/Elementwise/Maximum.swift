import FraguaGraph
import FraguaKernels
import FraguaTensors

/// `max(a, b)`, NaN where either is NaN.
public struct MaximumOperation: BinaryElementwiseOperation, FoldableOperation {
  public init() {}

  public var name: String { "maximum" }
  public var folding: Folding { .integers }
  public var scalarOperator: BinaryOperator { .maximum }
  public var arithmetic: BinaryArithmetic {
    .init(float: larger, integer: { Swift.max($0, $1) })
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The larger of two tensors, element by element.", group: "Elementwise",
      example: "%c = maximum %a, %b : tensor<Bx3xf32>",
      details: """
        c = max(a, b), NaN where either is NaN. The cotangent goes to the larger operand; ties split it equally.
        Broadcasts its operands.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    builder.extremumPullback(node, .gt)
  }

  public var examples: [OperationExample] {
    [
      OperationExample(pair([2, 3], .f32), values: [.cycle([1, -2, 3]), .cycle([0.5, 2, -1, 4])]),
      OperationExample(pair([], .f64)),
      OperationExample(pair([4], .f32), values: [.cycle([1, 2]), .cycle([1, 3])], checksDerivative: false),
      OperationExample(pair([5], .i64)),
    ]
  }
}

extension MaximumOperation: SimplifiableOperation {
  /// `max(x, x) = x`.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    s.ofEqual(x)
  }
}

extension FunctionBuilder {
  /// The cotangents of maximum or minimum: all to the operand that wins by `comparison`, half to each where they are
  /// equal.
  mutating func extremumPullback(_ node: Pullback, _ comparison: Comparison) -> [Value?] {
    let (a, b) = (node.operands[0], node.operands[1])
    let half = multiply(node.cotangent, 0.5)
    let tied = select(compare(.eq, a, b), half, zeros(half.type))
    let first = compare(comparison, a, b)
    let second = compare(comparison, b, a)
    return [select(first, node.cotangent, tied), select(second, node.cotangent, tied)]
  }
}
