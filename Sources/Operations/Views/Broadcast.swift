import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Elements repeated along axes that are new or had extent 1.
public struct BroadcastOperation: PrimitiveOperation, RearrangingOperation, FoldableOperation {
  public init() {}

  public var name: String { "broadcast" }
  public var folding: Folding { .allElements }
  public var operandRule: OperandRule { OperandRule(["x"]) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema("to", .type, summary: "The type of the result, with the operand's element type."),
      AttributeSchema(
        "axes", .integers, summary: "For each axis of the operand, the result's axis that it becomes; ascending."),
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "Elements repeated along new axes or axes of extent 1.", group: "Views",
      example: "%rows = broadcast %bias {to = tensor<Bx3xf32>, axes = [1]} : tensor<Bx3xf32>",
      details: """
        Axis a of the operand becomes axis axes[a] of the result, where its extent is the same or 1; along all other
        axes elements are repeated. dx sums dy over what was repeated. A view: fused into what reads it. The elementwise
        operations insert it where they broadcast. Source: StableHLO's broadcast_in_dim.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    let (x, type) = (operands[0], try checkedResult(attributes.type("to")))
    let axes = attributes.integers("axes")
    guard x.element == type.element else {
      throw error("changes the shape only, but the operand is \(x) and attribute 'to' is \(type)")
        .noting("change the element type with 'convert %value {to = \(type.element.rawValue)}'")
    }
    try requireCount(axes, x.rank, of: "axes", what: "axes in \(x)")
    try requireAxes(axes, rank: type.rank, of: "axes")
    guard axes == axes.sorted() else {
      throw error("attribute 'axes' is \(axes), but must be ascending").noting(
        "reorder the operand's axes with 'transpose'")
    }
    for (axis, target) in axes.enumerated() where x.shape[axis] != 1 && x.shape[axis] != type.shape[target] {
      throw error(
        "cannot turn \(x) into \(type): axis \(axis) of extent \(x.shape[axis]) becomes "
          + "axis \(target) of extent \(type.shape[target])"
      )
    }
    return [type]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let x = operands[0]
    let type = attributes.type("to")
    var strides = Array(repeating: 0, count: type.rank)
    for (axis, stride) in zip(attributes.integers("axes"), rowMajorStrides(x.extents)).enumerated()
    where x.extents[axis] != 1 { strides[stride.0] = stride.1 }
    return [x.picking(type, linearIndices(type.extents, strides: strides))]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let (x, result) = (node.operands[0].type, node.results[0].type)
    let axes = node.attributes.integers("axes")
    let kept = axes.enumerated().filter { x.shape[$0.offset] == result.shape[$0.element] }.map(\.element)
    let summed = builder.reduceSum(node.cotangent, axes: (0..<result.rank).filter { !kept.contains($0) })
    return [builder.reshape(summed, to: x.shape)]
  }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    let x = operands[0]
    let rank = results[0].rank
    let coordinates = attributes.integers("axes").enumerated().map { axis, target in
      x.shape[axis] == results[0].shape[target]
        ? AffineExpression.axis(target, rank: rank) : .constant(0, rank: rank)
    }
    return .view(AffineMap(coordinates))
  }

  public var examples: [OperationExample] {
    func example(_ extents: [Int], _ element: ElementType, to target: [Int], axes: [Int]) -> OperationExample {
      OperationExample(
        [TensorType(extents, element)],
        attributes: ["to": .type(TensorType(target, element)), "axes": .integers(axes)])
    }
    return [
      example([3], .f32, to: [2, 3], axes: [1]), example([], .f64, to: [3, 2], axes: []),
      example([2, 1], .f32, to: [2, 5], axes: [0, 1]), example([2, 1, 3], .f64, to: [4, 2, 7, 3], axes: [1, 2, 3]),
      example([3], .i32, to: [3, 2], axes: [0]), example([3], .f16, to: [3, 2], axes: [0]),
      example([1], .f32, to: [1], axes: [0]),
    ]
  }
}

extension BroadcastOperation: SimplifiableOperation {
  /// One that repeats nothing is a reshape; two are one; of a reshape that only adds axes of extent 1, a broadcast of
  /// what it reshapes; of a splat, a splat.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    let (type, axes) = (attributes.type("to"), attributes.integers("axes"))
    if let scalar = s.splat(x[0]) { return [s.splat(scalar, type)] }
    if x[0].type.shape.filter({ $0 != 1 }) == type.shape.filter({ $0 != 1 }) {
      return [s.reshape(x[0], to: type.shape)]
    }
    if let inner = s.definition(of: x[0], as: BroadcastOperation.self) {
      let composed = inner.attributes.integers("axes").map { axes[$0] }
      return [s.make(BroadcastOperation(), inner.operands, ["to": .type(type), "axes": .integers(composed)])]
    }
    guard let source = s.operand(of: x[0], as: ReshapeOperation.self), !source.type.shape.contains(1) else {
      return nil
    }
    let kept = axes.indices.filter { x[0].type.shape[$0] != 1 }
    guard kept.map({ x[0].type.shape[$0] }) == source.type.shape else { return nil }
    return [
      s.make(BroadcastOperation(), [source], ["to": .type(type), "axes": .integers(kept.map { axes[$0] })])
    ]
  }
}
