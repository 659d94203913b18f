import FraguaSource

/// Finds where a minimised function depends on trained parameters by way of a choice: an operation of floats with an
/// integer result, such as `argmax`, through which no derivative goes.
///
/// Walks from the loss backwards, each value at most twice: behind a choice, and not.
struct ChoiceWarnings {
  /// A value of a function, reached from the loss, behind a choice or not.
  private struct Place: Hashable {
    let function: String
    let value: Int
    let isBehindChoice: Bool
  }

  /// The operation that a way passes.
  private struct Choice {
    let name: String
    let location: SourceLocation?
  }

  /// What defines a value of a function.
  private enum Definition {
    case node(Int)
    case argument(Int)
    case parameter(String)
  }

  /// A node that calls.
  private struct CallSite: Hashable {
    let function: String
    let node: Int
  }

  private let training: TrainDeclaration
  private let functions: [String: Function]
  /// By function and value.
  private var definitions: [String: [Int: Definition]] = [:]
  /// The calls of each function that have been met: its arguments are the operands of any of them.
  private var callers: [String: [CallSite]] = [:]
  private var knownCalls: Set<CallSite> = []
  /// The places that have been reached, each with the first choice on its way.
  private var choices: [Place: Choice?] = [:]
  private var pending: [Place] = []

  /// One warning for each choice on a way from the loss of `training` to a parameter that it trains.
  static func all(
    of training: TrainDeclaration, in graph: Graph, _ functions: [String: Function]
  ) -> [Diagnostic] {
    guard let loss = functions[training.loss], let result = loss.results.first else { return [] }
    let trained = Set(graph.parameters.filter(\.isTrainable).map(\.name)).subtracting(training.frozen)
    var search = ChoiceWarnings(training, functions)
    search.reach(result.id, of: loss, nil)
    return search.run(trained)
  }

  private init(_ training: TrainDeclaration, _ functions: [String: Function]) {
    self.training = training
    self.functions = functions
  }

  private mutating func run(_ trained: Set<String>) -> [Diagnostic] {
    var warnings: [Diagnostic] = []
    var told: Set<SourceLocation?> = []
    while let place = pending.popLast() {
      guard let function = functions[place.function] else { continue }
      let choice = choices[place] ?? nil
      switch definitions[place.function]?[place.value] {
      case .node(let index)?: follow(function, index, place.value, choice)
      case .argument(let position)?:
        for caller in callers[place.function] ?? [] { leave(position, by: caller, choice) }
      case .parameter(let name)?:
        if let choice, trained.contains(name), told.insert(choice.location).inserted {
          warnings.append(warning(choice, name))
        }
      case nil: break
      }
    }
    return warnings
  }

  /// Notes that the loss depends on `value`.
  private mutating func reach(_ value: Int, of function: Function, _ choice: Choice?) {
    if definitions[function.name] == nil {
      var known: [Int: Definition] = [:]
      for (position, argument) in function.arguments.enumerated() { known[argument.id] = .argument(position) }
      for read in function.parameterReads { known[read.value.id] = .parameter(read.parameter) }
      for (index, node) in function.nodes.enumerated() {
        for result in node.results { known[result.id] = .node(index) }
      }
      definitions[function.name] = known
    }
    let place = Place(function: function.name, value: value, isBehindChoice: choice != nil)
    if choices[place] != nil { return }
    choices[place] = .some(choice)
    pending.append(place)
  }

  /// Goes on from `value`, a result of the node at `index`, to what it is made of.
  private mutating func follow(_ function: Function, _ index: Int, _ value: Int, _ choice: Choice?) {
    let node = function.nodes[index]
    guard case .call(let name) = node.kind else {
      let isInteger = node.results[0].type.element.isInteger
      let passed = Choice(name: node.name, location: node.origin.location)
      for operand in node.operands {
        reach(operand.id, of: function, choice ?? (isInteger && operand.type.element.isFloat ? passed : nil))
      }
      return
    }
    guard let callee = functions[name], let position = node.results.firstIndex(where: { $0.id == value }) else {
      return
    }
    let site = CallSite(function: function.name, node: index)
    if knownCalls.insert(site).inserted {
      callers[name, default: []].append(site)
      // Arguments that have been reached by way of another call lead to the operands of this one too.
      for (position, argument) in callee.arguments.enumerated() {
        for isBehindChoice in [false, true] {
          let place = Place(function: name, value: argument.id, isBehindChoice: isBehindChoice)
          if let choice = choices[place] { leave(position, by: site, choice) }
        }
      }
    }
    reach(callee.results[position].id, of: callee, choice)
  }

  /// Goes on from the argument `position` of a function to the operand of a call of it.
  private mutating func leave(_ position: Int, by site: CallSite, _ choice: Choice?) {
    guard let outer = functions[site.function] else { return }
    reach(outer.nodes[site.node].operands[position].id, of: outer, choice)
  }

  private func warning(_ choice: Choice, _ parameter: String) -> Diagnostic {
    .warning(
      "'@\(training.loss)' depends on '@\(parameter)' by way of '\(choice.name)', which has no derivative",
      at: choice.location,
      notes: [
        .init("'@\(parameter)' learns nothing that way"),
        .init("'@\(training.name)' minimizes it here", at: training.origin.location),
      ])
  }
}
