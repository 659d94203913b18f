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
      example([3, 1, 2], .i32, [1, 2, 0]), example([3, 2], .i16, [1, 0]),
    ]
  }
}

extension TransposeOperation: SimplifiableOperation {
  /// The identity is nothing; one that only moves axes of extent 1 is a reshape; two are one; of a splat or of a
  /// broadcast in ascending order, the same of another shape; of a contraction that nobody else reads, other dimension
  /// numbers.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    let permutation = attributes.integers("permutation")
    let type = TensorType(permutation.map { x[0].type.shape[$0] }, x[0].type.element)
    let moving = permutation.filter { x[0].type.shape[$0] != 1 }
    if moving == moving.sorted() { return [s.reshape(x[0], to: type.shape)] }
    if let scalar = s.splat(x[0]) { return [s.splat(scalar, type)] }
    if let inner = s.definition(of: x[0], as: TransposeOperation.self) {
      let first = inner.attributes.integers("permutation")
      return [s.make(TransposeOperation(), inner.operands, ["permutation": .integers(permutation.map { first[$0] })])]
    }
    if let inner = s.definition(of: x[0], as: BroadcastOperation.self) {
      let axes = inner.attributes.integers("axes").map { permutation.firstIndex(of: $0)! }
      if axes == axes.sorted() {
        return [s.make(BroadcastOperation(), inner.operands, ["to": .type(type), "axes": .integers(axes)])]
      }
    }
    guard s.isOnlyReader(ofOperand: 0), let inner = s.definition(of: x[0], as: DotGeneralOperation.self) else {
      return nil
    }
    return DotGeneralOperation.transposed(inner, permutation, in: &s)
  }
}

/// Where each axis went: `inverse[permutation[a]] = a`.
func inversePermutation(_ permutation: [Int]) -> [Int] {
  permutation.indices.sorted { permutation[$0] < permutation[$1] }
}
