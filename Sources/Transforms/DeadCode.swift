import FraguaGraph

/// The pass that removes what no result and no update needs.
///
/// Before:
/// ```
/// // pass: dead-code --function @f
/// func @f(%x: tensor<32x3xf32>) -> tensor<32x3xf32> {
///   %e = exp %x
///   %n = negate %x
///   return %n
/// }
/// ```
/// After:
/// ```
/// func @f(%x: tensor<32x3xf32>) -> tensor<32x3xf32> {
///   %n = negate %x : tensor<32x3xf32>
///   return %n
/// }
/// ```
/// Reads of parameters that nobody needs go as well; arguments stay, because callers give them. Nothing has side
/// effects but updates, so nothing else is kept. Values are numbered densely again. Linear.
public enum DeadCode {
  public static let pass = Pass(name: "dead-code", summary: "remove what no result and no update needs") { graph, _ in
    var graph = graph
    for i in graph.functions.indices { graph.functions[i] = live(graph.functions[i]) }
    return graph
  }

  /// `function` without what its results and updates do not need.
  public static func live(_ function: Function) -> Function {
    var isLive = ValueTable(repeating: false, count: function.valueCount)
    for value in function.results { isLive[value.id] = true }
    for update in function.updates { isLive[update.value.id] = true }
    var kept = 0
    var keeps = [Bool](repeating: false, count: function.nodes.count)
    for (i, node) in function.nodes.enumerated().reversed() where node.results.contains(where: { isLive[$0.id] }) {
      keeps[i] = true
      kept += 1
      for operand in node.operands { isLive[operand.id] = true }
    }
    let reads = function.parameterReads.filter { isLive[$0.value.id] }
    if kept == function.nodes.count, reads.count == function.parameterReads.count { return function }
    return renumbered(function, reads, keeping: keeps, count: kept)
  }

  /// `function` with the nodes that are kept and these reads, values numbered in the order of the text.
  private static func renumbered(
    _ function: Function, _ reads: [Function.ParameterRead], keeping keeps: [Bool], count: Int
  ) -> Function {
    var result = Function(
      name: function.name, resultRoles: function.resultRoles, role: function.role, origin: function.origin)
    var map = ValueTable<Value?>(repeating: nil, count: function.valueCount)
    result.valueNames.reserveCapacity(function.valueNames.count)
    func define(_ old: Value) -> Value {
      let new = Value(id: ValueID(result.valueCount), type: old.type)
      result.valueCount += 1
      if let name = function.valueNames[old.id] { result.valueNames[new.id] = name }
      map[old.id] = new
      return new
    }
    result.arguments = function.arguments.map(define)
    result.parameterReads = reads.map { .init(parameter: $0.parameter, value: define($0.value)) }
    result.nodes.reserveCapacity(count)
    for (i, node) in function.nodes.enumerated() where keeps[i] {
      var node = node
      for j in node.operands.indices { node.operands[j] = map[node.operands[j].id]! }
      for j in node.results.indices { node.results[j] = define(node.results[j]) }
      result.nodes.append(node)
    }
    result.updates = function.updates.map {
      .init(parameter: $0.parameter, value: map[$0.value.id]!, origin: $0.origin)
    }
    result.results = function.results.map { map[$0.id]! }
    return result
  }
}
