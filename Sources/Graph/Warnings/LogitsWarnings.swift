import FraguaSource

/// Finds probabilities that are given to operations that take logits, through calls as well.
struct LogitsWarnings {
  /// Where elements come from.
  private enum Source {
    /// A softmax or the like.
    case probabilities(function: String, SourceLocation?)
    /// An argument of the function, by its position.
    case argument(Int)
  }

  /// What a caller needs to know of a function.
  private struct Summary {
    /// For each result, where it comes from.
    var results: [Source?] = []
    /// For each argument that is taken for logits, by what operation.
    var logits: [Int: any LogitsOperation] = [:]
  }

  private(set) var warnings: [Diagnostic] = []
  private var summaries: [String: Summary] = [:]

  /// Looks through `function`, whose callees have been looked at.
  mutating func look(at function: Function) {
    var sources: [ValueID: Source] = [:]
    var summary = Summary()
    for (position, argument) in function.arguments.enumerated() { sources[argument.id] = .argument(position) }
    for node in function.nodes {
      switch node.kind {
      case .operation(let operation):
        if let operation = operation as? any LogitsOperation, node.operands.count > operation.logitsOperand {
          take(node.operands[operation.logitsOperand], for: operation, node, sources, function, &summary)
        }
        if let name = (operation as? any ProbabilityOperation)?.probabilityFunction(node.attributes) {
          sources[node.results[0].id] = .probabilities(function: name, node.origin.location)
        } else if operation is any RearrangingOperation {
          sources[node.results[0].id] = sources[node.operands[0].id]
        }
      case .call(let name):
        guard let callee = summaries[name] else { break }
        for (position, operation) in callee.logits.sorted(by: { $0.key < $1.key }) {
          take(node.operands[position], for: operation, node, sources, function, &summary)
        }
        for (result, source) in zip(node.results, callee.results) {
          if case .argument(let position)? = source {
            sources[result.id] = sources[node.operands[position].id]
          } else {
            sources[result.id] = source
          }
        }
      case .fused: break
      }
    }
    summary.results = function.results.map { sources[$0.id] }
    summaries[function.name] = summary
  }

  /// Notes that `operation` takes `value` for logits.
  private mutating func take(
    _ value: Value, for operation: any LogitsOperation, _ node: Node, _ sources: [ValueID: Source],
    _ function: Function,
    _ summary: inout Summary
  ) {
    switch sources[value.id] {
    case .argument(let position)?: summary.logits[position] = operation
    case .probabilities(let name, let place)?:
      let operand = function.valueNames[value.id].map { "'%\($0)'" } ?? "its operand"
      warnings.append(
        .warning(
          "'\(operation.name)' takes logits, but \(operand) is a '\(name)' already", at: node.origin.location,
          notes: [
            .init(
              "it applies a '\(operation.logitsFunction)' itself: give it what '\(name)' is applied to here", at: place)
          ]))
    case nil: break
    }
  }
}
