import FraguaGraph
import FraguaSource
import FraguaTensors

/// Tensors one behind the other along an axis.
public struct ConcatenateOperation: CompositeOperation {
  public init() {}

  public var name: String { "concatenate" }
  public var operandRule: OperandRule { OperandRule(["x"], variadic: true) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema(
        "axis", .integer, default: .integer(-1), summary: "The axis along which they are joined; -1 is the innermost.",
        otherNames: ["dim", "dimension"])
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "Tensors one behind the other along an axis.", group: "Views",
      example: "%both = concatenate %a, %b {axis = 1} : tensor<Bx5xf32>",
      details: """
        One element type, one rank, and the same extents along all other axes; along the axis extents are numbers, whose
        sum the result has. Each dx is its part of dy. Decomposes into padded operands, of which each element is
        selected: a view of all of them in what reads it.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    let first = operands[0]
    guard operands.count <= Self.mostOperands else {
      throw error("joins at most \(Self.mostOperands) tensors, but \(operands.count) are given")
        .noting("join some of them first")
    }
    let axis = try checkedAxis(attributes.integer("axis"), rank: first.rank, of: "axis")
    var sum = 0
    for (index, type) in operands.enumerated() {
      try requireSameElement(operands, 0, index)
      guard type.rank == first.rank else {
        throw error("joins tensors of one rank, but '\(operandRule.name(of: index))' is \(type) and 'x[0]' is \(first)")
      }
      for other in 0..<first.rank where other != axis && type.shape[other] != first.shape[other] {
        throw error(
          "joins along axis \(axis), but '\(operandRule.name(of: index))' is \(type) and 'x[0]' is \(first): "
            + "axis \(other) differs")
      }
      guard let extent = type.shape[axis].fixedValue else {
        throw error("cannot join along axis \(axis) of \(type): its extent \(type.shape[axis]) is symbolic")
      }
      let (total, overflow) = sum.addingReportingOverflow(extent)
      if overflow { throw error("joins more elements along axis \(axis) than fit in 63 bits") }
      sum = total
    }
    var shape = first.shape
    shape[axis] = .fixed(sum)
    return [try checkedResult(TensorType(shape, first.element))]
  }

  /// Each element of the result is looked for in every operand.
  private static let mostOperands = 4096

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    var extents = operands[0].extents
    let axis = attributes.axis("axis", rank: extents.count)
    extents[axis] = operands.reduce(0) { $0 + $1.extents[axis] }
    // Row-major, the result is for each coordinate of the axes before `axis` a run of every operand.
    let runs = operands.map { $0.extents[axis...].reduce(1, *) }
    let outer = extents[..<axis].reduce(1, *)
    let places = (0..<outer).flatMap { row in
      operands.indices.flatMap { index in (0..<runs[index]).map { (index, row * runs[index] + $0) } }
    }
    return [Tensor(TensorType(extents, operands[0].element)) { operands[places[$0].0][places[$0].1] }]
  }

  public func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
    let axis = attributes.axis("axis", rank: operands[0].type.rank)
    let extents = operands.map { extent($0.type, axis) }
    let total = extents.reduce(0, +)
    var shape = operands[0].type.shape
    shape[axis] = .fixed(total)
    let position = operands.count > 1 ? builder.iota(TensorType(shape, .i64), axis: axis) : nil
    var (result, start) = (operands[0], 0)
    for (operand, extent) in zip(operands, extents) {
      let padded = builder.pad(operand, low: [start], high: [total - start - extent], axes: [axis])
      if start == 0 {
        result = padded
      } else if let position {
        result = builder.select(builder.compare(.lt, position, Double(start)), result, padded)
      }
      start += extent
    }
    return [result]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let axis = node.attributes.axis("axis", rank: node.operands[0].type.rank)
    return builder.split(node.cotangent, sizes: node.operands.map { extent($0.type, axis) }, axis: axis)
  }

  public var examples: [OperationExample] {
    func example(_ extents: [[Int]], _ element: ElementType, axis: Int = -1) -> OperationExample {
      OperationExample(extents.map { TensorType($0, element) }, attributes: ["axis": .integer(axis)])
    }
    return [
      example([[2, 3], [2, 1], [2, 4]], .f32), example([[3], [1]], .f64, axis: 0), example([[2, 3]], .f32),
      example([[1, 2, 3], [4, 2, 3]], .f64, axis: 0), example([[2, 1, 3], [2, 2, 3]], .i32, axis: 1),
      example([[2], [3]], .i1), example([[2], [3]], .ui16), example([[20, 3], [20, 30]], .f32),
    ]
  }

  /// The fixed extent of a joined axis.
  private func extent(_ type: TensorType, _ axis: Int) -> Int {
    guard let extent = type.shape[axis].fixedValue else { preconditionFailure("a joined axis has a fixed extent") }
    return extent
  }
}

extension FunctionBuilder {
  /// `operands` one behind the other along `axis`.
  public mutating func concatenate(_ operands: [Value], axis: Int = -1) -> Value {
    operands.count == 1 ? operands[0] : emit(ConcatenateOperation(), operands, ["axis": .integer(axis)])
  }
}
