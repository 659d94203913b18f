import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Decides which nodes of a function go into one region.
///
/// Nodes are visited in order. What is cheaper to compute again than to store (views, constants, iota, light arithmetic
/// on arguments) is *deferred*: every region that needs it takes a copy. Any other node joins a region that computes
/// operands of it where the index spaces agree and no cycle of regions arises, or opens one; among several that could
/// take it the one where the fewest bytes move. Near-linear: the search for cycles stops at regions that lie before the
/// one in question in ``RegionOrder``.
struct FusionPlanner {
  let function: Function
  let cost: FusionCost
  var groups: [FusionGroup] = []
  /// Which groups need values of which.
  var order = RegionOrder()
  /// For each node: the groups that it did not join although they compute an operand, with the reason.
  private(set) var refusals: [Int: [Refusal]] = [:]
  /// Sums that run beside a contraction.
  var sideSums: Set<Int> = []
  /// For each node: its role.
  let roles: [Role]
  /// For each value: the node that defines it.
  let producers: ValueTable<Int?>
  /// For each value: the nodes that use it.
  let consumers: ValueTable<[Int]>
  /// The values that leave the function.
  let kept: Set<ValueID>
  /// For each node: its group; `nil` while only copied, or an alias.
  var groupOfNode: [Int?]
  /// Nodes that are copied to where they are used. One that must be in memory too has a group besides, which stores it.
  var isDeferred: [Bool]
  /// Reshapes of stored values: the same memory by another name, besides what is copied of them.
  var isAlias: [Bool]
  /// Views that are copied, but whose operand is read from memory.
  var readsMemory: Set<Int> = []
  /// For each node: how many deferred nodes lie between it and memory.
  var depth: [Int]
  var isProcessed: [Bool]
  /// Merged groups point to the one they went into.
  private var forward: [Int] = []
  /// The `rows` group that reduces a value over these axes, for reductions of the same value.
  var rowsGroupOfOperand: [RowsKey: Int] = [:]
  private var scalarGroup: Int?

  /// Why a node is not in a group.
  struct Refusal {
    let group: Int
    let reason: String
  }

  /// A value that is reduced, and the axes.
  struct RowsKey: Hashable {
    let value: ValueID
    let axes: [Int]
  }

  init(_ classified: ClassifiedFunction, _ target: Target) {
    function = classified.function
    roles = classified.roles
    producers = classified.producers
    cost = FusionCost(target: target)
    var consumers = ValueTable<[Int]>(repeating: [], count: function.valueCount)
    for (index, node) in function.nodes.enumerated() {
      for operand in node.operands { consumers[operand.id].append(index) }
    }
    kept = Set((function.results + function.updates.map(\.value)).map(\.id))
    self.consumers = consumers
    groupOfNode = Array(repeating: nil, count: function.nodes.count)
    isDeferred = Array(repeating: false, count: function.nodes.count)
    isAlias = isDeferred
    depth = Array(repeating: 0, count: function.nodes.count)
    isProcessed = isDeferred
  }

  /// Visits all nodes, then stores what must be in memory.
  mutating func plan() {
    for index in function.nodes.indices { process(index) }
    for value in function.results + function.updates.map(\.value) { materialize(value) }
  }

  // MARK: Visiting

  mutating func process(_ index: Int) {
    if isProcessed[index] { return }
    isProcessed[index] = true
    let node = function.nodes[index]
    switch roles[index] {
    case .constant: isDeferred[index] = true
    case .view: deferView(index, node)
    case .gather:
      materialize(node.operands[0])
      joinElementwise(index, node)
      groupOfNode[index].map { groups[find($0)].tables.append(node.operands[0]) }
    case .generator, .pointwise:
      if isCheaperToRecompute(index) {
        isDeferred[index] = true
        depth[index] = node.operands.compactMap { producers[$0.id].map { depth[$0] } }.max() ?? 0
      } else {
        joinElementwise(index, node)
      }
    case .reduction(let combiner, let axes): joinReduction(index, node, combiner, axes)
    case .contraction: open(.contract(node: index), space: node.results[0].type.extents, index)
    case .scatterAdd: open(.scatter(node: index), space: node.results[0].type.extents, index)
    }
  }

  /// A new group of node `index`.
  mutating func open(_ kind: FusionGroup.Kind, space: [Int], _ index: Int) {
    let node = function.nodes[index]
    groups.append(FusionGroup(kind, space: space, node: index))
    forward.append(groups.count - 1)
    let group = order.append()
    groupOfNode[index] = group
    for other in groups(of: reached(from: node)) where other != group { order.addEdge(from: other, to: group) }
  }

  /// Puts node `index` into `group`, its elements at `placement` where that is not its own coordinates.
  mutating func join(_ index: Int, _ group: Int, at placement: [AffineExpression]? = nil) {
    groupOfNode[index] = group
    let result = function.nodes[index].results[0]
    let isElsewhere = placement != AffineExpression.identity(rank: result.type.rank)
    if isElsewhere || result.type.extents != groups[group].space { groups[group].placements[result.id] = placement }
    groups[group].nodes.append(index)
    groups[group].first = min(groups[group].first, index)
    for other in groups(of: reached(from: function.nodes[index])) where other != group {
      order.addEdge(from: other, to: group)
    }
  }

  private mutating func refuse(_ index: Int, _ group: Int, _ reason: String) {
    refusals[index, default: []].append(Refusal(group: group, reason: reason))
  }

  // MARK: Groups

  /// The group that stores `value` or keeps it to itself, seen through aliases; `nil` for arguments and what is only
  /// copied.
  func groupOf(_ value: Value) -> Int? {
    guard let producer = producers[value.id] else { return nil }
    if isAlias[producer] { return groupOf(function.nodes[producer].operands[0]) }
    return groupOfNode[producer].map(find)
  }

  /// The groups that compute `reached`, ascending.
  func groups(of reached: [Reached]) -> [Int] { Set(reached.compactMap { groupOf($0.value) }).sorted() }

  /// The group that node `index` is in; `nil` where it is only copied or names other memory.
  func group(ofNode index: Int) -> Int? { groupOfNode[index].map(find) }

  func find(_ group: Int) -> Int {
    var group = group
    while forward[group] != group { group = forward[group] }
    return group
  }

  // MARK: Elementwise nodes

  private mutating func joinElementwise(_ index: Int, _ node: Node) {
    let reached = reached(from: node)
    let shape = node.results[0].type.extents
    let candidates = candidates(reached)
    let legal = candidates.filter { group in
      let inside = reached.filter { groupOf($0.value) == group }
      return fits(index, shape, inside, in: group) && isOpen(group, to: index, candidates)
    }
    if let group = best(legal, for: index, reached, candidates) {
      let inside = reached.filter { groupOf($0.value) == group }
      if let side = inside.compactMap({ groups[group].sideValues[$0.value.id] }).first {
        groups[group].sideValues[node.results[0].id] = side
      }
      let isSide = groups[group].sideValues[node.results[0].id] != nil
      join(index, group, at: isSide ? nil : placement(of: index, inside, in: group))
      absorbMaps(into: group, candidates)
      return
    }
    if shape.isEmpty, candidates.isEmpty, let group = scalarGroup.map(find), !groups[group].isFull {
      join(index, group)
      return
    }
    open(.map, space: shape, index)
    if shape.isEmpty, candidates.isEmpty { scalarGroup = groups.count - 1 }
  }

  /// Whether `group` has room for node `index`, and they would not wait for each other.
  mutating func isOpen(_ group: Int, to index: Int, _ candidates: [Int]) -> Bool {
    if groups[group].isFull {
      refuse(index, group, "that region has \(groups[group].nodes.count) operations already")
      return false
    }
    if createsCycle(candidates, group) {
      refuse(index, group, "another operand is computed after that region")
      return false
    }
    return true
  }

  /// The one of the groups `legal` in which node `index` saves the most bytes; among equals the first.
  mutating func best(_ legal: [Int], for index: Int, _ reached: [Reached], _ candidates: [Int]) -> Int? {
    guard legal.count > 1 else { return legal.first }
    let saved = legal.map { savedBytes(index, reached, in: $0, candidates) }
    let most = saved.max()!
    let chosen = saved.firstIndex(of: most)!
    for (group, bytes) in zip(legal, saved) where group != legal[chosen] {
      refuse(index, group, "in another region that it can join it saves \(most) bytes, in that one \(bytes)")
    }
    return legal[chosen]
  }

  /// The groups that compute `reached`, those to join first where bytes do not decide in front: maps come last, since a
  /// map can be taken into any other group but not the other way round; among equals the latest.
  func candidates(_ reached: [Reached]) -> [Int] {
    let found = groups(of: reached)
    if found.count < 2 { return found }
    // The closure holds the groups alone: with the planner, each comparison would take a copy of that.
    return found.sorted { [groups] a, b in
      let (isMapA, isMapB) = (groups[a].kind == .map, groups[b].kind == .map)
      return isMapA == isMapB ? a > b : isMapB
    }
  }

  /// Whether node `index` can be computed in `group`, of which it uses `inside` over a space of `shape`.
  func fits(_ index: Int, _ shape: [Int], _ inside: [Reached], in group: Int) -> Bool {
    let target = groups[group]
    switch target.kind {
    case .map, .scatter: return placement(of: index, inside, in: group) != nil
    case .contract:
      let sides = inside.map { target.sideValues[$0.value.id] }
      if sides.allSatisfy({ $0 == nil }) { return placement(of: index, inside, in: group) != nil }
      // Both sums are there only when the products are.
      return sides.allSatisfy { $0 != nil && $0 == sides[0] }
        && inside.allSatisfy { $0.isIdentity && $0.value.type.extents == shape }
    case .rows:
      let isRowLevel = shape == target.rowSpace && inside.allSatisfy { isRowValue($0.value, target) }
      if isRowLevel { return inside.allSatisfy(\.isIdentity) }
      guard shape == target.space else { return false }
      return inside.allSatisfy { item in
        if isRowValue(item.value, target) {
          return item.coordinates == target.rowAxes.map { AffineExpression.axis($0, rank: shape.count) }
        }
        return item.isIdentity
      }
    }
  }

  /// Whether `value` of a `rows` group has one element a row rather than one a position.
  ///
  /// Where both shapes agree (all reduced extents are 1 cannot happen: ranks differ) the rank tells.
  func isRowValue(_ value: Value, _ group: FusionGroup) -> Bool {
    value.type.rank == group.rowSpace.count && value.type.rank != group.space.count
  }

  /// Whether putting a node that reads `others` into `group` would make two regions wait for each other.
  func createsCycle(_ others: [Int], _ group: Int) -> Bool {
    others.contains { $0 != group && order.depends($0, on: group) }
  }

  /// Takes elementwise regions that feed `group` into it where that is possible.
  mutating func absorbMaps(into group: Int, _ candidates: [Int]) {
    for other in candidates where canAbsorb(other, into: group, candidates) { merge(other, into: group) }
  }

  private mutating func merge(_ other: Int, into group: Int) {
    forward[other] = group
    groups[group].nodes += groups[other].nodes
    groups[group].first = min(groups[group].first, groups[other].first)
    order.merge(other, into: group)
    groups[group].tables += groups[other].tables
    groups[group].placements.merge(groups[other].placements) { own, _ in own }
    for node in groups[other].nodes { groupOfNode[node] = group }
    groups[other].nodes = []
  }
}
