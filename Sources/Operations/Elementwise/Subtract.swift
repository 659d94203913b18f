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
