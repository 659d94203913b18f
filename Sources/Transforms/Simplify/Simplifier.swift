import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaTensors

/// Rebuilds a function, asking a rule for every node whether something simpler does.
struct Simplifier {
  /// A simpler value than the operation applied to the operands, or `nil`.
  typealias Rule = @Sendable (inout Simplifier, _ operands: [Value], _ attributes: Attributes) -> Value?

  /// The rules by operation.
  static let rules: [String: Rule] = arithmeticRules.merging(viewRules) { $1 }.merging(contractionRules) { $1 }.merging(
    reductionRules
  ) { $1 }

  private let source: Function
  private let foldsConstants: Bool
  private var rewriter: FunctionRewriter
  /// For each new value, the position of the node that defines it, or -1.
  private var definitions: [Int]
  /// How many readers each value of the source has.
  private let useCounts: [Int]
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
    definitions = Array(repeating: -1, count: rewriter.builder.function.valueCount)
    var counts = [Int](repeating: 0, count: function.valueCount)
    for node in function.nodes { for operand in node.operands { counts[operand.id] += 1 } }
    for result in function.results { counts[result.id] += 1 }
    for update in function.updates { counts[update.value.id] += 1 }
    useCounts = counts
  }

  private mutating func visit(_ node: Node) {
    if let operation = node.operation, node.results.count == 1, !node.operands.isEmpty {
      let operands = rewriter.mapped(node.operands)
      rewriter.builder.origin = node.origin
      sourceOperands = node.operands
      if let simpler = simplified(operation, operands, node.attributes) {
        rewriter.replace(node, with: [simpler])
        return
      }
    }
    rewriter.copy(node)
    noteDefinitions()
  }

  /// A simpler value than `operation` applied to `operands`.
  private mutating func simplified(_ operation: any Operation, _ operands: [Value], _ attributes: Attributes) -> Value?
  {
    if let simpler = Self.rules[operation.name]?(&self, operands, attributes) { return simpler }
    guard foldsConstants, operands.allSatisfy({ definition(of: $0, as: "constant") != nil }),
      let folded = ConstantFold.folded(operation, operands.compactMap { constant($0) }, attributes)
    else { return nil }
    return make(ConstantOperation(), [], ["value": .tensor(folded)])
  }

  // MARK: For rules

  /// `operation` applied to `operands`, or something simpler.
  mutating func make(_ operation: any Operation, _ operands: [Value], _ attributes: Attributes = [:]) -> Value {
    sourceOperands = []
    if !operands.isEmpty, let simpler = simplified(operation, operands, attributes) { return simpler }
    let result = rewriter.builder.emit(operation, operands, attributes)
    noteDefinitions()
    return result
  }

  /// A constant of `type` whose elements are `scalar`.
  mutating func splat(_ scalar: Scalar, _ type: TensorType) -> Value {
    make(ConstantOperation(), [], ["value": .tensor(ConstantValue(type, splat: scalar))])
  }

  /// `x` in `shape`; itself where it has it.
  mutating func reshape(_ x: Value, to shape: Shape) -> Value {
    if x.type.shape == shape { return x }
    return make(ReshapeOperation(), [x], ["to": .type(TensorType(shape, x.type.element))])
  }

  /// The node that defines `value`, if it is the operation `name`.
  func definition(of value: Value, as name: String) -> Node? {
    let position = definitions[value.id]
    guard position >= 0, rewriter.builder.function.nodes[position].operation?.name == name else { return nil }
    return rewriter.builder.function.nodes[position]
  }

  /// The operand of the node that defines `value`, if it is the operation `name`.
  func operand(of value: Value, as name: String) -> Value? { definition(of: value, as: name)?.operands[0] }

  /// The constant that `value` is.
  func constant(_ value: Value) -> ConstantValue? { definition(of: value, as: "constant")?.attributes.tensor("value") }

  /// The element that all elements of `value` are, if it is a constant.
  func splat(_ value: Value) -> Scalar? { constant(value)?.splat }

  /// Whether no element of `value` can be denormal: it is computed, not an argument, a parameter, or a copy of one, so
  /// that arithmetic which would keep every other number keeps it.
  func holdsNoDenormals(_ value: Value) -> Bool {
    if !value.type.element.isFloat { return true }
    var open = [value]
    // Long chains of copies are not followed to the end.
    for _ in 0..<Self.mostCopies {
      guard let next = open.popLast() else { return true }
      guard next.type.element.isFloat else { continue }
      let position = definitions[next.id]
      guard position >= 0 else { return false }
      let node = rewriter.builder.function.nodes[position]
      if let constant = constant(next) {
        guard constant.holdsNoDenormals else { return false }
      } else if let primitive = node.operation as? any PrimitiveOperation {
        guard let copied = primitive.copiedOperands(node) else { return false }
        open += copied
      } else {
        return false
      }
    }
    return open.isEmpty
  }

  private static let mostCopies = 32

  /// Whether operand `index` of the current node has no other reader.
  func isOnlyReader(ofOperand index: Int) -> Bool {
    index < sourceOperands.count && useCounts[sourceOperands[index].id] == 1
  }

  /// Notes the definitions of what was appended.
  private mutating func noteDefinitions() {
    let (known, count) = (definitions.count, rewriter.builder.function.valueCount)
    for _ in known..<count { definitions.append(-1) }
    var position = rewriter.builder.function.nodes.count - 1
    while position >= 0, let last = rewriter.builder.function.nodes[position].results.last, last.id >= known {
      for result in rewriter.builder.function.nodes[position].results { definitions[result.id] = position }
      position -= 1
    }
  }
}

extension PrimitiveOperation {
  /// The operands of `node` whose elements its result may hold as they are, denormals included; `nil` where it holds
  /// denormals of its own.
  fileprivate func copiedOperands(_ node: Node) -> [Value]? {
    switch role(node.operands.map(\.type), node.results.map(\.type), node.attributes) {
    case .view(let map) where map.fill?.isDenormal == true: return nil
    case .view, .gather, .scatterAdd: return node.operands
    case .pointwise(let expression):
      var program = ScalarProgram()
      let inputs = node.operands.enumerated().map { program.input($0, $1.type.element) }
      let result = expression(&program, inputs)
      switch program.instructions[result] {
      case .unary(.negate, _), .unary(.abs, _), .select, .input: return node.operands
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
