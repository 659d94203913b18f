import FraguaGraph
import FraguaSource
import FraguaTensors
import FraguaTransforms

/// A training of a graph: a declaration `train @fit`, or in a dump a function with the role `train`.
struct TrainingTarget {
  /// The name, without the `@`.
  let name: String
  /// The function whose arguments a step takes.
  let function: Function
  /// The function that is minimized; `nil` in a dump, where the step has it inside.
  let loss: String?
  let metrics: [String]
  /// Where it stands in the text.
  let location: SourceLocation?

  /// The training called `name`, or the only one.
  init(_ graph: Graph, named name: String?) throws(Diagnostic) {
    let steps = graph.functions.filter { $0.role == .train }
    let names = graph.trainings.map(\.name) + steps.map(\.name)
    let chosen = try Self.choose(name, among: names, of: graph)
    self.name = chosen
    if let declaration = graph.trainings.first(where: { $0.name == chosen }) {
      guard let function = graph.rootFunction(of: chosen) else {
        throw Diagnostic("there is no function '@\(declaration.loss)'", at: declaration.origin.location)
      }
      self.function = function
      loss = declaration.loss
      metrics = declaration.metrics
      location = declaration.origin.location
    } else {
      function = steps.first { $0.name == chosen }!
      loss = nil
      metrics = []
      location = function.origin.location
    }
  }

  /// The name that is meant by `name`.
  private static func choose(_ name: String?, among names: [String], of graph: Graph) throws(Diagnostic) -> String {
    let list = names.map { "'@\($0)'" }.joined(separator: ", ")
    if let name {
      if names.contains(name) { return name }
      if graph.rootFunction(of: name) != nil {
        throw Diagnostic("'@\(name)' is not a training").noting(
          names.isEmpty ? declarationHint : "the trainings are \(list)")
      }
      throw unknownFunction(name, in: graph)
    }
    if names.count == 1 { return names[0] }
    if names.isEmpty { throw Diagnostic("'@\(graph.name)' has no training").noting(declarationHint) }
    throw Diagnostic("'@\(graph.name)' has \(names.count) trainings: which is meant?").noting("choose one of \(list)")
  }

  private static let declarationHint =
    "declare one: train @fit minimize @loss { optimizer = adam(learning_rate = 0.001) }"
}

/// The error that `graph` has no function `name`, with the nearest name.
package func unknownFunction(_ name: String, in graph: Graph) -> Diagnostic {
  let names = graph.functions.map(\.name) + graph.gradients.map(\.name) + graph.trainings.map(\.name)
  let error = Diagnostic("there is no function '@\(name)'")
  if let near = nearestName(to: name, among: names) { return error.noting("did you mean '@\(near)'?") }
  return error.noting(
    names.isEmpty
      ? "'@\(graph.name)' has no functions"
      : "'@\(graph.name)' has \(names.prefix(20).map { "'@\($0)'" }.joined(separator: ", "))")
}

extension Trainer {
  /// The function whose arguments the training called `name`, or the only one, takes.
  public static func arguments(of graph: Graph, training name: String?) throws(Diagnostic) -> Function {
    try TrainingTarget(graph, named: name).function
  }
}
