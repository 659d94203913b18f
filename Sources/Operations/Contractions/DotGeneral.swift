import FraguaGraph
import FraguaSource
import FraguaTensors

/// The sum of products over pairs of axes, for each coordinate of paired batch axes.
public struct DotGeneralOperation: PrimitiveOperation, FoldableOperation {
  public init() {}

  public var name: String { "dot_general" }
  public var folding: Folding { .integers }
  public var operandRule: OperandRule { OperandRule(["lhs", "rhs"]) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema("lhs_batch", .integers, default: .integers([]), summary: "The batch axes of lhs."),
      AttributeSchema(
        "rhs_batch", .integers, default: .integers([]), summary: "The batch axes of rhs, in the same order."),
      AttributeSchema("lhs_contracting", .integers, summary: "The axes of lhs that are summed over."),
      AttributeSchema(
        "rhs_contracting", .integers, summary: "The axes of rhs that are summed over, in the same order."),
    ]
  }

  /// The dimension numbers as checked attributes.
  static func attributes(_ dimensions: ContractionDimensions) -> Attributes {
    [
      "lhs_batch": .integers(dimensions.lhsBatch), "rhs_batch": .integers(dimensions.rhsBatch),
      "lhs_contracting": .integers(dimensions.lhsContracting), "rhs_contracting": .integers(dimensions.rhsContracting),
    ]
  }

  /// The dimension numbers in checked attributes.
  static func dimensions(_ attributes: Attributes) -> ContractionDimensions {
    ContractionDimensions(
      lhsBatch: attributes.integers("lhs_batch"), rhsBatch: attributes.integers("rhs_batch"),
      lhsContracting: attributes.integers("lhs_contracting"), rhsContracting: attributes.integers("rhs_contracting"))
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The sum of products over pairs of axes.", group: "Contractions",
      example: "%c = dot_general %a, %b {lhs_contracting = [1], rhs_contracting = [0]} : tensor<Bx3xf32>",
      details: """
        The result's axes are the batch axes, the other axes of lhs, the other axes of rhs. Each element is one chain of
        fused multiply-adds over the contracted axes in order, or, in some products with a vector, 16 of them, in the
        element type; integers wrap. dlhs contracts dy with rhs over the other axes of rhs, drhs likewise. Source:
        StableHLO's dot_general.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.numbers)
    try require(operands, 1, in: ElementTypes.numbers)
    try requireSameElement(operands, 0, 1)
    let (lhs, rhs) = (operands[0], operands[1])
    let dimensions = Self.dimensions(attributes)
    try requireAxes(
      dimensions.lhsBatch + dimensions.lhsContracting, rank: lhs.rank, of: "lhs_batch' or 'lhs_contracting")
    try requireAxes(
      dimensions.rhsBatch + dimensions.rhsContracting, rank: rhs.rank, of: "rhs_batch' or 'rhs_contracting")
    if dimensions.lhsContracting.isEmpty && dimensions.rhsContracting.isEmpty {
      throw error("contracts no axes").noting("multiply element by element with 'multiply', which broadcasts")
    }
    for (kind, left, right) in [
      ("batch", dimensions.lhsBatch, dimensions.rhsBatch),
      ("contracting", dimensions.lhsContracting, dimensions.rhsContracting),
    ] {
      guard left.count == right.count else {
        throw error("pairs \(kind) axes, but 'lhs_\(kind)' has \(left.count) and 'rhs_\(kind)' has \(right.count)")
      }
      for (a, b) in zip(left, right) where lhs.shape[a] != rhs.shape[b] {
        throw error(
          "\(kind) extents differ: axis \(a) of \(lhs) and axis \(b) of \(rhs), \(lhs.shape[a]) and \(rhs.shape[b])")
      }
    }
    let shape =
      dimensions.lhsBatch.map { lhs.shape[$0] } + dimensions.lhsFree(rank: lhs.rank).map { lhs.shape[$0] }
      + dimensions.rhsFree(rank: rhs.rank).map { rhs.shape[$0] }
    return [try checkedResult(TensorType(shape, lhs.element))]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let (lhs, rhs) = (operands[0], operands[1])
    let dimensions = Self.dimensions(attributes)
    func positions(_ tensor: Tensor, _ axes: [Int]) -> [Int] {
      let strides = rowMajorStrides(tensor.extents)
      return linearIndices(axes.map { tensor.extents[$0] }, strides: axes.map { strides[$0] })
    }
    let (lhsFree, rhsFree) = (
      dimensions.lhsFree(rank: lhs.extents.count), dimensions.rhsFree(rank: rhs.extents.count)
    )
    let batch = zip(positions(lhs, dimensions.lhsBatch), positions(rhs, dimensions.rhsBatch)).map { ($0, $1) }
    let (m, n) = (positions(lhs, lhsFree), positions(rhs, rhsFree))
    let (lhsK, rhsK) = (positions(lhs, dimensions.lhsContracting), positions(rhs, dimensions.rhsContracting))
    let extents =
      (dimensions.lhsBatch + lhsFree).map { lhs.extents[$0] } + rhsFree.map { rhs.extents[$0] }
    let type = TensorType(extents, lhs.element)

    func sums<T>(_ a: [T], _ b: [T], _ zero: T, _ multiplyAdd: (T, T, T) -> T) -> [T] {
      var results: [T] = []
      results.reserveCapacity(type.elementCount)
      for (lhsBase, rhsBase) in batch {
        for i in m {
          for j in n {
            var sum = zero
            for k in lhsK.indices { sum = multiplyAdd(a[lhsBase + i + lhsK[k]], b[rhsBase + j + rhsK[k]], sum) }
            results.append(sum)
          }
        }
      }
      return results
    }
    return lhs.element.isFloat
      ? [Tensor(type, rounding: sums(lhs.doubles, rhs.doubles, -0.0) { $0 * $1 + $2 })]
      : [Tensor(type, wrapping: sums(lhs.integers, rhs.integers, 0) { $0 &* $1 &+ $2 })]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    let dimensions = Self.dimensions(node.attributes)
    return builder.contractionPullback(node.cotangent, node.operands[0], node.operands[1], dimensions)
  }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    .contraction(Self.dimensions(attributes))
  }

  public var examples: [OperationExample] {
    func example(
      _ lhs: [Int], _ rhs: [Int], _ element: ElementType, _ dimensions: ContractionDimensions
    ) -> OperationExample {
      OperationExample(
        [TensorType(lhs, element), TensorType(rhs, element)], attributes: Self.attributes(dimensions))
    }
    let matrix = ContractionDimensions(lhsContracting: [1], rhsContracting: [0])
    return [
      example([3, 5], [5, 7], .f32, matrix), example([1, 17], [17, 3], .f64, matrix),
      example([5, 3], [7, 5], .f64, ContractionDimensions(lhsContracting: [0], rhsContracting: [1])),
      example([7], [7], .f32, ContractionDimensions(lhsContracting: [0], rhsContracting: [0])),
      example(
        [2, 3, 4], [2, 4, 5], .f64,
        ContractionDimensions(lhsBatch: [0], rhsBatch: [0], lhsContracting: [2], rhsContracting: [1])),
      example(
        [4, 2, 3], [3, 5, 2, 4], .f32,
        ContractionDimensions(lhsBatch: [1], rhsBatch: [2], lhsContracting: [2, 0], rhsContracting: [0, 3])),
      example([2, 3], [3], .f32, ContractionDimensions(lhsContracting: [1], rhsContracting: [0])),
      example([3, 5], [5, 2], .i32, matrix),
    ]
  }
}

extension DotGeneralOperation: SimplifiableOperation {
  /// Reads through the transpose of an operand, where the operand's free axes keep their order: every operand is read as
  /// a strided view anyway.
  ///
  /// The contracted axes keep their order, so every element adds the same products, in the same order where it is a chain.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    var operands = x
    var dimensions = Self.dimensions(attributes)
    if let (source, permutation) = Self.transposeSource(x[0], in: s) {
      let free = dimensions.lhsFree(rank: permutation.count).map { permutation[$0] }
      if free == free.sorted() {
        operands[0] = source
        dimensions.lhsBatch = dimensions.lhsBatch.map { permutation[$0] }
        dimensions.lhsContracting = dimensions.lhsContracting.map { permutation[$0] }
      }
    }
    if let (source, permutation) = Self.transposeSource(x[1], in: s) {
      let free = dimensions.rhsFree(rank: permutation.count).map { permutation[$0] }
      if free == free.sorted() {
        operands[1] = source
        dimensions.rhsBatch = dimensions.rhsBatch.map { permutation[$0] }
        dimensions.rhsContracting = dimensions.rhsContracting.map { permutation[$0] }
      }
    }
    return operands == x ? nil : [s.make(self, operands, Self.attributes(dimensions))]
  }
  /// What `value` is the transpose of, and its permutation.
  private static func transposeSource(_ value: Value, in s: some Simplification) -> (Value, [Int])? {
    guard let node = s.definition(of: value, as: TransposeOperation.self) else { return nil }
    return (node.operands[0], node.attributes.integers("permutation"))
  }

  /// The transpose of the contraction `node` as a contraction, where the permutation only reorders batch axes among
  /// themselves and swaps the groups of free axes. Factors commute, so every element keeps its bits.
  static func transposed(_ node: Node, _ permutation: [Int], in s: inout some Simplification) -> [Value]? {
    let dimensions = dimensions(node.attributes)
    let batch = dimensions.lhsBatch.count
    let left = batch + dimensions.lhsFree(rank: node.operands[0].type.rank).count
    let order = Array(permutation[..<batch])
    guard order.allSatisfy({ $0 < batch }) else { return nil }
    let free = Array(permutation[batch...])
    var result = dimensions
    result.lhsBatch = order.map { dimensions.lhsBatch[$0] }
    result.rhsBatch = order.map { dimensions.rhsBatch[$0] }
    if free == Array(batch..<permutation.count) {
      return [s.make(DotGeneralOperation(), node.operands, attributes(result))]
    }
    guard free == Array(left..<permutation.count) + Array(batch..<left) else { return nil }
    return [s.make(DotGeneralOperation(), [node.operands[1], node.operands[0]], attributes(result.swapped))]
  }
}
