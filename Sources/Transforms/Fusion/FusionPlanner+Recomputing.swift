import FraguaGraph

/// Computing again against storing.
extension FusionPlanner {
  /// Whether every region that needs node `index` computes it again: that costs little, and what it is computed from is in
  /// memory anyway. So `1 - h²` is no second result of the layer that stores h.
  func isCheaperToRecompute(_ index: Int) -> Bool {
    let node = function.nodes[index]
    if kept.contains(node.results[0].id) { return false }
    let sources = reached(from: node).filter { groupOf($0.value) != nil }
    if !sources.isEmpty {
      guard sources.allSatisfy({ $0.isIdentity && isStoredAnyway($0.value) }),
        consumers[node.results[0].id].allSatisfy({ isPointwise(roles[$0]) })
      else { return false }
    }
    let weight = deferredWeight(node) + cost.weight(of: node, roles[index])
    return cost.prefersRecomputing(
      weight: weight, node.results[0].type, evaluations: evaluations(of: node.results[0]))
  }

  /// How many elements a region computes that takes a copy of what computes `value`: more than there are where
  /// broadcasts repeat them. Repetitions along the last axis alone do not count, since a kernel computes what does not
  /// vary along its vectors once.
  /// - Parameter depth: how many views to look through at most.
  private func evaluations(of value: Value, depth: Int = 3) -> Int {
    var most = value.type.elementCount
    if depth == 0 || value.type.rank == 0 { return most }
    for consumer in consumers[value.id] {
      guard case .view(let view) = roles[consumer] else { continue }
      let last = function.nodes[consumer].results[0].type.rank - 1
      if !isReshape(consumer, view), !view.coordinates.contains(where: { last >= 0 && $0.depends(on: last) }) {
        continue
      }
      most = max(most, evaluations(of: function.nodes[consumer].results[0], depth: depth - 1))
    }
    return most
  }

  private func isPointwise(_ role: Role) -> Bool { if case .pointwise = role { true } else { false } }

  /// Whether a region of its own reads `value`, whatever else is decided: a product, a scatter, or the reduction of a
  /// product.
  func isStoredAnyway(_ value: Value) -> Bool {
    if kept.contains(value.id) { return true }
    let isOfProduct =
      groupOf(value).map {
        switch groups[$0].kind {
        case .contract, .scatter: true
        case .map, .rows: false
        }
      } ?? false
    return consumers[value.id].contains { consumer in
      switch roles[consumer] {
      case .contraction, .scatterAdd: true
      case .gather: function.nodes[consumer].operands[0] == value
      case .reduction: isOfProduct
      default: false
      }
    }
  }

  /// The weight of the deferred nodes that `node` would take along.
  private func deferredWeight(_ node: Node) -> Double {
    var total = 0.0
    var stack = node.operands
    var seen: Set<Int> = []
    while let value = stack.popLast() {
      guard let producer = producers[value.id], isDeferred[producer], seen.insert(producer).inserted else { continue }
      total += cost.weight(of: function.nodes[producer], roles[producer])
      stack += function.nodes[producer].operands
    }
    return total
  }
}
