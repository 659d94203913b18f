import FraguaSource
import FraguaTensors

/// What is probably not meant in a graph that is in order.
///
/// - A parameter that no result and no update needs.
/// - Logits that are probabilities already: a softmax before `softmax_cross_entropy`.
/// - A minimised function that depends on a parameter by way of an `argmax`, which has no derivative, see
///   ``ChoiceWarnings``.
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

  /// Parameters to be trained that nothing reads, where nothing updates them either.
  private static func unread(in graph: Graph) -> [Diagnostic] {
    var used = Set(graph.functions.flatMap { $0.updates.map(\.parameter) })
    /// Where a value is read that nothing uses.
    var idle: [String: Diagnostic.Note] = [:]
    for function in graph.functions {
      let live = function.liveValues
      for read in function.parameterReads where live[read.value.id] { used.insert(read.parameter) }
      idle.merge(function.idleUses(live)) { first, _ in first }
    }
    return graph.parameters.filter { $0.isTrainable && !used.contains($0.name) }.map { parameter in
      .warning(
        "nothing reads the parameter '@\(parameter.name)'", at: parameter.origin.location,
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
  fileprivate var liveValues: ValueTable<Bool> {
    var live = ValueTable(repeating: false, count: valueCount)
    for value in results + updates.map(\.value) { live[value.id] = true }
    for node in nodes.reversed() where node.results.contains(where: { live[$0.id] }) {
      for operand in node.operands { live[operand.id] = true }
    }
    return live
  }

  /// For parameters of which nothing needs what is read: the first value with a name that is made of it.
  fileprivate func idleUses(_ live: ValueTable<Bool>) -> [String: Diagnostic.Note] {
    var uses: [String: Diagnostic.Note] = [:]
    // What each value is made of, of several the first.
    var sources: [ValueID: String] = [:]
    for read in parameterReads where !live[read.value.id] { sources[read.value.id] = read.parameter }
    for node in nodes where !sources.isEmpty {
      let parameters = node.operands.compactMap { sources[$0.id] }
      guard let first = parameters.first else { continue }
      if let name = node.results.lazy.compactMap({ valueNames[$0.id] }).first {
        let note = Diagnostic.Note("'%\(name)' does, but nothing uses '%\(name)'", at: node.origin.location)
        for parameter in parameters where uses[parameter] == nil { uses[parameter] = note }
      } else {
        for result in node.results { sources[result.id] = first }
      }
    }
    return uses
  }
}
