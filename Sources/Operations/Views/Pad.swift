import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// A tensor with a margin of one value around it.
public struct PadOperation: PrimitiveOperation, FoldableOperation {
  public init() {}

  public var name: String { "pad" }
  public var folding: Folding { .allElements }
  public var operandRule: OperandRule { OperandRule(["x"]) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema("low", .integers, summary: "How many elements to add before the first, along each of the axes."),
      AttributeSchema("high", .integers, summary: "How many elements to add after the last, along each of the axes."),
      AttributeSchema(
        "axes", .integers, isOptional: true, summary: "The axes that are padded; all where not given."),
      AttributeSchema("fill", .element, default: .integer(0), summary: "The value of the added elements."),
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "A tensor with a margin of one value around it.", group: "Views",
      example: "%p = pad %x {axes = [1], low = [1], high = [2]} : tensor<Bx6xf32>",
      details: """
        Along each of the axes, low elements of value fill before the operand's and high after them. Axes with a
        symbolic extent stay as they are. dx is dy without the margin. A view: fused into what reads it.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    let x = operands[0]
    let axes = attributes.axesInOrder("axes", rank: x.rank)
    try requireAxes(axes, rank: x.rank, of: "axes")
    let (low, high) = (attributes.integers("low"), attributes.integers("high"))
    try requireCount(low, axes.count, of: "low", what: "padded axes")
    try requireCount(high, axes.count, of: "high", what: "padded axes")
    var shape = x.shape
    for (position, axis) in axes.enumerated() {
      for (margin, name) in [(low[position], "low"), (high[position], "high")] where margin < 0 {
        throw error("attribute '\(name)' is \(margin) for axis \(axis), but must be at least 0").noting(
          "cut with 'slice'")
      }
      guard let extent = shape[axis].fixedValue else {
        if low[position] == 0, high[position] == 0 { continue }
        throw error("cannot pad axis \(axis) of \(x): its extent \(shape[axis]) is symbolic")
          .noting("name the axes to pad, as in 'axes = [1]'")
      }
      let (first, overflow) = extent.addingReportingOverflow(low[position])
      let (sum, overflowToo) = first.addingReportingOverflow(high[position])
      if overflow || overflowToo { throw error("cannot pad axis \(axis) of \(x): its extent exceeds 63 bits") }
      shape[axis] = .fixed(sum)
    }
    return [try checkedResult(TensorType(shape, x.element))]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let x = operands[0]
    var (extents, offset) = (x.extents, 0)
    let axes = attributes.axesInOrder("axes", rank: extents.count)
    for (position, axis) in axes.enumerated() {
      extents[axis] += attributes.integers("low")[position] + attributes.integers("high")[position]
    }
    let strides = rowMajorStrides(extents)
    for (position, axis) in axes.enumerated() { offset += attributes.integers("low")[position] * strides[axis] }
    let type = TensorType(extents, x.element)
    var elements = Array(repeating: attributes.element("fill"), count: type.elementCount)
    for (i, place) in linearIndices(x.extents, strides: strides, offset: offset).enumerated() { elements[place] = x[i] }
    return [Tensor(type) { elements[$0] }]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let x = node.operands[0].type
    let axes = node.attributes.axesInOrder("axes", rank: x.rank)
    let low = node.attributes.integers("low")
    let cut = axes.indices.filter { x.shape[axes[$0]] != node.results[0].type.shape[axes[$0]] }
    if cut.isEmpty { return [node.cotangent] }
    let limit = cut.map { low[$0] + (x.shape[axes[$0]].fixedValue ?? 0) }
    return [builder.slice(node.cotangent, start: cut.map { low[$0] }, limit: limit, axes: cut.map { axes[$0] })]
  }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    let rank = operands[0].rank
    var coordinates = AffineExpression.identity(rank: rank)
    var guards: [AffineGuard] = []
    for (position, axis) in attributes.axesInOrder("axes", rank: rank).enumerated() {
      guard let extent = operands[0].shape[axis].fixedValue, operands[0].shape[axis] != results[0].shape[axis] else {
        continue
      }
      coordinates[axis].offset = -attributes.integers("low")[position]
      guards.append(AffineGuard(coordinates[axis], below: extent))
    }
    return .view(AffineMap(coordinates, guards: guards, fill: attributes.element("fill")))
  }

  public var examples: [OperationExample] {
    func example(
      _ extents: [Int], _ element: ElementType, _ low: [Int], _ high: [Int], axes: [Int]? = nil, fill: Double = 0
    ) -> OperationExample {
      var attributes: Attributes = ["low": .integers(low), "high": .integers(high), "fill": .float(fill)]
      if let axes { attributes["axes"] = .integers(axes) }
      return OperationExample([TensorType(extents, element)], attributes: attributes)
    }
    return [
      example([2, 3], .f32, [1, 0], [0, 2]), example([5], .f64, [2], [3], fill: 1.5),
      example([2, 3], .f32, [3], [1], axes: [1], fill: -1), example([], .f32, [], []),
      example([3], .i32, [1], [1], fill: 7), example([3], .f16, [1], [1], fill: 0.5), example([3], .f32, [0], [0]),
    ]
  }
}

extension PadOperation: SimplifiableOperation {
  /// By nothing, nothing; of a splat of the fill value, a splat.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    guard let result = try? inferTypes([x[0].type], attributes)[0] else { return nil }
    if result == x[0].type { return x }
    guard let scalar = s.splat(x[0]), scalar == attributes.element("fill") else { return nil }
    return [s.splat(scalar, result)]
  }
}
