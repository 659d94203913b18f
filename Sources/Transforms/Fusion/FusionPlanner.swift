import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Decides which nodes of a function go into one region.
///
/// Nodes are visited in order. What is cheaper to compute again than to store (views, constants, iota, light arithmetic
/// on arguments) is *deferred*: every region that needs it takes a copy. Any other node joins the region that computes
/// its operands where the index spaces agree and no cycle of regions arises, or opens one. Near-linear: the search for
/// cycles stops at regions that lie wholly before the one in question.
struct FusionPlanner {
  let function: Function
  let cost: FusionCost
  var groups: [FusionGroup] = []
  private(set) var decisions: [FusionDecision] = []
  /// For each node: its role.
  let roles: [Role]
  /// For each value: the node that defines it.
  let producers: [Int?]
  /// For each value: the nodes that use it.
  let consumers: [[Int]]
  /// The values that leave the function.
  let kept: Set<Int>
  /// For each node: its group; `nil` while deferred or an alias.
  private(set) var groupOfNode: [Int?]
  /// Nodes that are copied to where they are used.
  private(set) var isDeferred: [Bool]
  /// Reshapes of stored values: the same memory by another name.
  private(set) var isAlias: [Bool]
  private var isProcessed: [Bool]
  /// Merged groups point to the one they went into.
  private var forward: [Int] = []
  /// The `rows` group that reduces a value over these axes, for reductions of the same value.
  private var rowsGroupOfOperand: [RowsKey: Int] = [:]
  private var scalarGroup: Int?

  private struct RowsKey: Hashable {
    let value: Int
    let axes: [Int]
  }

  init(_ function: Function, _ target: Target) {
    self.function = function
    cost = FusionCost(target: target)
    var producers = [Int?](repeating: nil, count: function.valueCount)
    var consumers = [[Int]](repeating: [], count: function.valueCount)
    var roles: [Role] = []
    for (index, node) in function.nodes.enumerated() {
      for result in node.results { producers[result.id] = index }
      for operand in node.operands { consumers[operand.id].append(index) }
      guard let operation = node.operation as? any PrimitiveOperation else {
        preconditionFailure("'\(node.name)' reaches fusion undecomposed")
      }
      roles.append(operation.role(node.operands.map(\.type), node.results.map(\.type), node.attributes))
    }
    kept = Set((function.results + function.updates.map(\.value)).map(\.id))
    self.producers = producers
    self.consumers = consumers
    self.roles = roles
    groupOfNode = Array(repeating: nil, count: function.nodes.count)
    isDeferred = Array(repeating: false, count: function.nodes.count)
    isAlias = isDeferred
    isProcessed = isDeferred
  }

  /// Visits all nodes, then stores what must be in memory.
  mutating func plan() {
    for index in function.nodes.indices { process(index) }
    for value in function.results + function.updates.map(\.value) { materialize(value) }
  }

  // MARK: Visiting

  private mutating func process(_ index: Int) {
    if isProcessed[index] { return }
    isProcessed[index] = true
    let node = function.nodes[index]
    switch roles[index] {
    case .constant: isDeferred[index] = true
    case .view(.reshape): processReshape(index, node)
    case .view: isDeferred[index] = true
    case .gather:
      materialize(node.operands[0])
      joinElementwise(index, node)
      groupOfNode[index].map { groups[find($0)].tables.append(node.operands[0]) }
    case .generator, .pointwise:
      if isCheaperToRecompute(node) { isDeferred[index] = true } else { joinElementwise(index, node) }
    case .reduction(let combiner, let axes): joinReduction(index, node, combiner, axes)
    case .contraction: open(.contract(node: index), space: node.results[0].type.extents, index)
    case .scatterAdd: open(.scatter(node: index), space: node.results[0].type.extents, index)
    }
  }

  /// A reshape that only adds or removes axes of extent 1 is a view; any other renames memory.
  private mutating func processReshape(_ index: Int, _ node: Node) {
    let from = node.operands[0].type.extents.filter { $0 != 1 }
    if from == node.results[0].type.extents.filter({ $0 != 1 }) {
      isDeferred[index] = true
      return
    }
    materialize(node.operands[0])
    isAlias[index] = true
  }

  /// Makes sure that `value` is stored by some region, or is an argument.
  mutating func materialize(_ value: Value) {
    guard let producer = producers[value.id], isDeferred[producer] else { return }
    isDeferred[producer] = false
    open(.map, space: value.type.extents, producer)
  }

  private mutating func open(_ kind: FusionGroup.Kind, space: [Int], _ index: Int) {
    let node = function.nodes[index]
    groups.append(FusionGroup(kind, space: space, node: index))
    forward.append(groups.count - 1)
    groupOfNode[index] = groups.count - 1
    groups[groups.count - 1].predecessors = Set(reached(from: node).compactMap { groupOf($0.value) })
  }

  /// Puts node `index` into `group`.
  /// - Parameter sharesReads: what it reads from memory the group reads anyway.
  private mutating func join(_ index: Int, _ group: Int, _ reason: String, sharesReads: Bool = false) {
    let node = function.nodes[index]
    groupOfNode[index] = group
    groups[group].nodes.append(index)
    groups[group].first = min(groups[group].first, index)
    groups[group].last = max(groups[group].last, index)
    for item in reached(from: node) {
      guard let other = groupOf(item.value) else { continue }
      if other != group { groups[group].predecessors.insert(other) }
      let isFused = other == group || sharesReads
      decide(item.value, node, fused: isFused, isFused ? reason : reasonApart(item, other, group))
    }
  }

  /// Why a value of group `other` is read from memory by a node of `group`.
  private func reasonApart(_ item: Reached, _ other: Int, _ group: Int) -> String {
    if groups[other].space != groups[group].space || !isIdentity(item) {
      return "the index spaces of their regions differ, \(words(groups[other])) and \(words(groups[group]))"
    }
    if groups[other].kind == .map { return "as one region, they and what lies between would wait for each other" }
    return "a region holds one reduction or product, \(words(groups[other])) and \(words(groups[group])) are two"
  }

  private func words(_ group: FusionGroup) -> String {
    "\(group.form.rawValue) [\(group.space.map(String.init).joined(separator: ", "))]"
  }

  private mutating func decide(_ producer: Value, _ consumer: Node, fused: Bool, _ reason: String) {
    decisions.append(
      FusionDecision(producer: producer, consumer: consumer.results[0], isFused: fused, reason: reason))
  }

  // MARK: Groups

  /// The group that computes `value`, seen through aliases; `nil` for arguments and deferred values.
  func groupOf(_ value: Value) -> Int? {
    guard let producer = producers[value.id] else { return nil }
    if isAlias[producer] { return groupOf(function.nodes[producer].operands[0]) }
    return groupOfNode[producer].map(find)
  }

  private func find(_ group: Int) -> Int {
    var group = group
    while forward[group] != group { group = forward[group] }
    return group
  }

  // MARK: Elementwise nodes

  private mutating func joinElementwise(_ index: Int, _ node: Node) {
    let reached = reached(from: node)
    let shape = node.results[0].type.extents
    let candidates = candidates(reached)
    for group in candidates {
      let inside = reached.filter { groupOf($0.value) == group }
      guard fits(shape, inside, in: group) else { continue }
      if groups[group].isFull {
        decide(inside[0].value, node, fused: false, "that region has \(groups[group].nodes.count) operations already")
        continue
      }
      if createsCycle(candidates, group) {
        decide(inside[0].value, node, fused: false, "another operand is computed after that region")
        continue
      }
      if let side = inside.compactMap({ groups[group].sideValues[$0.value.id] }).first {
        groups[group].sideValues[node.results[0].id] = side
      }
      join(index, group, "both have the same index space")
      absorbMaps(into: group, candidates)
      return
    }
    for item in reached where groupOf(item.value) != nil {
      decide(item.value, node, fused: false, "the index spaces differ")
    }
    if shape.isEmpty, candidates.isEmpty, let group = scalarGroup.map(find), !groups[group].isFull {
      join(index, group, "both are scalars")
      return
    }
    open(.map, space: shape, index)
    if shape.isEmpty, candidates.isEmpty { scalarGroup = groups.count - 1 }
  }

  /// The groups that compute `reached`, the ones to join first in front: maps come last, since a map can be taken into
  /// any other group but not the other way round; among equals the latest.
  private func candidates(_ reached: [Reached]) -> [Int] {
    Set(reached.compactMap { groupOf($0.value) }).sorted { a, b in
      let (isMapA, isMapB) = (groups[a].kind == .map, groups[b].kind == .map)
      return isMapA == isMapB ? a > b : isMapB
    }
  }

  /// Whether a value of `shape` that uses `inside` of `group` can be computed there.
  private func fits(_ shape: [Int], _ inside: [Reached], in group: Int) -> Bool {
    let target = groups[group]
    switch target.kind {
    case .map, .scatter: return shape == target.space && inside.allSatisfy(isIdentity)
    case .contract:
      let sides = inside.map { target.sideValues[$0.value.id] }
      if sides.allSatisfy({ $0 == nil }) { return shape == target.space && inside.allSatisfy(isIdentity) }
      // Both sums are there only when the products are.
      return sides.allSatisfy { $0 != nil && $0 == sides[0] }
        && inside.allSatisfy { isIdentity($0) && $0.value.type.extents == shape }
    case .rows:
      let isRowLevel = shape == target.rowSpace && inside.allSatisfy { isRowValue($0.value, target) }
      if isRowLevel { return inside.allSatisfy(isIdentity) }
      guard shape == target.space else { return false }
      return inside.allSatisfy { item in
        if isRowValue(item.value, target) {
          return item.coordinates == target.rowAxes.map { AffineExpression.axis($0, rank: shape.count) }
        }
        return isIdentity(item)
      }
    }
  }

  /// Whether `value` of a `rows` group has one element a row rather than one a position.
  ///
  /// Where both shapes agree (all reduced extents are 1 cannot happen: ranks differ) the rank tells.
  private func isRowValue(_ value: Value, _ group: FusionGroup) -> Bool {
    value.type.rank == group.rowSpace.count && value.type.rank != group.space.count
  }

  func isIdentity(_ item: Reached) -> Bool {
    item.coordinates == AffineExpression.identity(rank: item.value.type.rank)
  }

  /// Whether putting a node that reads `others` into `group` would make two regions wait for each other.
  private func createsCycle(_ others: [Int], _ group: Int) -> Bool {
    others.contains { $0 != group && depends($0, on: group) }
  }

  /// Whether group `a` needs a value of group `b`, directly or not.
  private func depends(_ a: Int, on b: Int) -> Bool {
    let goal = find(b)
    var stack = [find(a)]
    var seen: Set<Int> = []
    while let group = stack.popLast() {
      if group == goal { return true }
      if groups[group].last < groups[goal].first || !seen.insert(group).inserted { continue }
      stack += groups[group].predecessors.map(find)
    }
    return false
  }

  /// Takes elementwise regions of the same space that feed `group` into it where that makes no cycle.
  private mutating func absorbMaps(into group: Int, _ candidates: [Int]) {
    for other in candidates
    where other != group && groups[other].kind == .map && groups[other].space == groups[group].space
      && groups[other].nodes.count + groups[group].nodes.count <= FusionGroup.nodeLimit
    {
      let outside = groups[group].predecessors.map(find).filter { $0 != other }
      let before = groups[other].predecessors.map(find).filter { $0 != group }
      if outside.contains(where: { depends($0, on: other) }) || before.contains(where: { depends($0, on: group) }) {
        continue
      }
      // A contraction's or a scatter's epilogue cannot feed the products; the map must not be what they read.
      if isReadByAnchor(other, of: group) || readsTable(group, of: other) || readsTable(other, of: group) { continue }
      merge(other, into: group)
    }
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

  private mutating func merge(_ other: Int, into group: Int) {
    forward[other] = group
    groups[group].nodes += groups[other].nodes
    groups[group].first = min(groups[group].first, groups[other].first)
    groups[group].last = max(groups[group].last, groups[other].last)
    groups[group].predecessors.formUnion(groups[other].predecessors)
    groups[group].predecessors = Set(groups[group].predecessors.map(find)).subtracting([group])
    groups[group].tables += groups[other].tables
    for node in groups[other].nodes { groupOfNode[node] = group }
    groups[other].nodes = []
  }

  // MARK: Reductions

  private mutating func joinReduction(_ index: Int, _ node: Node, _ combiner: Combiner, _ axes: [Int]) {
    if combiner == .sum, joinAsSideSum(index, node, axes) { return }
    let operand = node.operands[0]
    let space = operand.type.extents
    let reached = reached(from: node)
    let candidates = candidates(reached)
    let key = RowsKey(value: operand.id, axes: axes)
    for group in candidates + (rowsGroupOfOperand[key].map { [find($0)] } ?? []) {
      let inside = reached.filter { groupOf($0.value) == group }
      guard groups[group].space == space, !groups[group].isFull, !createsCycle(candidates, group) else { continue }
      switch groups[group].kind {
      case .rows(let reduced) where reduced == axes && fits(space, inside, in: group): break
      case .map where inside.allSatisfy(isIdentity) && isTrailing(axes, rank: space.count):
        groups[group].kind = .rows(axes: axes)
      default: continue
      }
      join(index, group, "the row is in cache when it is reduced")
      absorbMaps(into: group, candidates)
      rowsGroupOfOperand[key] = group
      return
    }
    open(.rows(axes: axes), space: space, index)
    let opened = groups.count - 1
    for item in reached where groupOf(item.value) != nil && groupOf(item.value) != opened {
      decide(item.value, node, fused: false, "the reduction's index space differs from its producer's")
    }
    absorbMaps(into: opened, candidates)
    rowsGroupOfOperand[key] = opened
  }

  private func isTrailing(_ axes: [Int], rank: Int) -> Bool { axes == Array((rank - axes.count)..<rank) }

  /// Puts the sum of an operand of a contraction over the contracted axes beside the contraction: a bias gradient
  /// beside its weight gradient.
  private mutating func joinAsSideSum(_ index: Int, _ node: Node, _ axes: [Int]) -> Bool {
    let operand = node.operands[0]
    guard operand.type.element.isFloat else { return false }
    for consumer in consumers[operand.id] {
      guard case .contraction(let dimensions) = roles[consumer], dimensions.lhsBatch.isEmpty else { continue }
      let contraction = function.nodes[consumer]
      let isRight = contraction.operands[1] == operand && dimensions.rhsContracting.sorted() == axes
      let isLeft = contraction.operands[0] == operand && dimensions.lhsContracting.sorted() == axes
      guard isRight || isLeft, contraction.operands[0] != contraction.operands[1] else { continue }
      // The contraction may stand later in the text; it is visited now if all it needs has been.
      if !isProcessed[consumer] {
        let ready = contraction.operands.allSatisfy { producers[$0.id].map { isProcessed[$0] } ?? true }
        if !ready { continue }
        process(consumer)
      }
      guard let group = groupOfNode[consumer].map(find) else { continue }
      let others = Set(reached(from: node).compactMap { groupOf($0.value) })
      if others.contains(group) || createsCycle(others.sorted(), group) { continue }
      groups[group].sideValues[node.results[0].id] = isRight ? .rhs : .lhs
      join(index, group, "the sum runs beside the contraction, which reads the same elements", sharesReads: true)
      return true
    }
    return false
  }
}
