import FraguaGraph
import FraguaSource
import FraguaTensors

/// What `specialize` does: makes an instance of every function that the entries need, for each binding of its symbols.
struct Specializer {
  private let graph: Graph
  private let context: PassContext
  private let entries: [String]
  private let mode: Mode
  private let functions: [String: Function]
  private let gradients: [String: GradientDeclaration]
  private let trainings: [String: TrainDeclaration]
  private var result: Graph

  /// A function or gradient with what its symbols are.
  private struct Instance: Hashable {
    let name: String
    let substitution: Substitution
  }
  /// The name of each instance.
  private var names: [Instance: String] = [:]
  private var takenNames: Set<String> = []
  /// Instances in the order in which they were asked for; their bodies are made in this order.
  private var waiting: [Instance] = []
  /// The symbols that occurred.
  private var seenSymbols: Set<String> = []

  init(_ graph: Graph, _ context: PassContext) throws(Diagnostic) {
    self.graph = graph
    self.context = context
    functions = Dictionary(graph.functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    gradients = Dictionary(graph.gradients.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    trainings = Dictionary(graph.trainings.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    entries = Self.entries(of: graph, context)
    for entry in entries where functions[entry] == nil && gradients[entry] == nil && trainings[entry] == nil {
      let known = graph.functions.map(\.name) + graph.gradients.map(\.name) + graph.trainings.map(\.name)
      let error = Diagnostic("there is no function '@\(entry)' in '@\(graph.name)'")
      if let near = nearestName(to: entry, among: known) { throw error.noting("did you mean '@\(near)'?") }
      throw error.noting("there are \(known.map { "'@\($0)'" }.joined(separator: ", "))")
    }
    mode = try Self.mode(of: entries, graph, context)
    result = Graph(
      name: graph.name, mode: mode, bindings: context.bindings, parameters: graph.parameters)
  }

  /// The entries of `context`, or by default the trainings, or where there are none everything.
  private static func entries(of graph: Graph, _ context: PassContext) -> [String] {
    if !context.entries.isEmpty { return context.entries }
    if !graph.trainings.isEmpty { return graph.trainings.map(\.name) }
    return graph.functions.map(\.name) + graph.gradients.map(\.name)
  }

  /// The mode that all entries have.
  private static func mode(of entries: [String], _ graph: Graph, _ context: PassContext) throws(Diagnostic) -> Mode {
    if let mode = context.mode { return mode }
    let trained = entries.filter { entry in
      graph.trainings.contains { $0.name == entry }
        || graph.functions.contains { $0.name == entry && $0.role == .train }
    }
    if trained.isEmpty { return .inference }
    if trained.count == entries.count { return .train }
    let other = entries.first { !trained.contains($0) }!
    throw Diagnostic(
      "'@\(trained[0])' is compiled for training and '@\(other)' for inference: one graph is for one mode"
    )
    .noting("compile them one after the other")
  }

  /// The graph with what the entries need.
  mutating func specialized() throws(Diagnostic) -> Graph {
    for (symbol, value) in context.bindings.sorted(by: { $0.key < $1.key }) where value < 1 {
      throw Diagnostic("the symbol '\(symbol)' is bound to \(value), but an extent is at least 1")
    }
    let bindings = Substitution(context.bindings)
    // The entries come first, so that they keep their names.
    for entry in entries where trainings[entry] == nil { _ = try request(entry, bindings) }
    for entry in entries { if let training = trainings[entry] { try specialize(training, bindings) } }
    var next = 0
    while next < waiting.count {
      try make(waiting[next], named: names[waiting[next]]!)
      next += 1
    }
    try checkAllBindingsUsed()
    sortLikeSource()
    try SizeLimit(bytes: context.memoryLimitBytes).check(result)
    return result
  }

  // MARK: Instances

  /// The name of the instance of `name` with these symbols; it is made later.
  private mutating func request(_ name: String, _ substitution: Substitution) throws(Diagnostic) -> String {
    guard let root = graph.rootFunction(of: name) else { throw Diagnostic("there is no function '@\(name)'") }
    seenSymbols.formUnion(root.symbols)
    let instance = Instance(name: name, substitution: substitution.restricted(to: Set(root.symbols)))
    if let known = names[instance] { return known }
    var free = name
    var count = 1
    while takenNames.contains(free) || (count > 1 && isDeclared(free)) {
      count += 1
      free = "\(name).\(count)"
    }
    takenNames.insert(free)
    names[instance] = free
    waiting.append(instance)
    return free
  }

  private func isDeclared(_ name: String) -> Bool {
    functions[name] != nil || gradients[name] != nil || trainings[name] != nil
  }

  private mutating func make(_ instance: Instance, named name: String) throws(Diagnostic) {
    if var gradient = gradients[instance.name] {
      gradient.name = name
      gradient.function = try request(gradient.function, instance.substitution)
      result.gradients.append(gradient)
    } else if let function = functions[instance.name] {
      var made = try specialize(function, instance.substitution)
      made.name = name
      result.functions.append(made)
    }
  }

  /// `function` with its symbols bound, modal operations replaced, and types checked again.
  private mutating func specialize(_ function: Function, _ substitution: Substitution) throws(Diagnostic) -> Function {
    if let unbound = function.symbols.first(where: { substitution.extents[$0]?.fixedValue == nil }) {
      throw Diagnostic("the symbol '\(unbound)' of '@\(function.name)' is not bound", at: function.origin.location)
        .noting("bind it with '--bind \(unbound)=32'")
    }
    var rewriter = FunctionRewriter(function) { substitution($0.type) }
    for node in function.nodes {
      rewriter.builder.origin = node.origin
      let operands = rewriter.mapped(node.operands)
      switch node.kind {
      case .operation(let operation):
        let attributes = substitution(node.attributes)
        if let modal = operation as? any ModalOperation {
          rewriter.replace(node, with: modal.specialize(operands, attributes, mode, &rewriter.builder))
          continue
        }
        let types: [TensorType]
        do throws(Diagnostic) { types = try operation.inferTypes(operands.map(\.type), attributes) } catch {
          throw error.located(at: node.origin.location)
            .noting("with \(Self.words(substitution)), which '@\(function.name)' leaves open")
        }
        rewriter.copy(node, types: types, attributes: attributes)
      case .call(let name):
        let instance = try request(name, try symbols(of: name, at: node, operands.map(\.type)))
        let results = rewriter.builder.append(
          .call(instance), operands, node.attributes, types: node.results.map { substitution($0.type) })
        rewriter.replace(node, with: results)
      case .fused: rewriter.copy(node)
      }
    }
    return rewriter.finish()
  }

  /// What the symbols of `callee` are at a call with these operands.
  private func symbols(of callee: String, at node: Node, _ operands: [TensorType]) throws(Diagnostic) -> Substitution {
    guard let root = graph.rootFunction(of: callee) else {
      throw Diagnostic("there is no function '@\(callee)'", at: node.origin.location)
    }
    return try Self.unify(root, operands, "'@\(callee)'", at: node.origin)
  }

  /// What makes the arguments of `function` be `types`.
  private static func unify(
    _ function: Function, _ types: [TensorType], _ what: String, at origin: Origin
  ) throws(Diagnostic) -> Substitution {
    guard function.arguments.count == types.count else {
      throw Diagnostic("\(what) takes \(function.arguments.count) arguments, not \(types.count)", at: origin.location)
    }
    var substitution = Substitution()
    for (i, (formal, actual)) in zip(function.arguments, types).enumerated()
    where !substitution.unify(formal.type, with: actual) {
      throw Diagnostic(
        "argument '%\(function.argumentNames[i])' of \(what) is \(substitution(formal.type)), but it gets \(actual)",
        at: origin.location)
    }
    return substitution
  }

  // MARK: Trainings

  /// Adds `training` with instances of its loss and metrics.
  private mutating func specialize(_ training: TrainDeclaration, _ bindings: Substitution) throws(Diagnostic) {
    guard let loss = graph.rootFunction(of: training.loss) else {
      throw Diagnostic("there is no function '@\(training.loss)' to minimize", at: training.origin.location)
    }
    let types = loss.arguments.map { bindings($0.type) }
    var made = training
    made.loss = try request(training.loss, bindings)
    made.metrics = []
    for metric in training.metrics {
      guard let function = graph.rootFunction(of: metric) else {
        throw Diagnostic("there is no function '@\(metric)' for a metric", at: training.origin.location)
      }
      let substitution = try Self.unify(
        function, types, "the metric '@\(metric)'", at: training.origin)
      made.metrics.append(try request(metric, substitution))
    }
    takenNames.insert(made.name)
    result.trainings.append(made)
  }

  // MARK: The rest of the graph

  private func checkAllBindingsUsed() throws(Diagnostic) {
    for symbol in context.bindings.keys.sorted() where !seenSymbols.contains(symbol) {
      throw unknownSymbol(symbol, in: Self.words(entries), known: seenSymbols)
    }
  }

  /// Puts functions and gradients into the order of the source, instances of one by number.
  private mutating func sortLikeSource() {
    var position: [String: Int] = [:]
    for (i, name) in (graph.functions.map(\.name) + graph.gradients.map(\.name)).enumerated() { position[name] = i }
    var source: [String: (Int, String)] = [:]
    for (instance, name) in names { source[name] = (position[instance.name] ?? 0, name) }
    func precedes(_ a: String, _ b: String) -> Bool { source[a]! < source[b]! }
    result.functions.sort { precedes($0.name, $1.name) }
    result.gradients.sort { precedes($0.name, $1.name) }
    let trainings = Dictionary(uniqueKeysWithValues: graph.trainings.enumerated().map { ($1.name, $0) })
    result.trainings.sort { trainings[$0.name]! < trainings[$1.name]! }
  }

  private static func words(_ substitution: Substitution) -> String {
    substitution.extents.sorted { $0.key < $1.key }
      .map { "\($0.key)=\($0.value.fixedValue.map(String.init) ?? $0.value.description)" }.joined(separator: ", ")
  }

  private static func words(_ names: [String]) -> String { names.map { "'@\($0)'" }.joined(separator: ", ") }
}
