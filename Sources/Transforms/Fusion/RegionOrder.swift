import FraguaSource

/// Which regions need values of which, and an order of theirs that respects it, kept while regions grow and merge.
///
/// The invariant is that every edge leads from a smaller position to a larger one: so there is an order at all times,
/// and no regions that wait for each other. An edge that contradicts the order moves only regions between its ends
/// (Pearce and Kelly: A dynamic topological sort algorithm for directed acyclic graphs, JEA 2006); a search stops at
/// positions outside them.
package struct RegionOrder {
  /// For each region: those whose values it needs.
  package private(set) var predecessors: [Set<Int>] = []
  /// For each region: those that need its values.
  private var successors: [Set<Int>] = []
  /// For each region: its place in the order. Each number up to their count is the place of one.
  package private(set) var positions: [Int] = []

  package init() {}

  /// Adds a region behind all others and returns its number.
  package mutating func append() -> Int {
    predecessors.append([])
    successors.append([])
    positions.append(positions.count)
    return positions.count - 1
  }

  /// Whether region `a` needs a value of region `b`, directly or not, or is `b`.
  package func depends(_ a: Int, on b: Int) -> Bool {
    if positions[a] <= positions[b] { return a == b }
    var stack = [a]
    var seen = Set(stack)
    while let region = stack.popLast() {
      if predecessors[region].contains(b) { return true }
      let between = predecessors[region].filter { positions[$0] > positions[b] && !seen.contains($0) }
      seen.formUnion(between)
      // The earliest first: `b` is near.
      stack += between.count > 1 ? between.sorted { positions[$0] > positions[$1] } : Array(between)
    }
    return false
  }

  /// Notes that region `after` needs a value of region `before`.
  /// - Requires: `before` does not depend on `after`.
  package mutating func addEdge(from before: Int, to after: Int) {
    guard predecessors[after].insert(before).inserted else { return }
    successors[before].insert(after)
    let (low, high) = (positions[after], positions[before])
    if high < low { return }
    let forward = found(from: after, successors) { $0 <= high }
    precondition(!forward.contains(before), "regions \(before) and \(after) do not wait for each other")
    let backward = found(from: before, predecessors) { $0 >= low }
    let moved = backward.sorted { positions[$0] < positions[$1] } + forward.sorted { positions[$0] < positions[$1] }
    for (region, position) in zip(moved, moved.map { positions[$0] }.sorted()) { positions[region] = position }
  }

  /// Gives all edges of region `other` to `region`; `other` keeps none.
  /// - Requires: neither depends on the other by way of a third.
  package mutating func merge(_ other: Int, into region: Int) {
    let (before, after) = (predecessors[other], successors[other])
    for neighbour in before { successors[neighbour].remove(other) }
    for neighbour in after { predecessors[neighbour].remove(other) }
    predecessors[other] = []
    successors[other] = []
    for neighbour in before.sorted() where neighbour != region { addEdge(from: neighbour, to: region) }
    for neighbour in after.sorted() where neighbour != region { addEdge(from: region, to: neighbour) }
  }

  /// The regions that can be reached from `start` by `edges`, itself among them, through positions that fulfil
  /// `isBetween`.
  private func found(from start: Int, _ edges: [Set<Int>], while isBetween: (Int) -> Bool) -> Set<Int> {
    var found: Set = [start]
    var stack = [start]
    while let region = stack.popLast() {
      for next in edges[region] where isBetween(positions[next]) && found.insert(next).inserted { stack.append(next) }
    }
    return found
  }
}
