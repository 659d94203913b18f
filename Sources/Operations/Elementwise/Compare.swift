import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// `a < b` and its like, an `i1` tensor.
public struct CompareOperation: PrimitiveOperation, FoldableOperation, CommutativeOperation {
  public init() {}

  public var name: String { "compare" }
  public var folding: Folding { .allElements }
  public var operandRule: OperandRule { OperandRule(["a", "b"], broadcasts: true) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema(
        "direction", .keyword(Comparison.allCases.map(\.rawValue)), summary: "The relation that the result tells.",
        otherNames: ["op", "operator", "comparison", "relation"])
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "Whether a relation holds between two tensors, element by element.", group: "Elementwise",
      example: "%c = compare %a, %b {direction = lt} : tensor<Bx3xi1>",
      details: """
        Of all types that are computed with; the result is i1. All relations but ne are false where an operand is NaN. Zeros of both
        signs are equal; false is less than true. Not differentiable. Broadcasts its operands.
        """)
  }

  /// Equality and inequality are symmetric.
  public func isCommutative(_ attributes: Attributes) -> Bool {
    ["eq", "ne"].contains(attributes.keyword("direction"))
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.all)
    try requireSameElement(operands, 0, 1)
    try requireSameShape(operands, 0, 1)
    return [operands[0].with(element: .i1)]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let direction = Self.direction(attributes)
    let (a, b) = (operands[0], operands[1])
    let holds =
      a.element.isFloat
      ? zip(a.doubles, b.doubles).map { Self.holds(direction, $0, $1) }
      : zip(a.integers, b.integers).map { Self.holds(direction, $0, $1) }
    return [Tensor(a.extents, holds)]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] { [nil, nil] }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    let direction = Self.direction(attributes)
    return .pointwise { program, x in program.compare(direction, x[0], x[1]) }
  }

  public var examples: [OperationExample] {
    let tied: [OperationExample.Values] = [.cycle([0, 1, -1]), .cycle([0, -1, 1, 2])]
    return Comparison.allCases.map {
      OperationExample(pair([2, 5], .f32), values: tied, attributes: ["direction": .keyword($0.rawValue)])
    } + [
      OperationExample(pair([], .i64), attributes: ["direction": .keyword("le")]),
      OperationExample(
        pair([7], .ui8), values: [.cycle([0, 200]), .cycle([200, 3])], attributes: ["direction": .keyword("gt")]),
      OperationExample(
        pair([4], .i1), values: [.cycle([0, 1]), .cycle([0, 0, 1])], attributes: ["direction": .keyword("ge")]),
    ]
  }

  /// The relation in the checked attributes.
  private static func direction(_ attributes: Attributes) -> Comparison {
    guard let direction = Comparison(rawValue: attributes.keyword("direction")) else {
      preconditionFailure("the schema lists the comparisons")
    }
    return direction
  }

  /// Whether `a` stands in the relation `direction` to `b`.
  private static func holds<T: Comparable>(_ direction: Comparison, _ a: T, _ b: T) -> Bool {
    switch direction {
    case .eq: a == b
    case .ne: a != b
    case .lt: a < b
    case .le: a <= b
    case .gt: a > b
    case .ge: a >= b
    }
  }
}
