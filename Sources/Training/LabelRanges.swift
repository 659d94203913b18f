import FraguaGraph
import FraguaSource
import FraguaTensors

/// Which arguments of a function are class labels, and how many classes there are.
///
/// Labels are what reaches the labels of a ``LabelOperation`` unchanged: through calls, conversions that keep the numbers
/// and changes of shape.
public struct LabelRanges: Sendable {
  /// For each argument's position, the number of classes.
  public private(set) var classes: [Int: Int] = [:]
  /// The positions of the arguments that are probabilities, usually 0 or 1, as the labels of a `sigmoid_cross_entropy`.
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
    var source: [ValueID: Int] = [:]
    for (position, value) in function.arguments.enumerated() { source[value.id] = position }
    if source.isEmpty { return }
    for node in function.nodes {
      let operands = node.operands
      if case .call(let name) = node.kind, let inner = known[name] {
        for (operand, n) in inner.classes {
          if let position = source[operands[operand].id] { note(position, n) }
        }
        probabilities.formUnion(inner.probabilities.compactMap { source[operands[$0].id] })
      }
      guard let operation = node.operation else { continue }
      let (from, to) = (operands.first?.type.element, node.results[0].type.element)
      if operation is any RearrangingOperation || operation is any ConvertingOperation, let from,
        let position = source[operands[0].id], Self.keepsNumbers(from, to)
      {
        source[node.results[0].id] = position
      }
      if let labels = (operation as? any LabelOperation)?.labels(operands.map(\.type), node.attributes),
        let position = source[operands[labels.operand].id]
      {
        switch labels.kind {
        case .classes(let n): note(position, n)
        case .probabilities: probabilities.insert(position)
        }
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
