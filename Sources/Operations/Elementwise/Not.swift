import FraguaGraph
import FraguaKernels
import FraguaTensors

/// The complement of each bit.
public struct NotOperation: UnaryElementwiseOperation, FoldableOperation {
  public init() {}

  public var name: String { "not" }
  public var folding: Folding { .allElements }
  public var scalarOperator: UnaryOperator { .not }
  public var arithmetic: UnaryArithmetic { .init(bits: { ~$0 }) }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The complement of each bit; of i1, the other truth value.", group: "Elementwise",
      example: "%y = not %x : tensor<Bx3xi1>",
      details: """
        Of i1 elements and integers. Not differentiable.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [nil]
  }

  public var examples: [OperationExample] {
    [
      OperationExample([TensorType([2, 3], .i1)], values: [.cycle([0, 1, 1])]),
      OperationExample([TensorType([3], .ui8)], values: [.cycle([0, 255, 7])]),
      OperationExample([TensorType([3], .i32)], values: [.cycle([0, -1, 7])]),
    ]
  }
}

extension NotOperation: SimplifiableOperation {
  /// `not not x = x`.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    s.operand(of: x[0], as: NotOperation.self).map { [$0] }
  }
}
