import FraguaGraph
import FraguaKernels
import FraguaTensors

/// `a / b`.
public struct DivideOperation: BinaryElementwiseOperation, FoldableOperation {
  public init() {}

  public var name: String { "divide" }
  public var folding: Folding { .allElements }
  public var scalarOperator: BinaryOperator { .divide }
  public var arithmetic: BinaryArithmetic { .init(float: { $0 / $1 }, integer: quotient) }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The quotient of two tensors, element by element.", group: "Elementwise",
      example: "%c = divide %a, %b : tensor<Bx3xf32>",
      details: """
        c = a / b. da = dc / b, db = -(dc / b) c. Floats follow IEEE 754. Integers round towards 0; a divisor of 0
        gives -1, and the smallest integer divided by -1 itself. Broadcasts its operands.
        """)
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let scaled = builder.divide(node.cotangent, node.operands[1])
    let product = builder.multiply(scaled, node.results[0])
    return [scaled, builder.negate(product)]
  }

  public var examples: [OperationExample] {
    [
      OperationExample(pair([2, 3], .f32), values: [.uniform(-2...2), .uniform(0.5...3)]),
      OperationExample(pair([], .f64), values: [.uniform(-2...2), .uniform(-3...(-0.5))]),
      OperationExample(pair([5], .i32), values: [.cycle([7, -7, 5, -2_147_483_648, 0]), .cycle([2, 2, 0, -1, 3])]),
      OperationExample(pair([3], .ui8), values: [.cycle([200, 3, 9]), .cycle([7, 0, 3])]),
      OperationExample(pair([2], .f32), values: [.cycle([1, 0]), .cycle([0, 0])], checksDerivative: false),
    ]
  }
}

extension DivideOperation: SimplifiableOperation {
  /// `x / 1 = x`; `x / -1 = -x`; of floats, `x / 2^k = x 2^-k` where that is no subnormal number.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    guard let c = s.splat(x[1]) else { return nil }
    if c.isOne, let kept = s.unchanged(x[0]) { return kept }
    guard c.type.isFloat else { return nil }
    if c.isMinusOne, s.holdsNoDenormals(x[0]) { return [s.make(NegateOperation(), [x[0]])] }
    guard let inverse = c.exactReciprocal else { return nil }
    return [s.make(MultiplyOperation(), [x[0], s.splat(inverse, x[1].type)])]
  }
}

/// The integer quotient: -1 for a divisor of 0, wrapping where it overflows.
@Sendable private func quotient(_ a: Int64, _ b: Int64) -> Int64 {
  b == 0 ? -1 : a.dividedReportingOverflow(by: b).partialValue
}
