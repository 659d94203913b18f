import FraguaGraph
import FraguaKernels
import FraguaTensors

/// `min(a, b)`, NaN where either is NaN.
public struct MinimumOperation: BinaryElementwiseOperation, FoldableOperation {
  public init() {}

  public var name: String { "minimum" }
  public var folding: Folding { .integers }
  public var scalarOperator: BinaryOperator { .minimum }
  public var arithmetic: BinaryArithmetic {
    .init(float: { -larger(-$0, -$1) }, integer: { Swift.min($0, $1) })
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The smaller of two tensors, element by element.", group: "Elementwise",
      example: "%c = minimum %a, %b : tensor<Bx3xf32>",
      details: """
        c = min(a, b), NaN where either is NaN. The cotangent goes to the smaller operand; ties split it equally.
        Broadcasts its operands.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    builder.extremumPullback(node, .lt)
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

extension MinimumOperation: SimplifiableOperation {
  /// `min(x, x) = x`.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    s.ofEqual(x)
  }
}
