import FraguaGraph
import FraguaSource
import FraguaTensors

/// Writes graphs as text, in one canonical form that ``Parser`` reads back: printing what was read gives the same text,
/// bit for bit.
///
/// Every value's type is written once, behind its definition. Names are kept; where two values of a function have the
/// same one, later ones get a suffix, and values without a name a number. Floats are the shortest decimals that read
/// back the same; infinities and NaN are written by their bits. Attributes of operations that have their default are
/// left out.
public struct GraphPrinter {
  /// What the text shows.
  public struct Options: Sendable {
    /// Whether `loc(...)` stands behind what has an origin.
    public var locations: Bool
    /// Whether large constants are left out: for people. Such a text cannot be parsed.
    public var elidesConstants: Bool

    public init(locations: Bool = false, elidesConstants: Bool = false) {
      self.locations = locations
      self.elidesConstants = elidesConstants
    }
  }

  let options: Options
  var text = ""
  var depth = 0

  private init(_ options: Options) { self.options = options }

  /// The whole graph.
  public static func print(_ graph: Graph, _ options: Options = Options()) -> String {
    var printer = GraphPrinter(options)
    printer.print(graph)
    return printer.text
  }

  /// One function.
  public static func print(_ function: Function, _ options: Options = Options()) -> String {
    var printer = GraphPrinter(options)
    printer.print(function)
    return printer.text
  }

  /// Adds a line at the current depth.
  mutating func line(_ line: String) {
    for _ in 0..<depth { text += "  " }
    text += line
    text += "\n"
  }

  private mutating func print(_ graph: Graph) {
    var entries: [String] = []
    if let stage = graph.stage { entries.append("stage = \(quotedString(stage))") }
    if let mode = graph.mode { entries.append("mode = \"\(mode.rawValue)\"") }
    if !graph.bindings.isEmpty {
      let bindings = graph.bindings.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
      entries.append("bind = \"\(bindings.joined(separator: ","))\"")
    }
    line("graph @\(graph.name) version 1" + (entries.isEmpty ? "" : " {\(entries.joined(separator: ", "))}"))
    if !graph.parameters.isEmpty { line("") }
    for parameter in graph.parameters { print(parameter) }
    for function in graph.functions {
      line("")
      print(function)
    }
    if !graph.gradients.isEmpty { line("") }
    for gradient in graph.gradients {
      let variables = gradient.variables.map(\.description).joined(separator: ", ")
      line("gradient @\(gradient.name) of @\(gradient.function) wrt \(variables)\(location(gradient.origin))")
    }
    for training in graph.trainings {
      line("")
      line("train @\(training.name) minimize @\(training.loss)\(location(training.origin)) {")
      for clause in TrainClause.all {
        if let value = clause.print(training) { line("  \(clause.name) = \(value)") }
      }
      line("}")
    }
  }

  private mutating func print(_ parameter: Parameter) {
    let use = parameter.initializer
    var start = Self.use(use.name, use.attributes)
    if use.name == "dense", case .tensor(let value)? = use.attributes["value"] {
      start = constant(value, knownType: parameter.type)
    }
    line(
      "\(parameter.isTrainable ? "param" : "state") @\(parameter.name): \(parameter.type) = \(start)"
        + location(parameter.origin))
  }

  private mutating func print(_ function: Function) {
    var names = ValueNames(function)
    let arguments = function.arguments.map { "\(names[$0]): \($0.type)" }.joined(separator: ", ")
    let role = function.role == .plain ? "" : " {role = \(function.role.rawValue)}"
    line("func @\(function.name)(\(arguments)) -> \(resultTypes(function))\(role)\(location(function.origin)) {")
    printBody(function, &names)
    line("}")
  }

  /// `tensor<f32>`, or `(tensor<f32> {loss}, tensor<f32>)`.
  private func resultTypes(_ function: Function) -> String {
    var results: [String] = []
    for (position, result) in function.results.enumerated() {
      switch position < function.resultRoles.count ? function.resultRoles[position] : .plain {
      case .plain: results.append("\(result.type)")
      case .loss: results.append("\(result.type) {loss}")
      case .metric(let name): results.append("\(result.type) {metric = \(quotedString(name))}")
      }
    }
    let isBare = results.count == 1 && function.resultRoles.allSatisfy { $0 == .plain }
    return isBare ? results[0] : "(\(results.joined(separator: ", ")))"
  }

  /// The statements of a function or region, one level deeper.
  mutating func printBody(_ function: Function, _ names: inout ValueNames) {
    depth += 1
    for node in function.nodes { print(node, &names) }
    for update in function.updates {
      line("update @\(update.parameter), \(names[update.value])\(location(update.origin))")
    }
    line(function.results.isEmpty ? "return" : "return \(names.list(function.results))")
    depth -= 1
  }

  private mutating func print(_ node: Node, _ names: inout ValueNames) {
    let results = node.results.isEmpty ? "" : names.list(node.results) + " = "
    let types = node.results.map(\.type.description).joined(separator: ", ")
    let tail = (types.isEmpty ? "" : " : \(types)") + location(node.origin)
    switch node.kind {
    case .operation(let operation):
      let operands = node.operands.isEmpty ? "" : " \(names.list(node.operands))"
      line(results + operation.name + operands + attributes(node, operation) + tail)
    case .call(let name):
      let attributes = node.attributes.sorted { $0.key < $1.key }.map { "\($0.key) = \(value($0.value, nil))" }
      line(results + "call @\(name)(\(names.list(node.operands)))" + Self.braced(attributes) + tail)
    case .fused(let name, let region):
      let attributes = RegionAttributes.schema.compactMap { schema in
        node.attributes[schema.name].map { "\(schema.name) = \(value($0, nil))" }
      }
      print(region.function, name, node.operands, results, Self.braced(attributes) + tail, names)
    }
  }

  /// `%h = fused @name(%x: type = %x, ...) {`, the region, `} {form = word} : types`.
  private mutating func print(
    _ region: Function, _ name: String, _ operands: [Value], _ results: String, _ tail: String, _ outer: ValueNames
  ) {
    var inner = ValueNames(region, isRegion: true)
    let captures = zip(region.arguments, operands).map { "\(inner[$0]): \($0.type) = \(outer[$1])" }
    let head = results + "fused @\(name)("
    let oneLine = captures.joined(separator: ", ")
    if 2 * depth + head.utf8.count + oneLine.utf8.count <= 100 {
      line(head + oneLine + ") {")
    } else {
      line(head)
      for (position, capture) in captures.enumerated() {
        line("    " + capture + (position == captures.count - 1 ? ") {" : ","))
      }
    }
    printBody(region, &inner)
    line("}" + tail)
  }

  /// ` {name = value, ...}` in the order of the schema, without defaults.
  private func attributes(_ node: Node, _ operation: any Operation) -> String {
    let knownType = node.results.count == 1 ? node.results[0].type : nil
    let element = node.operands.first?.type.element
    var entries: [String] = []
    for schema in operation.schema {
      guard let value = node.attributes[schema.name] else { continue }
      // A stream that is not written would be numbered anew.
      let isStream = operation is any RandomOperation && schema.name == "stream"
      if value != schema.heldDefault(element) || isStream {
        entries.append("\(schema.name) = \(self.value(value, knownType))")
      }
    }
    let known = Set(operation.schema.map(\.name))
    for (name, value) in node.attributes.sorted(by: { $0.key < $1.key }) where !known.contains(name) {
      entries.append("\(name) = \(self.value(value, knownType))")
    }
    return Self.braced(entries)
  }

  private static func braced(_ entries: [String]) -> String {
    entries.isEmpty ? "" : " {\(entries.joined(separator: ", "))}"
  }
}
