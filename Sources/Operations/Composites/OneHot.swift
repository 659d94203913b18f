import FraguaGraph
import FraguaSource
import FraguaTensors

/// 1 at each index, 0 elsewhere.
public struct OneHotOperation: CompositeOperation, LabelOperation {
  public init() {}

  public var name: String { "one_hot" }
  public var operandRule: OperandRule { OperandRule(["indices"]) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema(
        "depth", .integer, range: .between(1, and: Double(Int32.max)), summary: "The extent of the new last axis.",
        otherNames: ["classes", "num_classes", "n", "k"]),
      AttributeSchema("type", .elementType, default: .elementType(.f32), summary: "The element type of the result."),
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "Rows that are 1 at an index and 0 elsewhere.", group: "Indexing",
      example: "%h = one_hot %labels {depth = 10, type = f32} : tensor<Bx10xf32>",
      details: """
        result[i..., d] = 1 where indices[i...] = d, else 0; an index out of range gives zeros. Not differentiable.
        Decomposes into compare with iota: nothing is looked up.
        """)
  }

  public func labels(_ operands: [TensorType], _ attributes: Attributes) -> (operand: Int, kind: LabelKind)? {
    (0, .classes(attributes.integer("depth")))
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.integers)
    let depth = attributes.integer("depth")
    return [try checkedResult(TensorType(operands[0].shape + [.fixed(depth)], attributes.elementType("type")))]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let depth = attributes.integer("depth")
    let type = TensorType(operands[0].extents + [depth], attributes.elementType("type"))
    let indices = operands[0].integers
    return [Tensor(type) { Scalar(indices[$0 / depth] == Int64($0 % depth) ? 1 : 0, as: type.element) }]
  }

  public func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
    let isIndex = builder.isIndex(operands[0], depth: .fixed(attributes.integer("depth")))
    return [builder.convert(isIndex, to: attributes.elementType("type"))]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] { [nil] }

  public var examples: [OperationExample] {
    func example(
      _ extents: [Int], _ index: ElementType, depth: Int, _ element: ElementType, _ values: [Double]
    ) -> OperationExample {
      OperationExample(
        [TensorType(extents, index)], values: [.cycle(values)],
        attributes: ["depth": .integer(depth), "type": .elementType(element)])
    }
    return [
      example([4], .i32, depth: 3, .f32, [0, 2, 1, -1]), example([2, 3], .i64, depth: 5, .f64, [4, 5, 0]),
      example([], .ui8, depth: 300, .f32, [255]), example([3], .ui8, depth: 2, .i32, [1, 0, 7]),
      example([3], .i32, depth: 4, .i1, [1, 0, 3]),
    ]
  }
}

extension FunctionBuilder {
  /// An `i1` tensor with a new last axis of extent `depth`: whether its coordinate is the index.
  mutating func isIndex(_ indices: Value, depth: Extent) -> Value {
    // A ui8 could not count to a depth above 256.
    let wide = indices.type.element.bitCount < 32 ? convert(indices, to: .i32) : indices
    let shape = wide.type.shape + [depth]
    let axis = wide.type.rank
    let repeated = broadcast(wide, to: shape, alongNew: [axis])
    return compare(.eq, iota(TensorType(shape, wide.type.element), axis: axis), repeated)
  }
}
