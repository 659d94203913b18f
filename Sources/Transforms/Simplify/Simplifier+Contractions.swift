import FraguaGraph
import FraguaOperations
import FraguaTensors

/// Transposes disappear in the dimension numbers of contractions: every operand is read as a strided view anyway.
extension Simplifier {
  static let contractionRules: [String: Rule] = ["dot_general": dotGeneral]

  /// Reads through the transpose of an operand, where the operand's free axes keep their order.
  ///
  /// The contracted axes keep theirs, so every element adds the same products, in the same order where it is a chain.
  private static let dotGeneral: Rule = { s, x, attributes in
    var operands = x
    var dimensions = ContractionDimensions(checked: attributes)
    if let (source, permutation) = s.transposeSource(x[0]) {
      let free = dimensions.lhsFree(rank: permutation.count).map { permutation[$0] }
      if free == free.sorted() {
        operands[0] = source
        dimensions.lhsBatch = dimensions.lhsBatch.map { permutation[$0] }
        dimensions.lhsContracting = dimensions.lhsContracting.map { permutation[$0] }
      }
    }
    if let (source, permutation) = s.transposeSource(x[1]) {
      let free = dimensions.rhsFree(rank: permutation.count).map { permutation[$0] }
      if free == free.sorted() {
        operands[1] = source
        dimensions.rhsBatch = dimensions.rhsBatch.map { permutation[$0] }
        dimensions.rhsContracting = dimensions.rhsContracting.map { permutation[$0] }
      }
    }
    return operands == x ? nil : s.make(DotGeneralOperation(), operands, dimensions.attributes)
  }

  /// What `value` is the transpose of, and its permutation.
  private func transposeSource(_ value: Value) -> (Value, [Int])? {
    guard let node = definition(of: value, as: "transpose") else { return nil }
    return (node.operands[0], node.attributes.integers("permutation"))
  }

  /// The transpose of the contraction `node` as a contraction, where the permutation only reorders batch axes among
  /// themselves and swaps the groups of free axes. Factors commute, so every element keeps its bits.
  mutating func transposed(_ node: Node, _ permutation: [Int]) -> Value? {
    let dimensions = ContractionDimensions(checked: node.attributes)
    let batch = dimensions.lhsBatch.count
    let left = batch + dimensions.lhsFree(rank: node.operands[0].type.rank).count
    let order = Array(permutation[..<batch])
    guard order.allSatisfy({ $0 < batch }) else { return nil }
    let free = Array(permutation[batch...])
    var result = dimensions
    result.lhsBatch = order.map { dimensions.lhsBatch[$0] }
    result.rhsBatch = order.map { dimensions.rhsBatch[$0] }
    if free == Array(batch..<permutation.count) {
      return make(DotGeneralOperation(), node.operands, result.attributes)
    }
    guard free == Array(left..<permutation.count) + Array(batch..<left) else { return nil }
    let swapped = ContractionDimensions(
      lhsBatch: result.rhsBatch, rhsBatch: result.lhsBatch, lhsContracting: dimensions.rhsContracting,
      rhsContracting: dimensions.lhsContracting)
    return make(DotGeneralOperation(), [node.operands[1], node.operands[0]], swapped.attributes)
  }
}

extension ContractionDimensions {
  /// The dimension numbers in the checked attributes of a `dot_general`.
  fileprivate init(checked attributes: Attributes) {
    self.init(
      lhsBatch: attributes.integers("lhs_batch"), rhsBatch: attributes.integers("rhs_batch"),
      lhsContracting: attributes.integers("lhs_contracting"), rhsContracting: attributes.integers("rhs_contracting"))
  }

  /// The attributes of a `dot_general` with these dimension numbers.
  fileprivate var attributes: Attributes {
    [
      "lhs_batch": .integers(lhsBatch), "rhs_batch": .integers(rhsBatch),
      "lhs_contracting": .integers(lhsContracting), "rhs_contracting": .integers(rhsContracting),
    ]
  }
}
