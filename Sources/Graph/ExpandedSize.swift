import FraguaSource

/// How many nodes a graph has once its calls are inlined and its gradients written, known before either is done.
///
/// A call has as many nodes as the function that it calls, and a gradient about three times as many as the function that
/// it differentiates. So calls of calls, and gradients of gradients, multiply: forty lines can ask for 2^40 nodes. What
/// would come of it is refused here, by the parser and by the pass `inline`, before it costs time and memory. Linear in
/// what is written.
public struct ExpandedSize: Sendable {
  /// So many nodes cost little, whatever they come from.
  private static let free = 100_000
  /// And so many for each that is written: compiling takes time in proportion to the text.
  private static let perWritten = 16
  /// How many nodes a derivative has for each of its function.
  private static let perDerivative = 3

  /// What the size of the text of `graph` allows.
  public static func limit(of graph: Graph) -> Int { free + perWritten * written(graph) }

  /// Checks what the functions and gradients of `graph` come to together.
  /// - Parameter limit: the most nodes; `nil` is what the size of the text allows.
  public static func check(_ graph: Graph, limit: Int? = nil) throws(Diagnostic) {
    let functions = Dictionary(graph.functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let gradients = Dictionary(graph.gradients.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let written = Self.written(graph)
    let limit = limit ?? Self.limit(of: graph)
    let uses = graph.functions.map { ($0.name, $0.callees) } + graph.gradients.map { ($0.name, [$0.function]) }
    var sizes: [String: Int] = [:]
    var total = 0
    func exceeds(_ name: String, _ origin: Origin) -> Diagnostic? {
      if total <= limit { return nil }
      return Diagnostic(
        "the calls and gradients up to '@\(name)' make more than \(limit) nodes of the \(written) that are written",
        at: origin.location
      ).noting("calls of functions that call functions many times multiply, and so do gradients of gradients")
    }
    for name in dependencyOrder(uses).order {
      let start = total
      if let function = functions[name] {
        for node in function.nodes {
          if case .call(let callee) = node.kind { total += sizes[callee] ?? 1 } else { total += Self.written(node) }
          if let error = exceeds(name, node.origin) { throw error }
        }
      } else if let gradient = gradients[name] {
        // Each is at most the limit, so that nothing overflows.
        total += Self.perDerivative * (sizes[gradient.function] ?? 1)
        if let error = exceeds(name, gradient.origin) { throw error }
      }
      sizes[name] = total - start
    }
  }

  private static func written(_ graph: Graph) -> Int {
    graph.functions.reduce(0) { $0 + $1.nodes.reduce(0) { $0 + written($1) } }
  }

  /// The nodes that are written for `node`: those of a region count.
  private static func written(_ node: Node) -> Int {
    guard case .fused(_, let region) = node.kind else { return 1 }
    return 1 + region.function.nodes.reduce(0) { $0 + written($1) }
  }
}
