import FraguaGraph

/// The pass that computes once what is written twice.
///
/// Before:
/// ```
/// // pass: common-subexpressions --function @f
/// func @f(%x: tensor<32x3xf32>) -> (tensor<32xf32>, tensor<32x3xf32>) {
///   %e = exp %x
///   %s = reduce_sum %e {axes = [1]}
///   %e_1 = exp %x
///   return %s, %e_1
/// }
/// ```
/// After:
/// ```
/// func @f(%x: tensor<32x3xf32>) -> (tensor<32xf32>, tensor<32x3xf32>) {
///   %e = exp %x : tensor<32x3xf32>
///   %s = reduce_sum %e {axes = [1]} : tensor<32xf32>
///   return %s, %e
/// }
/// ```
/// Nodes are equal when operation, attributes and operands are; of a ``CommutativeOperation`` also with swapped operands,
/// because that changes no bit. Random numbers of one stream are equal by definition. Two reads
/// of a parameter are one. The first in the text remains with its name. Linear, by hashing.
public enum CommonSubexpressions {
  public static let pass = Pass(name: "common-subexpressions", summary: "compute once what is written twice") {
    graph, _ in
    var graph = graph
    for i in graph.functions.indices { share(&graph.functions[i]) }
    return graph
  }

  /// What makes two nodes equal.
  private struct Key: Hashable {
    let name: String
    let attributes: Attributes
    let operands: [ValueID]
  }

  private static func share(_ function: inout Function) {
    var map = ValueTable<Value?>(repeating: nil, count: function.valueCount)
    var reads: [String: Value] = [:]
    function.parameterReads.removeAll { read in
      if let known = reads[read.parameter] {
        map[read.value.id] = known
        return true
      }
      reads[read.parameter] = read.value
      return false
    }
    var known: [Key: [Value]] = [:]
    known.reserveCapacity(function.nodes.count)
    var keeps = [Bool](repeating: true, count: function.nodes.count)
    for i in function.nodes.indices {
      for j in function.nodes[i].operands.indices {
        if let new = map[function.nodes[i].operands[j].id] { function.nodes[i].operands[j] = new }
      }
      let node = function.nodes[i]
      guard let operation = node.operation else { continue }
      var operands = node.operands.map(\.id)
      if let operation = operation as? any CommutativeOperation, operands[0] > operands[1],
        operation.isCommutative(node.attributes)
      {
        operands.swapAt(0, 1)
      }
      let key = Key(name: operation.name, attributes: node.attributes, operands: operands)
      if let equal = known[key] {
        keeps[i] = false
        for (old, new) in zip(node.results, equal) {
          map[old.id] = new
          if let name = function.valueNames[old.id], function.valueNames[new.id] == nil {
            function.valueNames[new.id] = name
          }
          function.valueNames[old.id] = nil
        }
      } else {
        known[key] = node.results
      }
    }
    var i = -1
    function.nodes.removeAll { _ in
      i += 1
      return !keeps[i]
    }
    for i in function.updates.indices {
      if let new = map[function.updates[i].value.id] { function.updates[i].value = new }
    }
    for i in function.results.indices {
      if let new = map[function.results[i].id] { function.results[i] = new }
    }
  }
}
