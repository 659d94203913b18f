import FraguaGraph
import FraguaSource
import FraguaTensors

/// Rows of a table, chosen by indices.
public struct GatherOperation: PrimitiveOperation, FoldableOperation {
  public init() {}

  public var name: String { "gather" }
  public var folding: Folding { .allElements }
  public var operandRule: OperandRule { OperandRule(["table", "indices"]) }
  public var schema: [AttributeSchema] { [] }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "Rows of a table, chosen by indices.", group: "Indexing",
      example: "%e = gather @embedding, %words : tensor<Bx16xf32>",
      details: """
        result[i..., d...] = table[indices[i...], d...]; indices are i32, i64 or ui8, and clamped to the table. dtable
        is scatter_add of dy into zeros, at the clamped indices; none flows to the indices.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try requireRank(operands, 0, atLeast: 1)
    try require(operands, 1, in: ElementTypes.integers)
    let (table, indices) = (operands[0], operands[1])
    return [try checkedResult(TensorType(indices.shape + table.shape.dropFirst(), table.element))]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let (table, indices) = (operands[0], operands[1])
    let rows = Int64(table.extents[0])
    let width = table.count / table.extents[0]
    let type = TensorType(indices.extents + table.extents.dropFirst(), table.element)
    let positions = indices.integers.flatMap { index in
      let row = Int(min(max(index, 0), rows - 1))
      return (0..<width).map { row * width + $0 }
    }
    return [table.picking(type, positions)]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let (table, indices) = (node.operands[0], node.operands[1])
    let clamped = builder.clamp(indices, below: table.type.shape[0])
    return [builder.scatterAdd(builder.zeros(table.type.arithmetic), clamped, node.cotangent), nil]
  }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role { .gather }

  public var examples: [OperationExample] {
    func example(
      _ table: [Int], _ element: ElementType, _ indices: [Int], _ index: ElementType, _ values: [Double]
    ) -> OperationExample {
      OperationExample(
        [TensorType(table, element), TensorType(indices, index)], values: [.uniform(-2...2), .cycle(values)])
    }
    return [
      example([5, 3], .f32, [4], .i32, [0, 4, 2, 2]), example([3], .f64, [2, 2], .i64, [-7, 1, 2, 9]),
      example([4, 2, 3], .f64, [], .ui8, [3]), example([2, 3], .i32, [3], .ui8, [0, 1, 200]),
      example([300, 1], .f32, [2], .ui8, [255, 0]), example([5, 3], .bf16, [4], .i32, [0, 4, 2, 2]),
    ]
  }
}

extension FunctionBuilder {
  /// `indices` brought into `0 ..< extent`, with as few operations as their type allows.
  mutating func clamp(_ indices: Value, below extent: Extent) -> Value {
    var result = indices
    if !indices.type.element.isUnsigned { result = maximum(result, 0) }
    guard let n = extent.fixedValue else {
      let last = subtract(elementCount([extent], .i64), 1)
      return minimum(convert(result, to: .i64), last)
    }
    let largest = Int(indices.type.element.highest.integer)
    return n - 1 >= largest ? result : minimum(result, constant(Double(n - 1), like: result))
  }

  /// The product of `extents` as a value of rank 0: a constant where they are numbers, else counted when symbols are
  /// bound.
  mutating func elementCount(_ extents: Shape, _ element: ElementType) -> Value {
    let numbers = extents.compactMap(\.fixedValue)
    let scalar = TensorType([Int](), element)
    if numbers.count == extents.count { return constant(Double(numbers.reduce(1, *)), scalar) }
    return reduceSum(constant(1, TensorType(extents, element)), axes: Array(extents.indices))
  }
}
