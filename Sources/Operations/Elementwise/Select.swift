import FraguaGraph
import FraguaSource
import FraguaTensors

/// `condition ? a : b`.
public struct SelectOperation: PrimitiveOperation, FoldableOperation {
  public init() {}

  public var name: String { "select" }
  public var folding: Folding { .allElements }
  public var operandRule: OperandRule { OperandRule(["condition", "a", "b"], broadcasts: true) }
  public var schema: [AttributeSchema] { [] }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "Elements of one tensor where a condition holds, of another elsewhere.", group: "Elementwise",
      example: "%y = select %condition, %a, %b : tensor<Bx3xf32>",
      details: """
        y = a where the i1 condition is true, else b; what is not chosen has no influence, not even as NaN. da = dy
        where the condition is true, else 0; db the other way round. Broadcasts its operands.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    if operands[0].element != .i1 {
      throw error("needs an i1 condition, but operand 'condition' is \(operands[0])")
        .noting("make one with 'compare %a, %b {direction = lt}'")
    }
    try requireSameElement(operands, 1, 2)
    try requireSameShape(operands, 1, 2)
    try requireSameShape(operands, 0, 1)
    return [operands[1]]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let condition = operands[0].integers
    return [Tensor(operands[1].type) { condition[$0] != 0 ? operands[1][$0] : operands[2][$0] }]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let zero = builder.zeros(node.cotangent.type)
    return [
      nil, builder.select(node.operands[0], node.cotangent, zero),
      builder.select(node.operands[0], zero, node.cotangent),
    ]
  }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    .pointwise { program, x in program.select(x[0], x[1], x[2]) }
  }

  public var examples: [OperationExample] {
    func example(_ extents: [Int], _ element: ElementType) -> OperationExample {
      OperationExample(
        [TensorType(extents, .i1)] + pair(extents, element),
        values: [.cycle([1, 0, 0]), .uniform(-2...2), .uniform(-2...2)])
    }
    return [example([2, 5], .f32), example([], .f64), example([3], .i32), example([4], .i1), example([3], .bf16)]
  }
}

extension SelectOperation: SimplifiableOperation {
  /// By a constant condition, its choice; between equal values, the value; by `not c`, the other way round.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    if let condition = s.splat(x[0]) { return [condition.bits != 0 ? x[1] : x[2]] }
    if x[1] == x[2] { return [x[1]] }
    guard let condition = s.operand(of: x[0], as: NotOperation.self) else { return nil }
    return [s.make(SelectOperation(), [condition, x[2], x[1]])]
  }
}
