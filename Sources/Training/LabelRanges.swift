import FraguaGraph
import FraguaSource
import FraguaTensors

/// Which arguments of a function are class labels, and how many classes there are.
///
/// Labels are what reaches the labels of a `softmax_cross_entropy` (as many classes as the logits' last extent) or the
/// indices of a `one_hot` (its depth) unchanged: through calls, conversions that keep the numbers and changes of shape.
public struct LabelRanges: Sendable {
  /// For each argument's position, the number of classes.
  public private(set) var classes: [Int: Int] = [:]
  /// The positions of the arguments that are the labels of a `sigmoid_cross_entropy`: probabilities, usually 0 or 1.
  public private(set) var probabilities: Set<Int> = []

  /// Looks through `function` and what it calls.
  /// - Requires: calls form no cycle.
  public init(of function: Function, in graph: Graph) {
    // Callees first, so that no chain of calls is too long for the stack.
    let functions = Dictionary(graph.functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var known: [String: LabelRanges] = [:]
    for name in dependencyOrder(graph.functions.map { ($0.name, $0.callees) }).order {
      known[name] = functions[name].map { LabelRanges($0, known) }
    }
    self.init(function, known)
  }

  /// What is known of `function` where that of the functions it calls is `known`.
  private init(_ function: Function, _ known: [String: LabelRanges]) {
    // For each value that is an argument's elements as they are: the argument's position.
    var source: [Int: Int] = [:]
    for (position, value) in function.arguments.enumerated() { source[value.id] = position }
    if source.isEmpty { return }
    for node in function.nodes {
      switch node.name {
      case "convert", "reshape", "transpose", "broadcast":
        let operand = node.operands[0]
        let result = node.results[0]
        if let position = source[operand.id], Self.keepsNumbers(operand.type.element, result.type.element) {
          source[result.id] = position
        }
      case "sigmoid_cross_entropy":
        if let position = source[node.operands[1].id] { probabilities.insert(position) }
      case "softmax_cross_entropy":
        let logits = node.operands[0].type
        let labels = node.operands[1]
        if labels.type.element.isInteger, let position = source[labels.id], let n = logits.shape.last?.fixedValue {
          note(position, n)
        }
      case "one_hot":
        if let position = source[node.operands[0].id] { note(position, node.attributes.integer("depth")) }
      case "call":
        guard case .call(let name) = node.kind, let inner = known[name] else { break }
        for (operand, n) in inner.classes {
          if let position = source[node.operands[operand].id] { note(position, n) }
        }
        probabilities.formUnion(inner.probabilities.compactMap { source[node.operands[$0].id] })
      default: break
      }
    }
  }

  /// Whether what is of type `from` is the same number of type `to`, as labels are.
  private static func keepsNumbers(_ from: ElementType, _ to: ElementType) -> Bool {
    from == to || from == .i1 || to.isFloat || from.isInteger && to.isInteger
  }

  /// Notes that argument `position` has labels below `n`; the smallest number counts.
  private mutating func note(_ position: Int, _ n: Int) { classes[position] = min(classes[position] ?? n, n) }
}
