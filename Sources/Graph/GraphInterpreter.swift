import FraguaSource
import FraguaTensors

/// Runs a function with the operations' naive evaluators: the oracle that compiled code is held against.
public struct GraphInterpreter: Sendable {
  private let functions: [String: Function]

  /// - Requires: all extents of the functions that are run are fixed, and no gradient or training declaration is
  ///   called.
  public init(_ graph: Graph) {
    functions = Dictionary(graph.functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// Runs `name`.
  ///
  /// - Returns: the results, and the parameters that were updated.
  public func run(
    _ name: String, arguments: [Tensor], parameters: [String: Tensor]
  ) -> (results: [Tensor], updated: [String: Tensor]) {
    guard let function = functions[name] else { preconditionFailure("no function '@\(name)'") }
    return withDenormalsAsZeros { run(function, arguments, parameters) }
  }

  private func run(
    _ function: Function, _ arguments: [Tensor], _ parameters: [String: Tensor]
  ) -> (results: [Tensor], updated: [String: Tensor]) {
    precondition(
      arguments.count == function.arguments.count, "@\(function.name) takes \(function.arguments.count) arguments")
    var values = ValueTable<Tensor?>(repeating: nil, count: function.valueCount)
    for (value, tensor) in zip(function.arguments, arguments) { values[value.id] = tensor }
    for read in function.parameterReads {
      guard let tensor = parameters[read.parameter] else { preconditionFailure("no parameter '@\(read.parameter)'") }
      values[read.value.id] = tensor
    }
    for node in function.nodes {
      let operands = node.operands.map { values[$0.id]! }
      let results: [Tensor]
      switch node.kind {
      case .operation(let operation): results = operation.evaluate(operands, node.attributes)
      case .call(let name):
        guard let callee = functions[name] else { preconditionFailure("no function '@\(name)'") }
        results = run(callee, operands, parameters).results
      case .fused(_, let region): results = run(region.function, operands, [:]).results
      }
      for (value, tensor) in zip(node.results, results) { values[value.id] = tensor }
    }
    var updated: [String: Tensor] = [:]
    for update in function.updates { updated[update.parameter] = values[update.value.id]! }
    return (function.results.map { values[$0.id]! }, updated)
  }
}
