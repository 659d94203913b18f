import FraguaGraph
import FraguaKernels

/// The bytes that fusion saves, and which regions may become one.
extension FusionPlanner {
  /// The bytes that need not move where node `index` is computed in `group`, with the elementwise regions that would
  /// join with it: each value that it uses of those need not be read, nor written where nothing else is known to read
  /// it.
  func savedBytes(_ index: Int, _ reached: [Reached], in group: Int, _ candidates: [Int]) -> Int {
    var joined: Set<Int> = [group]
    let placement = placement(of: index, reached.filter { groupOf($0.value) == group }, in: group)
    let own = placement == AffineExpression.identity(rank: groups[group].space.count) ? nil : placement
    for other in candidates
    where canAbsorb(other, into: group, candidates) && !reached.contains(where: { isElsewhere($0, own, other, group) })
    {
      joined.insert(other)
    }
    var values: Set<ValueID> = []
    var bytes = 0
    for item in reached {
      guard let home = groupOf(item.value), values.insert(item.value.id).inserted else { continue }
      let isShared = home != group && readsAnyway(group, item.value)
      guard joined.contains(home) || isShared else { continue }
      let size = item.value.type.byteCount
      let isWritten = isShared || isStoredAnyway(item.value) || isRead(item.value, outside: joined, except: index)
      bytes += isWritten ? size : 2 * size
    }
    return bytes
  }

  /// Whether a reduction of `group` reads `value` from memory.
  private func readsAnyway(_ group: Int, _ value: Value) -> Bool {
    consumers[value.id].contains { consumer in
      if case .reduction = roles[consumer] { self.group(ofNode: consumer) == group } else { false }
    }
  }

  /// Whether a node other than `index`, of a group that is none of `groups`, uses `value` itself.
  private func isRead(_ value: Value, outside groups: Set<Int>, except index: Int) -> Bool {
    consumers[value.id].contains { consumer in
      consumer != index && (group(ofNode: consumer).map { !groups.contains($0) } ?? false)
    }
  }

  /// Whether the elementwise region `other` can become part of `group`: it computes positions of the same space, or one
  /// value a row where `group` reduces rows; what either reads does not wait for the other; and `group` uses its values
  /// where they are computed.
  ///
  /// - Parameter candidates: groups that a node of `group` uses, or is about to.
  func canAbsorb(_ other: Int, into group: Int, _ candidates: [Int]) -> Bool {
    guard other != group, groups[other].kind == .map,
      groups[other].space == groups[group].space || isOfRows(other, group),
      groups[other].nodes.count + groups[group].nodes.count <= FusionGroup.nodeLimit,
      groups[other].placements.isEmpty || groups[group].form == .map || groups[group].form == .contract
    else { return false }
    let outside = order.predecessors[group].union(candidates.map(find)).subtracting([other, group])
    let before = order.predecessors[other].subtracting([group])
    if outside.contains(where: { order.depends($0, on: other) })
      || before.contains(where: { order.depends($0, on: group) })
    {
      return false
    }
    // A contraction's or a scatter's epilogue cannot feed the products; the map must not be what they read.
    if isReadByAnchor(other, of: group) || readsTable(group, of: other) || readsTable(other, of: group) { return false }
    // Elsewhere it would be computed again for every use, and what is cheap enough for that is deferred anyway.
    return !groups[group].nodes.contains { node in
      let own = groups[group].placements[function.nodes[node].results[0].id]
      return reached(from: function.nodes[node]).contains { isElsewhere($0, own, other, group) }
    }
  }

  /// Whether the elementwise region `other` computes one value for each row that `group` reduces.
  private func isOfRows(_ other: Int, _ group: Int) -> Bool {
    if case .rows = groups[group].kind { groups[other].space == groups[group].rowSpace } else { false }
  }

  /// Whether a value of `other` is used by a node of `group`, which lies at `placement` if not at its own coordinates, at
  /// a place other than the node's own, or than its row.
  private func isElsewhere(_ item: Reached, _ placement: [AffineExpression]?, _ other: Int, _ group: Int) -> Bool {
    guard groupOf(item.value) == other else { return false }
    if placement != nil || groups[other].placements[item.value.id] != nil {
      guard let coordinates = item.coordinates else { return true }
      let own = placement ?? AffineExpression.identity(rank: groups[group].space.count)
      return AffineMap(coordinates).coordinates(at: own, in: groups[group].space)
        != groups[other].placement(of: item.value)
    }
    if item.isIdentity { return false }
    guard isOfRows(other, group) else { return true }
    let rank = groups[group].space.count
    return item.coordinates != groups[group].rowAxes.map { AffineExpression.axis($0, rank: rank) }
  }

  /// Whether `group` reads a table that `other` computes.
  private func readsTable(_ group: Int, of other: Int) -> Bool {
    groups[group].tables.contains { groupOf($0) == other }
  }

  private func isReadByAnchor(_ other: Int, of group: Int) -> Bool {
    switch groups[group].kind {
    case .contract(let node), .scatter(let node):
      return reached(from: function.nodes[node]).contains { groupOf($0.value) == other }
        || groups[group].sideValues.keys.contains { id in
          producers[id].map { reached(from: function.nodes[$0]).contains { groupOf($0.value) == other } } ?? false
        }
    default: return false
    }
  }
}
