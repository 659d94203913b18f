import FraguaGraph

/// Which values of a function depend on some of its inputs by way of floating-point values: the paths that derivatives
/// take.
struct Dependence {
  /// For each value id.
  private var depends: [Bool]

  /// What in `function` depends on the values with these ids. Linear.
  init(of function: Function, on inputs: some Sequence<Value>) {
    depends = [Bool](repeating: false, count: function.valueCount)
    for input in inputs where input.type.element.isFloat { depends[input.id] = true }
    for node in function.nodes where node.operands.contains(where: { depends[$0.id] }) {
      for result in node.results where result.type.element.isFloat { depends[result.id] = true }
    }
  }

  /// Whether `value` depends on the inputs.
  /// - Requires: a value of the function that was analysed.
  subscript(_ value: Value) -> Bool { depends[value.id] }
}

/// Which values of a function have an influence on one of its values by way of floating-point values.
struct Influence {
  private var influences: [Bool]

  /// What in `function` influences `output`. Linear.
  init(of function: Function, on output: Value) {
    influences = [Bool](repeating: false, count: function.valueCount)
    influences[output.id] = output.type.element.isFloat
    for node in function.nodes.reversed() where node.results.contains(where: { influences[$0.id] }) {
      for operand in node.operands where operand.type.element.isFloat { influences[operand.id] = true }
    }
  }

  subscript(_ value: Value) -> Bool { influences[value.id] }
}

extension TrainDeclaration {
  /// The name of the gradient that the passes write for it.
  var gradientName: String { "\(name).gradient" }

  /// The parameters that it updates, in the order of the text: trainable, not frozen, and with an influence on the
  /// loss.
  func trainedParameters(of loss: Function, in graph: Graph) -> [Parameter] {
    guard let result = loss.results.first else { return [] }
    let influence = Influence(of: loss, on: result)
    let active = Set(loss.parameterReads.filter { influence[$0.value] }.map(\.parameter))
    let frozen = Set(frozen)
    return graph.parameters.filter { $0.isTrainable && active.contains($0.name) && !frozen.contains($0.name) }
  }
}
