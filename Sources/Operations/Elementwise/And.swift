import FraguaGraph
import FraguaKernels
import FraguaTensors

/// `a & b` of bits.
public struct AndOperation: BinaryElementwiseOperation, FoldableOperation, CommutativeOperation {
  public init() {}

  public var name: String { "and" }
  public var folding: Folding { .allElements }
  public var scalarOperator: BinaryOperator { .and }
  public var arithmetic: BinaryArithmetic { .init(bits: { $0 & $1 }) }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "Both of two truth values, or of two integers' bits.", group: "Elementwise",
      example: "%c = and %a, %b : tensor<Bx3xi1>",
      details: """
        Of i1 elements and integers, bit by bit. Not differentiable. Broadcasts its operands.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [nil, nil]
  }

  public var examples: [OperationExample] {
    [
      OperationExample(pair([4], .i1), values: [.cycle([0, 0, 1, 1]), .cycle([0, 1])]),
      OperationExample(pair([2, 3], .i32)),
      OperationExample(pair([3], .ui8), values: [.cycle([1, 2, 255]), .cycle([3, 6])]),
    ]
  }
}

extension AndOperation: SimplifiableOperation {
  /// `x & x = x`.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    s.ofEqual(x)
  }
}
