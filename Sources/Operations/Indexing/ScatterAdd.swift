import FraguaGraph
import FraguaSource
import FraguaTensors

/// Adds rows to the rows of a tensor that indices choose.
public struct ScatterAddOperation: PrimitiveOperation, FoldableOperation {
  public init() {}

  public var name: String { "scatter_add" }
  public var folding: Folding { .integers }
  public var operandRule: OperandRule { OperandRule(["base", "indices", "updates"]) }
  public var schema: [AttributeSchema] { [] }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "Adds rows to the rows of a tensor that indices choose.", group: "Indexing",
      example: "%g = scatter_add %zeros, %words, %dy : tensor<1000x16xf32>",
      details: """
        result = base, then result[indices[s...], d...] += updates[s..., d...] for each s in row-major order, so that
        the bits do not depend on threads. An index out of range adds nothing. dbase = dy; dupdates gathers dy, 0 where
        the index is out of range. Integers wrap.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.numbers)
    try require(operands, 1, in: ElementTypes.integers)
    try requireSameElement(operands, 0, 2)
    try requireRank(operands, 0, atLeast: 1)
    let (base, indices, updates) = (operands[0], operands[1], operands[2])
    let expected = TensorType(indices.shape + base.shape.dropFirst(), base.element)
    guard updates == expected else {
      throw error("adds rows of \(base) at \(indices), so 'updates' must be \(expected), but it is \(updates)")
    }
    return [base]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let (base, updates) = (operands[0], operands[2])
    let indices = operands[1].integers
    let width = base.count / base.extents[0]
    // What nothing is added to stays as it is.
    var isChanged = [Bool](repeating: false, count: base.count)
    func scattered<T>(_ initial: [T], _ added: [T], _ add: (T, T) -> T) -> [T] {
      var result = initial
      for (s, row) in indices.enumerated() where row >= 0 && row < Int64(base.extents[0]) {
        for d in 0..<width {
          let place = Int(row) * width + d
          result[place] = add(result[place], added[s * width + d])
          isChanged[place] = true
        }
      }
      return result
    }
    let sums =
      base.element.isFloat
      ? Tensor(base.type, rounding: scattered(base.doubles, updates.doubles, +))
      : Tensor(base.type, wrapping: scattered(base.integers, updates.integers, &+))
    return [Tensor(base.type) { isChanged[$0] ? sums[$0] : base[$0] }]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let (base, indices, updates) = (node.operands[0].type, node.operands[1], node.operands[2].type)
    let rows = builder.gather(node.cotangent, indices)
    let clamped = builder.clamp(indices, below: base.shape[0])
    if clamped == indices { return [node.cotangent, nil, rows] }
    let inRange = builder.compare(.eq, builder.convert(indices, to: clamped.type.element), clamped)
    let mask = builder.broadcast(inRange, to: updates.shape, axes: Array(0..<indices.type.rank))
    return [node.cotangent, nil, builder.select(mask, rows, builder.zeros(updates))]
  }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role { .scatterAdd }

  public var examples: [OperationExample] {
    func example(
      _ base: [Int], _ element: ElementType, _ indices: [Int], _ index: ElementType, _ values: [Double]
    ) -> OperationExample {
      OperationExample(
        [
          TensorType(base, element), TensorType(indices, index), TensorType(indices + base.dropFirst(), element),
        ], values: [.uniform(-2...2), .cycle(values), .uniform(-2...2)])
    }
    return [
      example([5, 3], .f32, [4], .i32, [0, 4, 2, 2]), example([3], .f64, [2, 3], .i64, [-7, 1, 2, 1, 3, 0]),
      example([4, 2, 3], .f64, [], .ui8, [3]), example([2, 3], .i32, [3], .ui8, [0, 1, 200]),
    ]
  }
}
