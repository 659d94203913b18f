import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// The axes in another order.
public struct TransposeOperation: PrimitiveOperation, RearrangingOperation, FoldableOperation {
  public init() {}

  public var name: String { "transpose" }
  public var folding: Folding { .allElements }
  public var operandRule: OperandRule { OperandRule(["x"]) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema(
        "permutation", .integers, summary: "For each axis of the result, the operand's axis that it is.",
        otherNames: ["perm", "axes", "dims", "order"])
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The axes in another order.", group: "Views",
      example: "%t = transpose %x {permutation = [1, 0]} : tensor<3xBxf32>",
      details: """
        Axis a of the result is axis permutation[a] of the operand. dx = dy, permuted back. A view: fused into what
        reads it.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    let permutation = attributes.integers("permutation")
    let x = operands[0]
    try requireCount(permutation, x.rank, of: "permutation", what: "axes in \(x)")
    try requireAxes(permutation, rank: x.rank, of: "permutation")
    return [TensorType(permutation.map { x.shape[$0] }, x.element)]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let permutation = attributes.integers("permutation")
    let x = operands[0]
    let strides = rowMajorStrides(x.extents)
    let type = TensorType(permutation.map { x.extents[$0] }, x.element)
    return [x.picking(type, linearIndices(type.extents, strides: permutation.map { strides[$0] }))]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [builder.transpose(node.cotangent, inversePermutation(node.attributes.integers("permutation")))]
  }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    let position = inversePermutation(attributes.integers("permutation"))
    let rank = operands[0].rank
    return .view(AffineMap((0..<rank).map { .axis(position[$0], rank: rank) }))
  }

  public var examples: [OperationExample] {
    func example(_ extents: [Int], _ element: ElementType, _ permutation: [Int]) -> OperationExample {
      OperationExample([TensorType(extents, element)], attributes: ["permutation": .integers(permutation)])
    }
    return [
      example([2, 3], .f32, [1, 0]), example([2, 3, 5], .f64, [2, 0, 1]), example([], .f32, []),
      example([3, 1, 2], .i32, [1, 2, 0]),
    ]
  }
}

/// Where each axis went: `inverse[permutation[a]] = a`.
func inversePermutation(_ permutation: [Int]) -> [Int] {
  permutation.indices.sorted { permutation[$0] < permutation[$1] }
}
