import FraguaGraph

extension TrainDeclaration {
  /// The name of the gradient that the passes write for it.
  var gradientName: String { "\(name).gradient" }

  /// The parameters that it updates, in the order of the text: trainable, not frozen, and with an influence on the
  /// loss.
  func trainedParameters(of loss: Function, in graph: Graph) -> [Parameter] {
    guard let result = loss.results.first else { return [] }
    let useful = UsefulValues(of: loss, for: result)
    let active = Set(loss.parameterReads.filter { useful[$0.value] }.map(\.parameter))
    let frozen = Set(frozen)
    return graph.parameters.filter { $0.isTrainable && active.contains($0.name) && !frozen.contains($0.name) }
  }
}
