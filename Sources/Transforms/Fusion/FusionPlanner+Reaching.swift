import FraguaGraph

/// What a node reads, seen through the deferred nodes that every region takes a copy of.
extension FusionPlanner {
  /// A value in memory or of a region that a node uses, with its coordinates as a function of the node's.
  struct Reached {
    let value: Value
    /// `nil` where they are not affine.
    let coordinates: [AffineExpression]?

    /// Whether each element is read where the node's own is computed.
    var isIdentity: Bool { coordinates == AffineExpression.identity(rank: value.type.rank) }
  }

  /// What `node` uses, seen through the deferred nodes, elementwise over the node's operand shape.
  func reached(from node: Node) -> [Reached] {
    var result: [Reached] = []
    for (position, operand) in node.operands.enumerated() {
      if isTable(position, of: node) {
        if producers[operand.id] != nil { result.append(Reached(value: operand, coordinates: nil)) }
      } else {
        reach(operand, AffineExpression.identity(rank: operand.type.rank), operand.type.rank, &result)
      }
    }
    return result
  }

  /// Whether operand `position` of `node` is a table that it reads in memory, at places known only when it runs.
  func isTable(_ position: Int, of node: Node) -> Bool {
    guard position == 0, case .gather? = producers[node.results[0].id].map({ roles[$0] }) else { return false }
    return true
  }

  private func reach(_ value: Value, _ coordinates: [AffineExpression]?, _ rank: Int, _ result: inout [Reached]) {
    guard let producer = producers[value.id] else { return }
    guard isDeferred[producer] else {
      if !result.contains(where: { $0.value == value && $0.coordinates == coordinates }) {
        result.append(Reached(value: value, coordinates: isAlias[producer] ? nil : coordinates))
      }
      return
    }
    let node = function.nodes[producer]
    switch roles[producer] {
    case .view(let view):
      let through = coordinates.flatMap {
        view.operandCoordinates(
          at: $0, operand: node.operands[0].type.shape, result: value.type.shape, rank: rank)
      }
      reach(node.operands[0], through, rank, &result)
    case .pointwise: for operand in node.operands { reach(operand, coordinates, rank, &result) }
    case .generator: for operand in node.operands { reach(operand, nil, rank, &result) }
    default: break
    }
  }
}
