import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// The same elements in row-major order in another shape.
public struct ReshapeOperation: PrimitiveOperation, RearrangingOperation, FoldableOperation {
  public init() {}

  public var name: String { "reshape" }
  public var folding: Folding { .allElements }
  public var operandRule: OperandRule { OperandRule(["x"]) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema(
        "to", .type, summary: "The type of the result, with the operand's element type.",
        otherNames: ["shape", "newshape", "new_shape", "size", "type"])
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The same elements in another shape.", group: "Views",
      example: "%rows = reshape %images {to = tensor<Bx784xf32>} : tensor<Bx784xf32>",
      details: """
        The elements keep their row-major order. Symbolic extents pass through: the result has the same symbols, and the
        fixed extents multiply to the same number. dx = dy in the operand's shape. Moves nothing.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    let (x, type) = (operands[0], try checkedResult(attributes.type("to")))
    guard x.element == type.element else {
      throw error("changes the shape only, but the operand is \(x) and attribute 'to' is \(type)")
        .noting("change the element type with 'convert %value {to = \(type.element.rawValue)}'")
    }
    let (from, to) = (Self.symbols(x.shape), Self.symbols(type.shape))
    guard from == to else {
      func words(_ symbols: [String]) -> String { symbols.isEmpty ? "no symbols" : symbols.joined(separator: ", ") }
      throw error(
        "cannot turn \(x) into \(type): symbolic extents pass through, but \(words(from)) became \(words(to))")
    }
    let (before, after) = (Self.fixedCount(x.shape), Self.fixedCount(type.shape))
    guard before == after else {
      let each = from.isEmpty ? "" : " for each \(from.joined(separator: ", "))"
      throw error("cannot turn \(x) into \(type): \(before) elements\(each) became \(after)")
    }
    return [type]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    [operands[0].reshaped(attributes.type("to").extents)]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [builder.reshape(node.cotangent, to: node.operands[0].type.shape)]
  }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    .view(.reshape(from: operands[0], to: results[0]))
  }

  public var examples: [OperationExample] {
    func example(_ extents: [Int], _ element: ElementType, to target: [Int]) -> OperationExample {
      OperationExample([TensorType(extents, element)], attributes: ["to": .type(TensorType(target, element))])
    }
    return [
      example([2, 3, 5], .f32, to: [6, 5]), example([], .f64, to: [1, 1]), example([7, 1], .i32, to: [7]),
      example([4], .i1, to: [2, 2]), example([6], .bf16, to: [2, 3]),
    ]
  }

  /// The symbols of a shape, sorted.
  private static func symbols(_ shape: Shape) -> [String] {
    shape.filter { $0.fixedValue == nil }.map(\.description).sorted()
  }

  /// The product of the fixed extents.
  private static func fixedCount(_ shape: Shape) -> Int { shape.compactMap(\.fixedValue).reduce(1, *) }
}

extension ReshapeOperation: SimplifiableOperation {
  /// To the same shape, nothing; of a reshape, the last one; of a splat, a splat.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    let type = attributes.type("to")
    if x[0].type == type { return x }
    if let scalar = s.splat(x[0]) { return [s.splat(scalar, type)] }
    return s.operand(of: x[0], as: ReshapeOperation.self).map { [s.reshape($0, to: type.shape)] }
  }
}
