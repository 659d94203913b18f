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
