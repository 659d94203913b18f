import FraguaGraph
import FraguaSource

/// A function or a gradient of a graph, by its position there.
enum Definition: Sendable {
  case function(Int)
  case gradient(Int)
}

extension Graph {
  /// The functions and gradients such that each comes after those that it calls or differentiates.
  ///
  /// Otherwise they keep the order of the text, functions first. Linear in calls; without recursion, so that no chain of calls is too long.
  /// - Throws: that a name has no definition, or that definitions need each other in a circle.
  func dependencyOrder() throws(Diagnostics) -> [Definition] {
    let definitions = functions.indices.map(Definition.function) + gradients.indices.map(Definition.gradient)
    var position: [String: Int] = [:]
    for (i, definition) in definitions.enumerated() { position[name(of: definition)] = i }
    var needs: [[Int]] = []
    for definition in definitions {
      var list: [Int] = []
      for (name, location) in uses(of: definition) {
        guard let i = position[name] else {
          var error = Diagnostic("there is no function '@\(name)'", at: location)
          if let near = nearestName(to: name, among: position.keys.sorted()) { error = error.noting("did you mean '@\(near)'?") }
          throw Diagnostics(error)
        }
        list.append(i)
      }
      needs.append(list)
    }
    var order: [Definition] = []
    /// 0: not seen, 1: on the path, 2: done.
    var state = [UInt8](repeating: 0, count: definitions.count)
    for root in definitions.indices where state[root] == 0 {
      var path = [(definition: root, next: 0)]
      state[root] = 1
      while let (current, next) = path.last {
        if next == needs[current].count {
          state[current] = 2
          order.append(definitions[current])
          path.removeLast()
          continue
        }
        path[path.count - 1].next += 1
        let need = needs[current][next]
        if state[need] == 1 {
          let cycle = path.drop { $0.definition != need }.map { "'@\(name(of: definitions[$0.definition]))'" }
          throw Diagnostics(
            Diagnostic(
              "'@\(name(of: definitions[need]))' needs itself: \((cycle + [cycle[0]]).joined(separator: " needs "))",
              at: uses(of: definitions[current])[next].location))
        }
        if state[need] == 0 {
          state[need] = 1
          path.append((need, 0))
        }
      }
    }
    return order
  }

  private func name(of definition: Definition) -> String {
    switch definition {
    case .function(let i): functions[i].name
    case .gradient(let i): gradients[i].name
    }
  }

  /// What `definition` calls or differentiates, and where.
  private func uses(of definition: Definition) -> [(name: String, location: SourceLocation?)] {
    switch definition {
    case .function(let i):
      functions[i].nodes.compactMap { node in node.callee.map { ($0, node.origin.location) } }
    case .gradient(let i): [(gradients[i].function, gradients[i].origin.location)]
    }
  }
}
