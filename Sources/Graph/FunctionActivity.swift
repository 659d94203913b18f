import FraguaTensors

/// On what arguments and parameters each result of a function depends through floats, that is, in a way that has a
/// derivative.
struct FunctionActivity {
  /// What one result depends on.
  private struct One {
    /// The arguments' positions.
    var arguments: Set<Int> = []
    var parameters: Set<String> = []
  }

  private var results: [One]
  /// Whether the function's body is known.
  let isKnown: Bool

  /// Of a function whose body is not known.
  static let unknown = FunctionActivity(results: [], isKnown: false)

  private init(results: [One], isKnown: Bool) {
    self.results = results
    self.isKnown = isKnown
  }

  /// Walks `function` backwards once a result.
  /// - Requires: `callees` holds every function that it calls.
  init(of function: Function, calling callees: [String: FunctionActivity]) {
    let argumentPositions = Dictionary(uniqueKeysWithValues: function.arguments.enumerated().map { ($1.id, $0) })
    var isKnown = true
    results = function.results.map { result in
      var one = One()
      var needed = Set([result].filter(\.type.element.isFloat).map(\.id))
      func need(_ value: Value) { if value.type.element.isFloat { needed.insert(value.id) } }
      for node in function.nodes.reversed() where node.results.contains(where: { needed.contains($0.id) }) {
        guard case .call(let name) = node.kind else {
          node.operands.forEach(need)
          continue
        }
        guard let callee = callees[name], callee.isKnown, callee.results.count == node.results.count else {
          isKnown = false
          continue
        }
        for (value, inner) in zip(node.results, callee.results) where needed.contains(value.id) {
          for position in inner.arguments where position < node.operands.count { need(node.operands[position]) }
          one.parameters.formUnion(inner.parameters)
        }
      }
      for id in needed { if let position = argumentPositions[id] { one.arguments.insert(position) } }
      for read in function.parameterReads where needed.contains(read.value.id) { one.parameters.insert(read.parameter) }
      return one
    }
    self.isKnown = isKnown
  }

  /// Whether result `result` of the function of that signature depends on `variable`.
  func contains(_ variable: GradientDeclaration.Variable, _ result: Int, _ signature: Signature) -> Bool {
    switch variable {
    case .argument(let name):
      signature.argumentNames.firstIndex(of: name).map(results[result].arguments.contains) ?? false
    case .parameter(let name): results[result].parameters.contains(name)
    }
  }

  /// The parameters that result `result` depends on.
  func parameters(_ result: Int) -> Set<String> { results[result].parameters }

  /// What the first result depends on, for each of `count` results: what the gradient of the function may depend on.
  func repeated(_ count: Int) -> FunctionActivity {
    guard let first = results.first else { return .unknown }
    return FunctionActivity(results: Array(repeating: first, count: count), isKnown: isKnown)
  }
}
