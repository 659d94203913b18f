import FraguaGraph
import FraguaKernels

/// What a node reads, seen through the deferred nodes that every region takes a copy of.
extension FusionPlanner {
  /// A value in memory or of a region that a node uses, with its coordinates as a function of the node's.
  struct Reached {
    let value: Value
    /// `nil` where they are not affine.
    let coordinates: [AffineExpression]?
    /// The node's coordinates as a function of the value's, where each element is used at one place.
    let inverse: [AffineExpression]?

    /// Whether each element is read where the node's own is computed.
    var isIdentity: Bool { coordinates == AffineExpression.identity(rank: value.type.rank) }
  }

  /// What `node` uses, seen through the deferred nodes, elementwise over the node's operand shape.
  func reached(from node: Node) -> [Reached] {
    var result: [Reached] = []
    for (position, operand) in node.operands.enumerated() {
      if isTable(position, of: node) {
        if producers[operand.id] != nil { result.append(Reached(value: operand, coordinates: nil, inverse: nil)) }
      } else {
        result += reached(from: operand, among: result)
      }
    }
    return result
  }

  /// What `value` is computed from, as a function of its own coordinates; itself where it is not deferred.
  /// - Parameter known: what need not be given again.
  func reached(from value: Value, among known: [Reached] = []) -> [Reached] {
    let identity = AffineExpression.identity(rank: value.type.rank)
    var result = known
    reach(value, identity, identity, value.type.extents, &result)
    return Array(result.dropFirst(known.count))
  }

  /// Whether operand `position` of `node` is a table that it reads in memory: at places known only when it runs, or
  /// because its own place is a digit of digits.
  func isTable(_ position: Int, of node: Node) -> Bool {
    guard position == 0, let index = producers[node.results[0].id] else { return false }
    if case .gather = roles[index] { return true }
    return readsMemory.contains(index)
  }

  private func reach(
    _ value: Value, _ coordinates: [AffineExpression]?, _ inverse: [AffineExpression]?, _ extents: [Int],
    _ result: inout [Reached]
  ) {
    guard let producer = producers[value.id] else { return }
    guard isDeferred[producer] else {
      if !result.contains(where: { $0.value == value && $0.coordinates == coordinates }) {
        result.append(Reached(value: value, coordinates: coordinates, inverse: inverse))
      }
      return
    }
    let node = function.nodes[producer]
    switch roles[producer] {
    case .view(let map):
      let operand = node.operands[0]
      if isTable(0, of: node) {
        if producers[operand.id] != nil { result.append(Reached(value: operand, coordinates: nil, inverse: nil)) }
        return
      }
      let through = coordinates.flatMap { map.coordinates(at: $0, in: extents) }
      let back = inverse.flatMap { inverse in
        map.inverse(from: operand.type, to: value.type).flatMap {
          AffineMap(inverse).coordinates(at: $0, in: operand.type.extents)
        }
      }
      reach(operand, through, back, extents, &result)
    case .pointwise: for operand in node.operands { reach(operand, coordinates, inverse, extents, &result) }
    case .generator: for operand in node.operands { reach(operand, nil, nil, extents, &result) }
    default: break
    }
  }
}
