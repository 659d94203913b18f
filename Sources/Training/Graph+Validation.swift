import FraguaGraph
import FraguaSource
import FraguaTensors

extension Graph {
  /// The graph with a function that returns the loss and the metrics of `target`, and that function's name.
  ///
  /// It calls them with the arguments of the loss, so that one forward pass serves all. Compiled in inference mode, it
  /// is what validation runs.
  /// - Returns: `nil` where the graph is a dump without these functions.
  func withValidation(of target: TrainingTarget) -> (graph: Graph, name: String)? {
    guard stage == nil, let loss = target.loss else { return nil }
    let name = target.name + ".validation"
    var builder = FunctionBuilder(name: name, origin: target.location.map(Origin.written) ?? .unknown)
    builder.origin = builder.function.origin
    let arguments = zip(target.function.argumentNames, target.function.arguments).map {
      builder.argument($0, $1.type)
    }
    var results: [Value] = []
    for callee in [loss] + target.metrics {
      let types = resultTypes(of: callee)
      guard !types.isEmpty else { return nil }
      results.append(builder.append(.call(callee), arguments, types: types)[0])
    }
    builder.setResults(results, roles: [.loss] + target.metrics.map(Function.ResultRole.metric))
    var graph = self
    graph.functions.append(builder.function)
    return (graph, name)
  }
}
