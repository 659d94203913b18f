import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaTensors

/// Rebuilds a function, asking the operation of every node whether something simpler does: see
/// ``SimplifiableOperation``.
struct Simplifier {
  private let source: Function
  private let foldsConstants: Bool
  private var rewriter: FunctionRewriter
  /// For each new value, the position of the node that defines it, or -1.
  private var definitions: ValueTable<Int>
  /// How many readers each value of the source has.
  private let useCounts: ValueTable<Int>
  /// The values of the source that the current node reads; empty while a rule makes new nodes.
  private var sourceOperands: [Value] = []

  /// `graph` with its functions simplified. What is computed on the way takes denormals as zeros.
  static func simplified(_ graph: Graph, foldsConstants: Bool) -> Graph {
    withDenormalsAsZeros {
      var graph = graph
      for i in graph.functions.indices {
        graph.functions[i] = simplified(graph.functions[i], foldsConstants: foldsConstants)
      }
      return graph
    }
  }

  /// `function`, simplified.
  private static func simplified(_ function: Function, foldsConstants: Bool) -> Function {
    var simplifier = Simplifier(function, foldsConstants)
    for node in function.nodes { simplifier.visit(node) }
    return simplifier.rewriter.finish()
  }

  private init(_ function: Function, _ foldsConstants: Bool) {
    source = function
    self.foldsConstants = foldsConstants
    rewriter = FunctionRewriter(function)
    definitions = ValueTable(repeating: -1, count: rewriter.builder.function.valueCount)
    var counts = ValueTable(repeating: 0, count: function.valueCount)
    for node in function.nodes { for operand in node.operands { counts[operand.id] += 1 } }
    for result in function.results { counts[result.id] += 1 }
    for update in function.updates { counts[update.value.id] += 1 }
    useCounts = counts
  }

  private mutating func visit(_ node: Node) {
    if let operation = node.operation, !node.operands.isEmpty {
      let operands = rewriter.mapped(node.operands)
      rewriter.builder.origin = node.origin
      sourceOperands = node.operands
      if let simpler = simplified(operation, operands, node.attributes) {
        rewriter.replace(node, with: simpler)
        return
      }
    }
    rewriter.copy(node)
    noteDefinitions()
  }

  /// Simpler values than the results of `operation` applied to `operands`.
  private mutating func simplified(
    _ operation: any Operation, _ operands: [Value], _ attributes: Attributes
  ) -> [Value]? {
    if let simplifiable = operation as? any SimplifiableOperation,
      let simpler = simplifiable.simplified(operands, attributes, in: &self)
    {
      return simpler
    }
    guard foldsConstants, operands.allSatisfy({ constant($0) != nil }),
      let folded = ConstantFold.folded(operation, operands.compactMap { constant($0) }, attributes)
    else { return nil }
    return folded.map { make(ConstantOperation(), [], ["value": .tensor($0)]) }
  }

  /// The node that defines `value`, if one does.
  private func definition(of value: Value) -> Node? {
    let position = definitions[value.id]
    return position < 0 ? nil : rewriter.builder.function.nodes[position]
  }

  private static let mostCopies = 32

  /// Notes the definitions of what was appended.
  private mutating func noteDefinitions() {
    let (known, count) = (definitions.count, rewriter.builder.function.valueCount)
    for _ in known..<count { definitions.append(-1) }
    var position = rewriter.builder.function.nodes.count - 1
    while position >= 0, let last = rewriter.builder.function.nodes[position].results.last, last.id.number >= known {
      for result in rewriter.builder.function.nodes[position].results { definitions[result.id] = position }
      position -= 1
    }
  }
}

extension Simplifier: Simplification {
  mutating func makeAll(_ operation: any Operation, _ operands: [Value], _ attributes: Attributes) -> [Value] {
    sourceOperands = []
    if !operands.isEmpty, let simpler = simplified(operation, operands, attributes) { return simpler }
    let results = rewriter.builder.emitAll(operation, operands, attributes)
    noteDefinitions()
    return results
  }

  func definition<O: Operation>(of value: Value, as operation: O.Type) -> Node? {
    guard let node = definition(of: value), node.operation is O else { return nil }
    return node
  }

  func constant(_ value: Value) -> ConstantValue? {
    definition(of: value, as: ConstantOperation.self)?.attributes.tensor("value")
  }

  func holdsNoDenormals(_ value: Value) -> Bool {
    if !value.type.element.isFloat { return true }
    var open = [value]
    // Long chains of copies are not followed to the end.
    for _ in 0..<Self.mostCopies {
      guard let next = open.popLast() else { return true }
      guard next.type.element.isFloat else { continue }
      guard let node = definition(of: next) else { return false }
      if let constant = constant(next) {
        guard constant.holdsNoDenormals else { return false }
      } else {
        guard let copied = node.copiedOperands else { return false }
        open += copied
      }
    }
    return open.isEmpty
  }

  func isOnlyReader(ofOperand index: Int) -> Bool {
    index < sourceOperands.count && useCounts[sourceOperands[index].id] == 1
  }
}

extension Node {
  /// The operands whose elements the result may hold as they are, denormals included; `nil` where it holds denormals of
  /// its own.
  fileprivate var copiedOperands: [Value]? {
    guard let role else { return nil }
    switch role {
    case .view(let map) where map.fill?.isDenormal == true: return nil
    case .view, .gather, .scatterAdd: return operands
    case .pointwise:
      guard let expression = ElementExpression(of: self, role) else { return nil }
      switch expression.program.instructions[expression.result] {
      case .unary(.negate, _), .unary(.abs, _), .select, .input: return operands
      default: return []
      }
    case .reduction, .contraction, .generator, .constant: return []
    }
  }
}

extension ConstantValue {
  /// Whether no element is denormal.
  fileprivate var holdsNoDenormals: Bool {
    if let splat { return !splat.isDenormal }
    let tensor = tensor
    return (0..<tensor.count).allSatisfy { !tensor[$0].isDenormal }
  }
}
