import FraguaGraph
import FraguaOperations
import FraguaSource

extension Pipeline {
  /// Checks that `graph` holds what may come after the pass that its header names, and nothing that passes before have
  /// taken away: a dump that people have changed would otherwise meet passes that rely on it.
  ///
  /// Linear in the graph.
  /// - Throws: that there is no such pass; everything in the graph that should not be there.
  public func checkStage(of graph: Graph) throws(Diagnostics) {
    var start = 0
    if let stage = graph.stage {
      start = try position(of: stage, "the header of '@\(graph.name)' names the stage '\(stage)', which is no pass") + 1
    }
    var check = StageCheck(graph, passes: Set(stages[..<start].map(\.pass.name)))
    check.check()
    if !check.errors.isEmpty { throw Diagnostics(check.errors) }
  }
}

/// What a graph must not hold after some passes.
private struct StageCheck {
  let graph: Graph
  /// The names of the passes that the graph has been through.
  let passes: Set<String>
  private(set) var errors: [Diagnostic] = []

  init(_ graph: Graph, passes: Set<String>) {
    self.graph = graph
    self.passes = passes
  }

  private func isAfter(_ pass: Pass) -> Bool { passes.contains(pass.name) }

  private mutating func fail(_ message: String, after pass: Pass, _ origin: Origin) {
    errors.append(Diagnostic("\(message) after the pass '\(pass.name)'", at: origin.location))
  }

  mutating func check() {
    if isAfter(Differentiate.pass) {
      for gradient in graph.gradients {
        fail("'@\(gradient.name)' is declared as a gradient", after: Differentiate.pass, gradient.origin)
      }
    }
    if isAfter(ExpandOptimizers.pass) {
      for training in graph.trainings {
        fail("'@\(training.name)' is declared as a training", after: ExpandOptimizers.pass, training.origin)
      }
    }
    for function in graph.functions {
      for argument in function.arguments where isAfter(Specialize.pass) && !argument.type.isFixed {
        fail("'@\(function.name)' takes the unbound \(argument.type)", after: Specialize.pass, function.origin)
      }
      for node in function.nodes { check(node, in: function) }
    }
  }

  private mutating func check(_ node: Node, in function: Function) {
    switch node.kind {
    case .call(let name):
      if isAfter(Differentiate.pass) { fail("'@\(name)' is called", after: Differentiate.pass, node.origin) }
    case .fused(let name, let region):
      guard isAfter(Fusion.pass) else {
        errors.append(
          Diagnostic(
            "the fused region '@\(name)' stands before the pass '\(Fusion.pass.name)', which makes them",
            at: node.origin.location))
        return
      }
      for inner in region.function.nodes where !(inner.operation is any PrimitiveOperation) {
        fail("the fused region '@\(name)' holds '\(inner.name)'", after: Decompose.pass, inner.origin)
      }
    case .operation(let operation):
      if isAfter(Decompose.pass), !(operation is any PrimitiveOperation) {
        fail("the composite operation '\(node.name)' is there", after: Decompose.pass, node.origin)
      }
    }
  }
}
