import FraguaGraph

/// The *varied* values of a function, as activity analysis has it (Hascoët, Pascual: "The Tapenade automatic
/// differentiation tool", 2013): those that depend on some of its inputs by way of floating-point values.
struct VariedValues {
  /// For each value id.
  private var depends: ValueTable<Bool>

  /// What in `function` depends on `inputs`. Linear.
  init(of function: Function, by inputs: some Sequence<Value>) {
    depends = ValueTable(repeating: false, count: function.valueCount)
    for input in inputs where input.type.element.isFloat { depends[input.id] = true }
    for node in function.nodes where node.operands.contains(where: { depends[$0.id] }) {
      for result in node.results where result.type.element.isFloat { depends[result.id] = true }
    }
  }

  /// Whether `value` depends on the inputs.
  /// - Requires: a value of the function that was analysed.
  subscript(_ value: Value) -> Bool { depends[value.id] }
}

/// The *useful* values of a function: those that have an influence on one of its values by way of floating-point values.
struct UsefulValues {
  private var influences: ValueTable<Bool>

  /// What in `function` influences `output`. Linear.
  init(of function: Function, for output: Value) {
    influences = ValueTable(repeating: false, count: function.valueCount)
    influences[output.id] = output.type.element.isFloat
    for node in function.nodes.reversed() where node.results.contains(where: { influences[$0.id] }) {
      for operand in node.operands where operand.type.element.isFloat { influences[operand.id] = true }
    }
  }

  subscript(_ value: Value) -> Bool { influences[value.id] }
}
