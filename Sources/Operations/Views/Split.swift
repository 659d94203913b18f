import FraguaGraph
import FraguaSource
import FraguaTensors

/// A tensor cut along an axis, each piece a result.
public struct SplitOperation: CompositeOperation {
  public init() {}

  public var name: String { "split" }
  public var operandRule: OperandRule { OperandRule(["x"]) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema(
        "sizes", .integers, isOptional: true, summary: "The extent of each piece along the axis; they sum to x's.",
        otherNames: ["split_sizes", "size_splits", "lengths"]),
      AttributeSchema(
        "parts", .integer, isOptional: true, range: .between(1, and: 4096),
        summary: "Into how many equal pieces, in place of sizes.",
        otherNames: ["num", "sections", "chunks", "num_splits", "num_or_size_splits", "indices_or_sections"]),
      AttributeSchema(
        "axis", .integer, default: .integer(-1), summary: "The axis that is cut; -1 is the innermost.",
        otherNames: ["dim", "dimension", "split_dim"]),
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "A tensor cut along an axis, each piece a result.", group: "Views",
      example: "%a, %b = split %x {sizes = [2, 3]} : tensor<Bx2xf32>, tensor<Bx3xf32>",
      details: """
        The extent of the axis is a number. Either sizes or parts says where the cuts are. dx is the pieces' cotangents,
        concatenated. Decomposes into slices, views that are fused into what reads them.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    let x = operands[0]
    let axis = try checkedAxis(attributes.integer("axis"), rank: x.rank, of: "axis")
    guard let extent = x.shape[axis].fixedValue else {
      throw error("cannot cut axis \(axis) of \(x): its extent \(x.shape[axis]) is symbolic")
    }
    return try pieces(extent, x, axis, attributes).map { size in
      var shape = x.shape
      shape[axis] = .fixed(size)
      return TensorType(shape, x.element)
    }
  }

  /// The extents of the pieces of an axis of `extent`.
  private func pieces(
    _ extent: Int, _ x: TensorType, _ axis: Int, _ attributes: Attributes
  ) throws(Diagnostic) -> [Int] {
    switch (attributes["sizes"], attributes["parts"]) {
    case (.integers(let sizes)?, nil):
      if let small = sizes.first(where: { $0 < 1 }) {
        throw error("attribute 'sizes' has \(small), but a piece has at least 1")
      }
      let sum = sizes.reduce((sum: 0, overflows: false)) {
        let (sum, overflow) = $0.sum.addingReportingOverflow($1)
        return (sum, $0.overflows || overflow)
      }
      guard !sum.overflows, sum.sum == extent else {
        throw error(
          "attribute 'sizes' sums to \(sum.overflows ? "more than 63 bits hold" : "\(sum.sum)"), "
            + "but axis \(axis) of \(x) has the extent \(extent)")
      }
      return sizes
    case (nil, .integer(let parts)?):
      guard extent.isMultiple(of: parts) else {
        throw error("cannot cut axis \(axis) of \(x) into \(parts) equal pieces: its extent is \(extent)")
          .noting("'sizes' cuts it into pieces of any extents")
      }
      return Array(repeating: extent / parts, count: parts)
    case (nil, nil):
      throw error("needs the attribute 'sizes' or 'parts'").noting(
        "'sizes = [2, 3]' for pieces of these extents, 'parts = 2' for equal ones")
    default: throw error("takes 'sizes' or 'parts', not both")
    }
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let x = operands[0]
    let axis = attributes.axis("axis", rank: x.extents.count)
    let strides = rowMajorStrides(x.extents)
    var start = 0
    return sizes(x.type, axis, attributes).map { size in
      var extents = x.extents
      extents[axis] = size
      let piece = x.picking(
        TensorType(extents, x.element), linearIndices(extents, strides: strides, offset: start * strides[axis]))
      start += size
      return piece
    }
  }

  public func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
    let x = operands[0]
    let axis = attributes.axis("axis", rank: x.type.rank)
    var start = 0
    return sizes(x.type, axis, attributes).map { size in
      defer { start += size }
      return builder.slice(x, start: [start], limit: [start + size], axes: [axis])
    }
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let axis = node.attributes.axis("axis", rank: node.operands[0].type.rank)
    var pieces: [Value] = []
    for (result, cotangent) in zip(node.results, node.cotangents) {
      pieces.append(cotangent ?? builder.zeros(result.type.arithmetic))
    }
    return [builder.concatenate(pieces, axis: axis)]
  }

  public var examples: [OperationExample] {
    func example(
      _ extents: [Int], _ element: ElementType, sizes: [Int]? = nil, parts: Int? = nil, axis: Int = -1
    ) -> OperationExample {
      var attributes: Attributes = ["axis": .integer(axis)]
      if let sizes { attributes["sizes"] = .integers(sizes) }
      if let parts { attributes["parts"] = .integer(parts) }
      return OperationExample([TensorType(extents, element)], attributes: attributes)
    }
    return [
      example([2, 6], .f32, sizes: [1, 2, 3]), example([4], .f64, parts: 2),
      example([3, 4, 2], .f64, parts: 2, axis: 1),
      example([5, 2], .f32, sizes: [5], axis: 0), example([4, 3], .i32, sizes: [3, 1], axis: 0),
      example([6], .i1, parts: 3), example([6], .bf16, parts: 2),
    ]
  }

  /// The extents of the pieces of checked attributes.
  private func sizes(_ x: TensorType, _ axis: Int, _ attributes: Attributes) -> [Int] {
    guard let extent = x.shape[axis].fixedValue, let sizes = try? pieces(extent, x, axis, attributes) else {
      preconditionFailure("type inference accepted the pieces")
    }
    return sizes
  }
}

extension FunctionBuilder {
  /// `x` cut along `axis` into pieces of `sizes`.
  public mutating func split(_ x: Value, sizes: [Int], axis: Int = -1) -> [Value] {
    if sizes.count == 1 { return [x] }
    return emitAll(SplitOperation(), [x], ["sizes": .integers(sizes), "axis": .integer(axis)])
  }
}
