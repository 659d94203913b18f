import FraguaGraph
import FraguaOperations
import FraguaTensors
import TestSupport

/// A function with the arguments of `function` that returns its first result, a scalar, differentiated with respect to
/// the arguments of floats.
///
/// The simplest reverse sweep: what tests need to call pullbacks. The pass `differentiate` is the real one.
func gradient(of function: Function) -> Function {
  var builder = FunctionBuilder(continuing: function)
  var cotangents: [ValueID: Value] = [:]
  let loss = function.results[0]
  precondition(loss.type.rank == 0, "the loss is a scalar")
  cotangents[loss.id] = builder.constant(1, like: loss)
  for node in function.nodes.reversed() {
    guard let operation = node.operation else { preconditionFailure("tests differentiate operations only") }
    let arrived = node.results.map { cotangents[$0.id] }
    if arrived.allSatisfy({ $0 == nil }) { continue }
    let pullback = Pullback(
      operands: node.operands, results: node.results, cotangents: arrived, attributes: node.attributes)
    let flowing = operation.pullback(pullback, &builder)
    precondition(flowing.count == node.operands.count, "'\(operation.name)' returns a cotangent for each operand")
    for (operand, cotangent) in zip(node.operands, flowing) {
      guard let cotangent else { continue }
      precondition(
        cotangent.type == operand.type.arithmetic && operand.type.element.isFloat,
        "'\(operation.name)' returns a cotangent of type \(cotangent.type) for an operand of type \(operand.type)")
      cotangents[operand.id] = cotangents[operand.id].map { builder.add($0, cotangent) } ?? cotangent
    }
  }
  builder.setResults(
    function.arguments.filter(\.type.element.isFloat).map { cotangents[$0.id] ?? builder.zeros($0.type.arithmetic) })
  return builder.function
}

/// The derivative of the scalar result of `function` with respect to each argument of floats, by central differences.
func centralDifferences(_ function: Function, _ arguments: [Tensor], step: Double = 1e-5) -> [Tensor] {
  arguments.indices.filter { arguments[$0].element.isFloat }.map { index in
    let x = arguments[index]
    let differences = x.doubles.indices.map { i in
      func value(_ offset: Double) -> Double {
        var moved = x.doubles
        moved[i] += offset
        var all = arguments
        all[index] = Tensor(x.type, rounding: moved)
        return run(function, all)[0].doubles[0]
      }
      return (value(step) - value(-step)) / (2 * step)
    }
    return Tensor(x.type, rounding: differences)
  }
}

/// `function` with its composites decomposed until only primitives remain.
func decomposed(_ function: Function) -> Function {
  var function = function
  while function.nodes.contains(where: { $0.operation is any CompositeOperation }) {
    var rewriter = FunctionRewriter(function)
    for node in function.nodes {
      guard let composite = node.operation as? any CompositeOperation else {
        rewriter.copy(node)
        continue
      }
      let results = composite.decompose(rewriter.mapped(node.operands), node.attributes, &rewriter.builder)
      rewriter.replace(node, with: results)
    }
    function = rewriter.finish()
  }
  return function
}

/// Runs `function` with the operations' oracles.
func run(_ function: Function, _ arguments: [Tensor]) -> [Tensor] {
  GraphInterpreter(Graph(name: "test", functions: [function])).run(function.name, arguments: arguments, parameters: [:])
    .results
}
