/// Names in an order in which each comes after those that it uses, and the cycles that prevent it.
///
/// Where there is freedom the given order is kept. What is on a cycle, or uses what is, comes in the order too: after
/// its other uses. Linear, without recursion.
/// - Parameter uses: names with the names that they use; unknown ones are ignored.
public func dependencyOrder(_ uses: [(name: String, uses: [String])]) -> (order: [String], cycles: [[String]]) {
  let edges = Dictionary(uses, uniquingKeysWith: { first, _ in first })
  enum State { case open, done }
  var state: [String: State] = [:]
  var order: [String] = []
  var cycles: [[String]] = []
  for (root, _) in uses where state[root] == nil {
    // The path from the root, each with the position of the next use to look at.
    var path: [(name: String, next: Int)] = [(root, 0)]
    state[root] = .open
    while let (name, next) = path.last {
      let used = edges[name]!
      guard next < used.count else {
        state[name] = .done
        order.append(name)
        path.removeLast()
        continue
      }
      path[path.count - 1].next += 1
      switch state[used[next]] {
      case .done: break
      case .open:
        let start = path.firstIndex { $0.name == used[next] }!
        // A few are enough to be told.
        if cycles.count < 10 { cycles.append(path[start...].map(\.name)) }
      case nil where edges[used[next]] != nil:
        state[used[next]] = .open
        path.append((used[next], 0))
      case nil: break
      }
    }
  }
  return (order, cycles)
}

/// `'@a' calls itself: '@a' -> '@b' -> '@a'`.
public func cycleMessage(_ cycle: [String]) -> String {
  "'@\(cycle[0])' calls itself: " + (cycle + [cycle[0]]).map { "'@\($0)'" }.joined(separator: " -> ")
}
