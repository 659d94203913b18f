import FraguaSource
import FraguaTensors

/// Checks that a graph in memory is well-formed: what a parsed one is by construction, and one that a pass or a Swift
/// program made must be.
///
/// - Names are unique and can be written in the text.
/// - Values are defined once, before their use, with ids below the function's count.
/// - Operand counts, attributes and result types are what the operations say.
/// - Reads, updates, calls, gradients and trainings refer to what is there; calls form no cycle.
/// - Regions are closed: they read no parameters and update none.
/// - What calls and gradients multiply to can be compiled.
///
/// Linear but for the order of calls, which is n log n.
public struct GraphVerifier {
  private let graph: Graph
  private var signatures: SignatureTable
  private var errors: [Diagnostic] = []

  private init(_ graph: Graph) {
    self.graph = graph
    signatures = SignatureTable(parameters: graph.parameters)
  }

  /// Everything that is wrong with `graph`; empty where nothing is.
  public static func errors(in graph: Graph) -> [Diagnostic] {
    var verifier = GraphVerifier(graph)
    verifier.checkNames()
    verifier.checkDeclarations()
    if verifier.errors.isEmpty { verifier.checkSize() }
    return verifier.errors
  }

  /// Checks `graph`.
  /// - Throws: everything that is wrong with it.
  public static func check(_ graph: Graph) throws(Diagnostics) {
    let errors = errors(in: graph)
    if !errors.isEmpty { throw Diagnostics(errors) }
  }

  private mutating func report(_ message: String, _ origin: Origin) {
    errors.append(Diagnostic(message, at: origin.location))
  }

  /// Names can be written and are unique among parameters, functions, gradients and trainings.
  private mutating func checkNames() {
    var seen: Set<String> = []
    let names =
      graph.parameters.map { ($0.name, $0.origin) } + graph.functions.map { ($0.name, $0.origin) }
      + graph.gradients.map { ($0.name, $0.origin) } + graph.trainings.map { ($0.name, $0.origin) }
    for (name, origin) in names {
      if !name.isIdentifier { report("'@\(name)' is not a name: letters, digits, '_' and '.' are", origin) }
      if !seen.insert(name).inserted { report("'@\(name)' is defined twice", origin) }
    }
    if !graph.name.isIdentifier { report("'@\(graph.name)' is not a name: letters, digits, '_' and '.' are", .unknown) }
    for parameter in graph.parameters where !parameter.type.isFixed {
      report("the parameter '@\(parameter.name)' has symbols in its type \(parameter.type)", parameter.origin)
    }
  }

  /// Functions and gradients in an order in which callees come first, then trainings.
  private mutating func checkDeclarations() {
    let functions = Dictionary(graph.functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let gradients = Dictionary(graph.gradients.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let uses = graph.functions.map { ($0.name, $0.callees) } + graph.gradients.map { ($0.name, [$0.function]) }
    let (order, cycles) = dependencyOrder(uses)
    for cycle in cycles {
      report(cycleMessage(cycle), functions[cycle[0]]?.origin ?? gradients[cycle[0]]?.origin ?? .unknown)
    }
    for name in order {
      if let function = functions[name] {
        check(function, isRegion: false)
        signatures.add(function)
      } else if let gradient = gradients[name] {
        do throws(Diagnostic) { try signatures.add(gradient) } catch {
          errors.append(error.located(at: gradient.origin.location))
        }
      }
    }
    for training in graph.trainings {
      do throws(Diagnostic) { try signatures.add(training) } catch {
        errors.append(error.located(at: training.origin.location))
      }
    }
  }

  /// What calls and gradients come to is no more than can be compiled.
  private mutating func checkSize() {
    do throws(Diagnostic) { try ExpandedSize.check(graph) } catch { errors.append(error) }
  }

  private mutating func check(_ function: Function, isRegion: Bool) {
    var scope = Scope(function)
    for argument in function.arguments { define(argument, &scope, function.origin) }
    if !isRegion, Set(function.argumentNames).count != function.arguments.count {
      report("'@\(function.name)' has two arguments of one name", function.origin)
    }
    var reads: Set<String> = []
    for read in function.parameterReads {
      define(read.value, &scope, function.origin)
      if isRegion { report("the region '@\(function.name)' reads the parameter '@\(read.parameter)'", function.origin) }
      if !reads.insert(read.parameter).inserted {
        report("'@\(function.name)' reads '@\(read.parameter)' as two values", function.origin)
      }
      requireParameter(read.parameter, read.value.type, function.origin)
    }
    for node in function.nodes {
      for operand in node.operands { use(operand, &scope, node.origin) }
      check(node, scope)
      for result in node.results { define(result, &scope, node.origin) }
    }
    var updated: Set<String> = []
    for update in function.updates {
      if isRegion { report("the region '@\(function.name)' updates '@\(update.parameter)'", update.origin) }
      if !updated.insert(update.parameter).inserted {
        report("'@\(function.name)' updates '@\(update.parameter)' twice", update.origin)
      }
      use(update.value, &scope, update.origin)
      requireParameter(update.parameter, update.value.type, update.origin)
    }
    for result in function.results { use(result, &scope, function.origin) }
    for case .metric(let name) in function.resultRoles where !name.isIdentifier {
      report("the metric '\(name)' is not a name: letters, digits, '_' and '.' are", function.origin)
    }
    if function.resultRoles.count != function.results.count {
      report(
        "'@\(function.name)' has \(function.results.count) results and \(function.resultRoles.count) roles",
        function.origin)
    }
  }

  /// Checks kind, operands, attributes and result types of a node.
  private mutating func check(_ node: Node, _ scope: Scope) {
    do throws(Diagnostic) {
      let types: [TensorType]
      switch node.kind {
      case .operation(let operation): types = try resultTypes(of: node, operation)
      case .call(let name):
        guard let callee = signatures[name] else { throw Diagnostic("unknown function '@\(name)'") }
        types = try callee.call(node.operands.map(\.type))
      case .fused(let name, let region):
        types = region.function.results.map(\.type)
        check(region.function, isRegion: true)
        guard node.operands.map(\.type) == region.function.arguments.map(\.type) else {
          throw Diagnostic("the region '@\(name)' is given operands of other types than its arguments")
        }
        try RegionAttributes.check(node.attributes, operandCount: node.operands.count)
      }
      guard types == node.results.map(\.type) else {
        throw Diagnostic(
          "'\(node.name)' gives \(list(types)), but its results are \(list(node.results.map(\.type)))")
      }
      for type in types { try scope.requireKnownSymbols(type) }
    } catch { errors.append(error.located(at: node.origin.location)) }
  }

  /// The result types that the operation infers after its operands and attributes have been checked.
  private func resultTypes(of node: Node, _ operation: any Operation) throws(Diagnostic) -> [TensorType] {
    try operation.operandRule.check(count: node.operands.count, of: operation.name)
    let attributes = try operation.checked(node.attributes, node.operands.map(\.type))
    if let missing = attributes.keys.sorted().first(where: { node.attributes[$0] == nil }) {
      throw Diagnostic("'\(operation.name)' lacks its attribute '\(missing)', though it has a default")
    }
    if let (name, held) = attributes.sorted(by: { $0.key < $1.key }).first(where: {
      node.attributes[$0.key] != $0.value
    }) {
      throw Diagnostic(
        "'\(operation.name)' has \(node.attributes[name]!.kindDescription) as its attribute '\(name)', which holds "
          + held.kindDescription)
    }
    return try operation.inferTypes(node.operands.map(\.type), attributes)
  }

  private mutating func define(_ value: Value, _ scope: inout Scope, _ origin: Origin) {
    guard scope.types.contains(value.id) else {
      report("the value \(value.id) of '@\(scope.owner)' is beyond its count of \(scope.types.count)", origin)
      return
    }
    if scope.types[value.id] != nil { report("the value \(value.id) of '@\(scope.owner)' is defined twice", origin) }
    scope.types[value.id] = value.type
  }

  private mutating func use(_ value: Value, _ scope: inout Scope, _ origin: Origin) {
    guard scope.types.contains(value.id), let type = scope.types[value.id] else {
      report("the value \(value.id) of '@\(scope.owner)' is used before its definition", origin)
      return
    }
    if type != value.type {
      report("the value \(value.id) of '@\(scope.owner)' is \(type), used as \(value.type)", origin)
    }
  }

  private mutating func requireParameter(_ name: String, _ type: TensorType, _ origin: Origin) {
    guard let parameter = signatures.parameter(name) else { return report("unknown parameter '@\(name)'", origin) }
    if parameter.type != type { report("'@\(name)' is \(parameter.type), not \(type)", origin) }
  }
}

/// The values of a function that are defined so far.
private struct Scope {
  let owner: String
  /// By id.
  var types: ValueTable<TensorType?>
  /// The symbols of the arguments' types: no others can be bound.
  let symbols: Set<String>

  init(_ function: Function) {
    owner = function.name
    types = ValueTable(repeating: nil, count: max(0, function.valueCount))
    symbols = function.argumentSymbols
  }

  func requireKnownSymbols(_ type: TensorType) throws(Diagnostic) {
    for case .symbol(let name) in type.shape where !symbols.contains(name) {
      throw Diagnostic("the symbol '\(name)' of \(type) is in no argument of '@\(owner)'")
    }
  }
}

private func list(_ types: [TensorType]) -> String {
  types.isEmpty ? "nothing" : types.map(\.description).joined(separator: ", ")
}

extension Function {
  /// The functions that it calls, in order.
  public var callees: [String] {
    nodes.compactMap { if case .call(let name) = $0.kind { name } else { nil } }
  }

  /// The symbols of its arguments' types.
  public var argumentSymbols: Set<String> {
    Set(arguments.flatMap { $0.type.shape.compactMap { if case .symbol(let name) = $0 { name } else { nil } } })
  }
}
