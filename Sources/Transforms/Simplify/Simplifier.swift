import FraguaGraph
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

  /// `function`, simplified.
  static func simplified(_ function: Function, foldsConstants: Bool) -> Function {
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
