import FraguaGraph
import FraguaSource

/// A function or a gradient of a graph, by its position there.
enum Definition: Sendable {
  case function(Int)
  case gradient(Int)
}

extension Graph {
  /// The functions and gradients such that each comes after those that it calls or differentiates.
  /// - Throws: that a name has no definition, or that definitions need each other in a circle.
  func definitionOrder() throws(Diagnostics) -> [Definition] {
    var definitions: [String: Definition] = [:]
    for (i, function) in functions.enumerated() { definitions[function.name] = .function(i) }
    for (i, gradient) in gradients.enumerated() { definitions[gradient.name] = .gradient(i) }
    func require(_ name: String, _ origin: Origin) throws(Diagnostics) {
      if definitions[name] != nil { return }
      let error = Diagnostic("there is no function '@\(name)'", at: origin.location)
      guard let near = nearestName(to: name, among: definitions.keys.sorted()) else { throw Diagnostics(error) }
      throw Diagnostics(error.noting("did you mean '@\(near)'?"))
    }
    for function in functions {
      for node in function.nodes { if let name = node.callee { try require(name, node.origin) } }
    }
    for gradient in gradients { try require(gradient.function, gradient.origin) }
    let (order, cycles) = dependencyOrder(
      functions.map { ($0.name, $0.callees) } + gradients.map { ($0.name, [$0.function]) })
    if let cycle = cycles.first { throw Diagnostics(Diagnostic(cycleMessage(cycle))) }
    return order.map { definitions[$0]! }
  }
}
