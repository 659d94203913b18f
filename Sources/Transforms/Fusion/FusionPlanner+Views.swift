import FraguaGraph
import FraguaKernels
import FraguaTensors

/// Views, and what must be in memory.
extension FusionPlanner {
  /// A view is copied to where it is used. Of a long chain of them, or of one whose element is a digit of digits, a part
  /// goes through memory.
  mutating func deferView(_ index: Int, _ node: Node) {
    isDeferred[index] = true
    let operand = node.operands[0]
    guard let producer = producers[operand.id], isDeferred[producer] else { return }
    depth[index] = depth[producer] + 1
    let type = node.results[0].type
    let identity = AffineExpression.identity(rank: type.rank)
    if depth[index] < Self.deepestChain, isExpressible(index, at: identity, in: type.extents) { return }
    materialize(operand)
    readsMemory.insert(index)
    depth[index] = 0
  }

  private static let deepestChain = 32

  /// Whether the view `map`, node `index`, only renames memory.
  func isReshape(_ index: Int, _ map: AffineMap) -> Bool {
    let node = function.nodes[index]
    return map.keepsOrder(from: node.operands[0].type.extents, to: node.results[0].type.extents)
  }

  /// Makes sure that `value` is stored by some region, or is an argument.
  ///
  /// Regions that have a copy of it keep that: one that computes what the value is made of would wait for the value,
  /// and the value for it.
  mutating func materialize(_ value: Value) {
    guard let producer = producers[value.id], isDeferred[producer], groupOfNode[producer] == nil, !isAlias[producer]
    else { return }
    guard case .view(let map) = roles[producer], !readsMemory.contains(producer) else {
      return open(.map, space: value.type.extents, producer)
    }
    let operand = function.nodes[producer].operands[0]
    let isRenamed = isReshape(producer, map)
    if !(isRenamed && isInMemory(operand)), joinInPlace(producer) { return }
    guard isRenamed else { return open(.map, space: value.type.extents, producer) }
    materialize(operand)
    isAlias[producer] = true
  }

  /// Whether `value` is stored by some region or names what is.
  private func isInMemory(_ value: Value) -> Bool {
    guard let producer = producers[value.id], isDeferred[producer] else { return true }
    return isAlias[producer] || groupOfNode[producer] != nil
  }

  /// Puts a view that must be stored into the group that computes all that it shows, where it can store it in order.
  private mutating func joinInPlace(_ index: Int) -> Bool {
    let reached = reached(from: function.nodes[index].results[0])
    guard let group = reached.first.flatMap({ groupOf($0.value) }), reached.allSatisfy({ groupOf($0.value) == group }),
      reached.allSatisfy({ groups[group].sideValues[$0.value.id] == nil }), !groups[group].isFull,
      let placement = placement(of: index, reached, in: group)
    else { return false }
    join(index, group, at: placement)
    return true
  }
}
