import FraguaGraph

extension FunctionBuilder {
  /// Appends the body of `function`, its arguments standing for `arguments`, and returns its results.
  ///
  /// - Parameters:
  ///   - substitution: What the function's symbols are here.
  ///   - offset: What is added to random streams of the function, and to what its calls add to them.
  ///   - wholeOrigin: Where all of it comes from; without, each node keeps its origin.
  /// - Requires: this builder began empty, so that it knows the parameters that it reads.
  mutating func splice(
    _ function: Function, _ arguments: [Value], _ substitution: Substitution = Substitution(),
    addingToStreams offset: Int = 0, origin wholeOrigin: Origin? = nil
  ) -> [Value] {
    var map = ValueTable<Value?>(repeating: nil, count: function.valueCount)
    for (formal, actual) in zip(function.arguments, arguments) { map[formal.id] = actual }
    for read in function.parameterReads {
      map[read.value.id] = parameter(read.parameter, substitution(read.value.type))
    }
    let before = origin
    for node in function.nodes {
      origin = wholeOrigin ?? node.origin
      var attributes = substitution(node.attributes)
      if let stream = node.stream ?? node.family {
        attributes["stream"] = .integer(StreamFamilies.sum(stream, offset))
      }
      let results = append(
        node.kind, node.operands.map { map[$0.id]! }, attributes, types: node.results.map { substitution($0.type) },
        names: node.results.map { function.valueNames[$0.id] })
      for (old, new) in zip(node.results, results) { map[old.id] = new }
    }
    origin = before
    return function.results.map { map[$0.id]! }
  }
}

extension Node {
  /// The stream of a random operation.
  var stream: Int? {
    guard let operation, operation is any RandomOperation, case .integer(let stream)? = attributes["stream"] else {
      return nil
    }
    return stream
  }

  /// The name of the function that a call calls.
  var callee: String? { if case .call(let name) = kind { name } else { nil } }
}

extension Function {
  /// Gives every named value a name of its own: the first in the text keeps it, later ones get `_1`, `_2` and so on.
  ///
  /// Passes that bring values of several functions together, or invent names, end with it, so that what a later pass
  /// does is a function of the printed text. Linear in the values.
  mutating func makeNamesUnique() {
    // The value of a parameter is called by the parameter's name.
    for read in parameterReads { valueNames[read.value.id] = nil }
    var taken = Set<String>(minimumCapacity: valueNames.count)
    var hasCollision = false
    for name in valueNames.values where !taken.insert(name).inserted { hasCollision = true }
    if !hasCollision { return }
    var names = UniqueNames(taken: taken)
    var seen: Set<String> = []
    func visit(_ value: Value) {
      guard let name = valueNames[value.id], !seen.insert(name).inserted else { return }
      valueNames[value.id] = names.takeFree(like: name)
    }
    for argument in arguments { visit(argument) }
    for node in nodes { for result in node.results { visit(result) } }
  }
}
