import FraguaGraph

/// What was decided about each edge, read off the finished plan.
extension FusionPlanner {
  /// A decision for each pair of a node and a value that another node computes and it uses, in the nodes' order.
  ///
  /// - Requires: ``plan()`` has run.
  func decisions() -> [FusionDecision] {
    let homes = homes()
    let stored = storedValues(homes)
    var result: [FusionDecision] = []
    for index in function.nodes.indices {
      for (operand, producer) in computedOperands(of: index) {
        result.append(decision(operand, producer, index, homes, stored))
      }
    }
    return result
  }

  /// The operands of a node that other nodes compute, each once, with those nodes.
  private func computedOperands(of index: Int) -> [(operand: Value, producer: Int)] {
    var seen: Set<ValueID> = []
    return function.nodes[index].operands.compactMap { operand in
      guard let producer = producers[operand.id], seen.insert(operand.id).inserted else { return nil }
      return (operand, producer)
    }
  }

  /// For each node the groups that compute it: its own, and those of all that uses it where it is computed again.
  private func homes() -> [Set<Int>] {
    var homes = [Set<Int>](repeating: [], count: function.nodes.count)
    for index in function.nodes.indices.reversed() {
      if let group = group(ofNode: index) { homes[index] = [group] }
      guard isDeferred[index] else { continue }
      for result in function.nodes[index].results {
        for consumer in consumers[result.id] where !readsTable(result, consumer) {
          homes[index].formUnion(homes[consumer])
        }
      }
    }
    return homes
  }

  /// Whether node `index` uses its own copy of what computes `operand`.
  private func isCopied(_ operand: Value, into index: Int, _ homes: [Set<Int>]) -> Bool {
    guard let producer = producers[operand.id], isDeferred[producer], !isName(index, homes) else { return false }
    return !readsTable(operand, index)
  }

  /// Whether node `index` reads `value` as a table.
  private func readsTable(_ value: Value, _ index: Int) -> Bool {
    let node = function.nodes[index]
    return isTable(0, of: node) && node.operands[0] == value
  }

  /// Whether node `index` is nothing but another name of what is in memory.
  private func isName(_ index: Int, _ homes: [Set<Int>]) -> Bool { isAlias[index] && homes[index].isEmpty }

  /// Whether node `index` takes `operand` from memory.
  private func readsMemory(_ index: Int, _ operand: Value, _ producer: Int, _ homes: [Set<Int>]) -> Bool {
    if isCopied(operand, into: index, homes) { return false }
    if isName(index, homes) || isDeferred[producer] { return true }
    return !homes[index].isSubset(of: homes[producer])
  }

  /// The values that lie in memory because something reads them there or because they leave the function.
  private func storedValues(_ homes: [Set<Int>]) -> Set<ValueID> {
    var stored = kept
    for index in function.nodes.indices {
      for (operand, producer) in computedOperands(of: index)
      where isAlias[index] || readsMemory(index, operand, producer, homes) {
        stored.insert(operand.id)
      }
    }
    return stored
  }

  private func decision(
    _ operand: Value, _ producer: Int, _ index: Int, _ homes: [Set<Int>], _ stored: Set<ValueID>
  ) -> FusionDecision {
    let size = operand.type.byteCount
    func decided(_ verdict: FusionDecision.Verdict, _ reason: String, _ bytes: Int) -> FusionDecision {
      FusionDecision(
        producer: operand, consumer: function.nodes[index].results[0], verdict: verdict, reason: reason, bytes: bytes,
        isWritten: groupOf(operand) != nil)
    }
    if isCopied(operand, into: index, homes) { return decided(.computedAgain, "", size) }
    if isName(index, homes) { return decided(.notFused, Self.renaming, 0) }
    if !readsMemory(index, operand, producer, homes) {
      return decided(.fused, reasonTogether(operand, producer, index), stored.contains(operand.id) ? size : 2 * size)
    }
    if sideSums.contains(index) {
      return decided(.fused, "the sum runs beside the product, which reads the same elements", size)
    }
    return decided(.notFused, reasonApart(operand, producer, index), size)
  }

  private static let renaming = "a reshape is another name for what is in memory"

  /// Why a value of a region is used there without going through memory.
  private func reasonTogether(_ operand: Value, _ producer: Int, _ index: Int) -> String {
    if case .reduction = roles[index] { return "the row is in cache when it is reduced" }
    let group = groups[group(ofNode: producer)!]
    if case .rows = group.kind, operand.type.rank != group.space.count { return "both are computed row by row" }
    return "both have the same index space"
  }

  /// Why a value of a region is read from memory by a node of another.
  private func reasonApart(_ operand: Value, _ producer: Int, _ index: Int) -> String {
    // An argument in another shape is computed by no region.
    guard let own = groupOf(operand), let reader = reader(through: index, outside: own),
      let other = group(ofNode: reader)
    else { return Self.renaming }
    switch roles[reader] {
    case .contraction: return "a product reads its operands from memory, many times"
    case .scatterAdd: return "a scatter reads its operands from memory"
    default: break
    }
    let item = reached(from: function.nodes[reader]).first { groupOf($0.value) == own && $0.value == operand }
    if let item, item.coordinates == nil, !isAlias[producer] {
      return "it is read at places that are known only when it runs"
    }
    if let refusal = refusals[reader]?.last(where: { find($0.group) == own }) { return refusal.reason }
    if isAlias[producer] { return "it is read in another shape than it is computed in" }
    if groups[own].space != groups[other].space {
      return "the index spaces of their regions differ, \(words(own)) and \(words(other))"
    }
    if let item, !item.isIdentity { return "it is read at other places than where it is computed" }
    if groups[own].kind == .map || groups[other].kind == .map {
      return "as one region, they and what lies between would wait for each other"
    }
    return "a region holds one reduction or product, \(words(own)) and \(words(other)) are two"
  }

  /// Node `index`, or where it is computed again the first node of a group other than `group` that uses it, directly or
  /// not.
  private func reader(through index: Int, outside group: Int) -> Int? {
    var stack = [index]
    var seen: Set<Int> = []
    while let next = stack.popLast() {
      guard seen.insert(next).inserted else { continue }
      if let own = self.group(ofNode: next), own != group { return next }
      if !isDeferred[next] { continue }
      for result in function.nodes[next].results { stack += consumers[result.id].reversed() }
    }
    return nil
  }

  private func words(_ group: Int) -> String {
    "\(groups[group].form.rawValue) [\(groups[group].space.map(String.init).joined(separator: ", "))]"
  }
}
