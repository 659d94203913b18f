import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// A box of a tensor, every so many elements.
public struct SliceOperation: PrimitiveOperation, FoldableOperation {
  public init() {}

  public var name: String { "slice" }
  public var folding: Folding { .allElements }
  public var operandRule: OperandRule { OperandRule(["x"]) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema("start", .integers, summary: "The first coordinate taken along each of the axes."),
      AttributeSchema(
        "limit", .integers, summary: "The coordinate along each of the axes before which the slice ends."),
      AttributeSchema(
        "stride", .integers, isOptional: true, summary: "The step along each of the axes; 1 where not given."),
      AttributeSchema(
        "axes", .integers, isOptional: true,
        summary: "The axes that are sliced, the others stay whole; all where not given."),
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "A box of a tensor, every so many elements.", group: "Views",
      example: "%left = slice %x {axes = [1], start = [0], limit = [2]} : tensor<Bx2xf32>",
      details: """
        Along each of the axes the coordinates start, start + stride and so on below limit; 0 <= start < limit <=
        extent. Axes with a symbolic extent stay whole. dx is dy in its place and 0 elsewhere. A view: fused into what
        reads it.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    let x = operands[0]
    let axes = attributes.axesInOrder("axes", rank: x.rank)
    try requireAxes(axes, rank: x.rank, of: "axes")
    let (start, limit) = (attributes.integers("start"), attributes.integers("limit"))
    let stride = attributes.strides(count: axes.count)
    try requireCount(start, axes.count, of: "start", what: "sliced axes")
    try requireCount(limit, axes.count, of: "limit", what: "sliced axes")
    try requireCount(stride, axes.count, of: "stride", what: "sliced axes")
    var shape = x.shape
    for (position, axis) in axes.enumerated() {
      guard let extent = shape[axis].fixedValue else {
        throw error("cannot cut axis \(axis) of \(x): its extent \(shape[axis]) is symbolic")
          .noting("name the axes to cut, as in 'axes = [1]'")
      }
      guard start[position] >= 0, start[position] < limit[position], limit[position] <= extent else {
        throw error(
          "takes \(start[position]) ..< \(limit[position]) of axis \(axis), but must take some of 0 ..< \(extent)")
      }
      guard stride[position] >= 1 else {
        throw error("attribute 'stride' is \(stride[position]) for axis \(axis), but must be at least 1")
      }
      shape[axis] = .fixed((limit[position] - start[position] - 1) / stride[position] + 1)
    }
    return [TensorType(shape, x.element)]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let x = operands[0]
    let axes = attributes.axesInOrder("axes", rank: x.extents.count)
    let (start, limit) = (attributes.integers("start"), attributes.integers("limit"))
    let step = attributes.steps(count: axes.count)
    var (extents, strides, offset) = (x.extents, rowMajorStrides(x.extents), 0)
    for (position, axis) in axes.enumerated() {
      extents[axis] = stride(from: start[position], to: limit[position], by: step[position]).underestimatedCount
      offset += start[position] * strides[axis]
      strides[axis] *= step[position]
    }
    return [x.picking(TensorType(extents, x.element), linearIndices(extents, strides: strides, offset: offset))]
  }

  /// Spreads the cotangent by the strides, then pads it to the operand's shape.
  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let x = node.operands[0].type
    let axes = node.attributes.axesInOrder("axes", rank: x.rank)
    let (start, step) = (node.attributes.integers("start"), node.attributes.steps(count: axes.count))
    var cotangent = node.cotangent
    for (position, axis) in axes.enumerated() where step[position] > 1 {
      cotangent = builder.spread(cotangent, axis: axis, by: step[position])
    }
    let high = axes.enumerated().map { position, axis in
      extent(x, axis) - start[position] - extent(cotangent.type, axis)
    }
    return [builder.pad(cotangent, low: start, high: high, axes: axes)]
  }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    let rank = operands[0].rank
    var coordinates = AffineExpression.identity(rank: rank)
    let axes = attributes.axesInOrder("axes", rank: rank)
    for (position, axis) in axes.enumerated() {
      coordinates[axis].offset = attributes.integers("start")[position]
      coordinates[axis].coefficients[axis] = attributes.steps(count: axes.count)[position]
    }
    return .view(AffineMap(coordinates))
  }

  public var examples: [OperationExample] {
    func example(
      _ extents: [Int], _ element: ElementType, _ start: [Int], _ limit: [Int], _ stride: [Int]? = nil,
      axes: [Int]? = nil
    ) -> OperationExample {
      var attributes: Attributes = ["start": .integers(start), "limit": .integers(limit)]
      if let stride { attributes["stride"] = .integers(stride) }
      if let axes { attributes["axes"] = .integers(axes) }
      return OperationExample([TensorType(extents, element)], attributes: attributes)
    }
    return [
      example([5, 7], .f32, [1, 2], [4, 7]), example([7], .f64, [1], [7], [3]),
      example([3, 8], .f32, [1], [6], [2], axes: [1]), example([], .f32, [], []),
      example([3, 4], .i32, [0, 1], [3, 2], [2, 1]), example([3, 4], .i8, [0, 1], [3, 2], [2, 1]),
      example([4, 5], .f64, [1, 0], [5, 4], [4, 3], axes: [1, 0]),
    ]
  }

  /// The fixed extent of a sliced axis.
  private func extent(_ type: TensorType, _ axis: Int) -> Int {
    guard let extent = type.shape[axis].fixedValue else { preconditionFailure("a sliced axis has a fixed extent") }
    return extent
  }
}

extension SliceOperation: SimplifiableOperation {
  /// Of everything, nothing; of a splat, a splat.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    guard let result = try? inferTypes([x[0].type], attributes)[0] else { return nil }
    if result == x[0].type { return x }
    return s.splat(x[0]).map { [s.splat($0, result)] }
  }
}

extension Dictionary where Key == String, Value == Attribute {
  /// The axes in the list attribute `name`, in its order; all axes where it is absent.
  func axesInOrder(_ name: String, rank: Int) -> [Int] {
    self[name] == nil ? Array(0..<rank) : integers(name)
  }

  /// The attribute `stride`; ones where it is absent.
  fileprivate func strides(count: Int) -> [Int] {
    self["stride"] == nil ? Array(repeating: 1, count: count) : integers("stride")
  }

  /// The step along each of the axes, no longer than what is taken: so that no product with a coordinate overflows.
  fileprivate func steps(count: Int) -> [Int] {
    let lengths = zip(integers("start"), integers("limit")).map { $1 - $0 }
    return zip(strides(count: count), lengths).map { Swift.min($0, $1) }
  }
}

extension FunctionBuilder {
  /// `x` with `step - 1` zeros between neighbours along `axis`, built from views: a new inner axis of extent `step`
  /// holds the element and its zeros, and is merged into `axis`; the zeros after the last are cut.
  fileprivate mutating func spread(_ x: Value, axis: Int, by step: Int) -> Value {
    guard let extent = x.type.shape[axis].fixedValue else { preconditionFailure("a sliced axis has a fixed extent") }
    if extent == 1 { return x }
    var split = x.type.shape
    split.insert(1, at: axis + 1)
    let padded = pad(reshape(x, to: split), low: [0], high: [step - 1], axes: [axis + 1])
    var merged = x.type.shape
    merged[axis] = .fixed(extent * step)
    return slice(reshape(padded, to: merged), start: [0], limit: [(extent - 1) * step + 1], axes: [axis])
  }
}
