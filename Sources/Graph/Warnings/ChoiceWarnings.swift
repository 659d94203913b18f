import FraguaSource

/// Finds where a minimised function depends on trained parameters by way of a choice: an operation of floats with an
/// integer result, such as `argmax`, through which no derivative goes.
///
/// A choice that serves as an index, a label or a condition is meant where what it chooses from reaches the loss as
/// floats too; one that is converted to a number of the loss never is. Operations of floats alone that have no
/// derivative, such as `sign`, count as if they had one.
///
/// Walks from the loss backwards, each value at most once for each ``Way``.
struct ChoiceWarnings {
  /// A value of a function, reached from the loss.
  private struct Place: Hashable {
    let function: String
    let value: ValueID
    let way: Way
  }

  /// What lies between a value and the loss.
  private enum Way: Hashable, CaseIterable {
    /// Floats: a derivative goes this way.
    case floats
    /// Integers or truth values that serve as indices, labels or conditions, or that become numbers.
    case index, number
    /// The same, and a choice that makes them.
    case chosenIndex, chosenNumber
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
  private var definitions: [String: [ValueID: Definition]] = [:]
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
    search.reach(result.id, of: loss, .floats, nil)
    return search.run(trained)
  }

  private init(_ training: TrainDeclaration, _ functions: [String: Function]) {
    self.training = training
    self.functions = functions
  }

  private mutating func run(_ trained: Set<String>) -> [Diagnostic] {
    var found: [(parameter: String, choice: Choice)] = []
    while let place = pending.popLast() {
      guard let function = functions[place.function] else { continue }
      let choice = choices[place] ?? nil
      switch definitions[place.function]?[place.value] {
      case .node(let index)?: follow(function, index, place, choice)
      case .argument(let position)?:
        for caller in callers[place.function] ?? [] { leave(position, by: caller, place.way, choice) }
      case .parameter(let name)?:
        if let choice, trained.contains(name) { found.append((name, choice)) }
      case nil: break
      }
    }
    var told = meant
    return found.filter { told.insert($0.choice.location).inserted }.map { warning($0.choice, $0.parameter) }
  }

  /// The places of the choices that serve as indices, and of which something that they are made of, other than
  /// parameters and arguments, reaches the loss as floats.
  private var meant: Set<SourceLocation?> {
    var meant: Set<SourceLocation?> = []
    for (place, choice) in choices where place.way == .chosenIndex {
      guard case .node? = definitions[place.function]?[place.value] else { continue }
      let direct = Place(function: place.function, value: place.value, way: .floats)
      if let choice, choices[direct] != nil { meant.insert(choice.location) }
    }
    return meant
  }

  /// Notes that the loss depends on `value`.
  private mutating func reach(_ value: ValueID, of function: Function, _ way: Way, _ choice: Choice?) {
    if definitions[function.name] == nil {
      var known: [ValueID: Definition] = [:]
      for (position, argument) in function.arguments.enumerated() { known[argument.id] = .argument(position) }
      for read in function.parameterReads { known[read.value.id] = .parameter(read.parameter) }
      for (index, node) in function.nodes.enumerated() {
        for result in node.results { known[result.id] = .node(index) }
      }
      definitions[function.name] = known
    }
    let place = Place(function: function.name, value: value, way: way)
    if choices[place] != nil { return }
    choices[place] = .some(choice)
    pending.append(place)
  }

  /// Goes on from a result of the node at `index` to what it is made of.
  private mutating func follow(_ function: Function, _ index: Int, _ place: Place, _ choice: Choice?) {
    let node = function.nodes[index]
    guard case .call(let name) = node.kind else {
      let result = node.results[0].type.element
      for operand in node.operands {
        let element = operand.type.element
        var (way, choice) = (place.way, choice)
        if way == .floats, !element.isFloat { way = node.operation is any ConvertingOperation ? .number : .index }
        if way != .floats, choice == nil, result.isInteger, element.isFloat {
          way = way == .index ? .chosenIndex : .chosenNumber
          choice = Choice(name: node.name, location: node.origin.location)
        }
        reach(operand.id, of: function, way, choice)
      }
      return
    }
    guard let callee = functions[name], let position = node.results.firstIndex(where: { $0.id == place.value }) else {
      return
    }
    let site = CallSite(function: function.name, node: index)
    if knownCalls.insert(site).inserted {
      callers[name, default: []].append(site)
      // Arguments that have been reached by way of another call lead to the operands of this one too.
      for (position, argument) in callee.arguments.enumerated() {
        for way in Way.allCases {
          let place = Place(function: name, value: argument.id, way: way)
          if let choice = choices[place] { leave(position, by: site, way, choice) }
        }
      }
    }
    reach(callee.results[position].id, of: callee, place.way, choice)
  }

  /// Goes on from the argument `position` of a function to the operand of a call of it.
  private mutating func leave(_ position: Int, by site: CallSite, _ way: Way, _ choice: Choice?) {
    guard let outer = functions[site.function] else { return }
    reach(outer.nodes[site.node].operands[position].id, of: outer, way, choice)
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
