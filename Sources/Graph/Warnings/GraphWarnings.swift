import FraguaSource
import FraguaTensors

/// What is probably not meant in a graph that is in order.
///
/// - A parameter that no result and no update needs.
/// - Logits that are probabilities already: a softmax before `softmax_cross_entropy`.
/// - A minimised function that depends on a parameter by way of an `argmax`, which has no derivative.
///
/// Linear in the graph. Dumps are not looked at: what a pass leaves is the pass's business.
enum GraphWarnings {
  /// The warnings, in the order of the text.
  static func all(in graph: Graph) -> [Diagnostic] {
    guard graph.stage == nil else { return [] }
    let functions = Dictionary(graph.functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let order = dependencyOrder(graph.functions.map { ($0.name, $0.callees) }).order.compactMap { functions[$0] }
    var logits = LogitsWarnings()
    for function in order { logits.look(at: function) }
    let choices = graph.trainings.flatMap { ChoiceWarnings.all(of: $0, in: graph, functions) }
    let warnings = unread(in: graph) + logits.warnings + choices
    return warnings.enumerated().sorted { a, b in
      let (p, q) = (a.element.location, b.element.location)
      return (p?.line ?? 0, p?.column ?? 0, a.offset) < (q?.line ?? 0, q?.column ?? 0, b.offset)
    }.map(\.element)
  }

  /// Parameters and states that nothing reads, where nothing updates them either.
  private static func unread(in graph: Graph) -> [Diagnostic] {
    var used = Set(graph.functions.flatMap { $0.updates.map(\.parameter) })
    /// Where a value is read that nothing uses.
    var idle: [String: Diagnostic.Note] = [:]
    for function in graph.functions {
      let live = function.liveValues
      for read in function.parameterReads {
        if live[read.value.id] {
          used.insert(read.parameter)
        } else if idle[read.parameter] == nil {
          idle[read.parameter] = function.idleUse(of: read.value)
        }
      }
    }
    return graph.parameters.filter { !used.contains($0.name) }.map { parameter in
      let kind = parameter.isTrainable ? "parameter" : "state"
      return .warning(
        "nothing reads the \(kind) '@\(parameter.name)'", at: parameter.origin.location,
        notes: idle[parameter.name].map { [$0] } ?? [])
    }
  }
}

extension Graph {
  /// What is probably not meant, though the graph is in order; empty for a dump.
  public var warnings: [Diagnostic] { GraphWarnings.all(in: self) }
}

extension Function {
  /// For each value's id, whether a result or an update needs it.
  fileprivate var liveValues: [Bool] {
    var live = [Bool](repeating: false, count: valueCount)
    for value in results + updates.map(\.value) { live[value.id] = true }
    for node in nodes.reversed() where node.results.contains(where: { live[$0.id] }) {
      for operand in node.operands { live[operand.id] = true }
    }
    return live
  }

  /// The first value with a name that is made of `value`, which nothing needs.
  fileprivate func idleUse(of value: Value) -> Diagnostic.Note? {
    var made = Set([value.id])
    for node in nodes where node.operands.contains(where: { made.contains($0.id) }) {
      if let name = node.results.lazy.compactMap({ valueNames[$0.id] }).first {
        return .init("'%\(name)' does, but nothing uses '%\(name)'", at: node.origin.location)
      }
      made.formUnion(node.results.map(\.id))
    }
    return nil
  }
}
