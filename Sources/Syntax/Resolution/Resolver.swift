import FraguaGraph
import FraguaSource
import FraguaTensors

/// Turns a ``GraphSyntax`` into a ``Graph``: names become values, types are inferred, operands broadcast.
///
/// Functions are resolved after those that they call. What fails is reported once and poisons what depends on it
/// silently.
final class Resolver {
  let sink: DiagnosticSink
  let vocabulary: Vocabulary
  /// The file, with streams written out.
  private(set) var tree: GraphSyntax
  /// What is known of functions so far.
  private(set) var signatures: SignatureTable
  /// Names whose declarations failed.
  fileprivate(set) var failed: Set<String>
  /// Where each `@` name is first declared.
  private(set) var declarations: [String: Int] = [:]
  private var graph: Graph

  init(_ tree: GraphSyntax, _ sink: DiagnosticSink, _ vocabulary: Vocabulary) {
    self.sink = sink
    self.vocabulary = vocabulary
    self.tree = tree
    failed = tree.brokenNames
    signatures = SignatureTable(parameters: [])
    graph = Graph(name: tree.name.text, stage: tree.stage, mode: tree.mode, bindings: tree.bindings)
  }

  /// The graph; worth something only where the sink has no errors.
  func resolve() -> Graph {
    declareNames()
    let order = functionOrder()
    var streams = StreamAssignment(vocabulary)
    let needsGenerator = streams.assign(&tree)
    graph.parameters = tree.parameters.compactMap(parameter)
    if needsGenerator, declarations["rng"] == nil { graph.parameters.append(Self.generator) }
    signatures = SignatureTable(parameters: graph.parameters)
    resolveFunctions(order)
    for training in tree.trainings { resolve(training) }
    return graph
  }

  /// The state that random operations read, (seed, step), where the file does not declare it.
  private static let generator = Parameter(
    name: "rng", type: TensorType([2], .i64),
    initializer: InitializerUse(
      "dense", ["value": .tensor(ConstantValue(TensorType([2], .i64), splat: Scalar(Int64(0))))]),
    isTrainable: false)

  /// Finds names that are declared twice; only the first declaration stays.
  private func declareNames() {
    var names = tree.parameters.map(\.name) + tree.functions.map(\.name)
    names += tree.gradients.map(\.name) + tree.trainings.map(\.name)
    for name in names.sorted(by: { $0.offset < $1.offset }) {
      guard let first = declarations[name.text] else {
        declarations[name.text] = name.offset
        continue
      }
      sink.report(
        "'@\(name.text)' is defined twice", at: name.offset, notes: [sink.note("first defined here", at: first)])
    }
    func isFirst(_ name: NameSyntax) -> Bool { declarations[name.text] == name.offset }
    tree.parameters.removeAll { !isFirst($0.name) }
    tree.functions.removeAll { !isFirst($0.name) }
    tree.gradients.removeAll { !isFirst($0.name) }
    tree.trainings.removeAll { !isFirst($0.name) }
  }

  /// Functions and gradients, callees first; those on a cycle are reported and fail.
  private func functionOrder() -> [String] {
    let uses =
      tree.functions.map { ($0.name.text, $0.body.callees) } + tree.gradients.map { ($0.name.text, [$0.function.text]) }
    let (order, cycles) = dependencyOrder(uses)
    for cycle in cycles {
      sink.report(cycleMessage(cycle), at: declarations[cycle[0]] ?? 0)
      failed.formUnion(cycle)
    }
    return order
  }

  /// Resolves functions and gradients in `order`, and lists them in the order of the text.
  private func resolveFunctions(_ order: [String]) {
    let functions = Dictionary(uniqueKeysWithValues: tree.functions.map { ($0.name.text, $0) })
    let gradients = Dictionary(uniqueKeysWithValues: tree.gradients.map { ($0.name.text, $0) })
    var resolved: [String: Function] = [:]
    for name in order where !sink.isFull {
      if let syntax = functions[name] {
        if let function = FunctionResolver.resolve(syntax, self) {
          resolved[name] = function
          signatures.add(function)
        } else if let signature = syntax.writtenSignature, !failed.contains(name) {
          signatures.add(signature)
        } else {
          failed.insert(name)
        }
      } else if let syntax = gradients[name] {
        resolve(syntax)
      }
    }
    graph.functions = tree.functions.compactMap { resolved[$0.name.text] }
    let order = Dictionary(uniqueKeysWithValues: tree.gradients.enumerated().map { ($1.name.text, $0) })
    graph.gradients.sort { order[$0.name]! < order[$1.name]! }
  }

  private func resolve(_ syntax: GradientSyntax) {
    guard let function = signature(syntax.function, at: syntax.function.offset, use: "differentiated") else {
      failed.insert(syntax.name.text)
      return
    }
    // What the error is about: the function, then one variable after the other.
    var offset = syntax.function.offset
    do throws(Diagnostic) {
      _ = try signatures.checkDifferentiable(function.name)
      var variables: [GradientDeclaration.Variable] = []
      var seen: Set<GradientDeclaration.Variable> = []
      for operand in syntax.variables {
        if operand.isParameter, failed.contains(operand.name.text) {
          failed.insert(syntax.name.text)
          return
        }
        offset = operand.name.offset
        variables.append(operand.isParameter ? .parameter(operand.name.text) : .argument(operand.name.text))
        _ = try signatures.check(variables[variables.count - 1], of: function)
        if !seen.insert(variables[variables.count - 1]).inserted {
          throw Diagnostic("'\(operand.text)' is listed twice")
        }
      }
      let declaration = GradientDeclaration(
        name: syntax.name.text, function: function.name, variables: variables,
        origin: origin(syntax.origin, syntax.offset))
      try signatures.add(declaration)
      graph.gradients.append(declaration)
    } catch {
      sink.report(located(error, offset, definition: function.name))
      failed.insert(syntax.name.text)
    }
  }

  private func resolve(_ syntax: TrainSyntax) {
    guard let loss = signature(syntax.loss, at: syntax.loss.offset, use: "minimized") else { return }
    var declaration = TrainDeclaration(
      name: syntax.name.text, loss: loss.name, optimizer: "", optimizerAttributes: [:],
      origin: origin(syntax.origin, syntax.offset))
    let errorsBefore = sink.all.count
    TrainClause.resolve(syntax, &declaration, loss, self)
    guard sink.all.count == errorsBefore else { return }
    do throws(Diagnostic) {
      try signatures.add(declaration)
      graph.trainings.append(declaration)
    } catch { return sink.report(located(error, syntax.loss.offset, definition: loss.name)) }
    do throws(Diagnostic) {
      try vocabulary.optimizers[declaration.optimizer]?.check(
        declaration.optimizerAttributes, training: signatures.trainedElements(declaration))
    } catch {
      let clause = syntax.clauses.first { $0.name.text == "optimizer" }
      sink.report(located(error, clause?.valueOffset ?? syntax.offset))
    }
    for use in declaration.links {
      do throws(Diagnostic) {
        try vocabulary.links[use.clause, use.name]?.check(
          use.attributes, training: signatures.trainedElements(declaration))
      } catch {
        let clause = syntax.clauses.first { $0.name.text == use.clause }
        sink.report(located(error, clause?.valueOffset ?? syntax.offset))
      }
    }
  }
}

/// What the other resolvers ask.
extension Resolver {
  /// The signature of the function `name`, or `nil` after reporting why there is none; silent where its declaration has
  /// failed.
  func signature(_ name: NameSyntax, at offset: Int, use: String) -> Signature? {
    if let signature = signatures[name.text], signature.kind != .training { return signature }
    if failed.contains(name.text) { return nil }
    if tree.trainings.contains(where: { $0.name.text == name.text }) {
      sink.report("'@\(name.text)' is a training, which updates parameters: it cannot be \(use)", at: offset)
    } else if let parameter = signatures.parameter(name.text) {
      sink.report(
        "'@\(name.text)' is a \(parameter.isTrainable ? "param" : "state"), not a function", at: offset,
        notes: declarations[name.text].map { [sink.note("defined here", at: $0)] } ?? [])
    } else if declarations[name.text] == nil {
      let names = tree.functions.map(\.name.text) + tree.gradients.map(\.name.text)
      sink.report(
        "unknown function '@\(name.text)'", at: offset, notes: suggestion(for: name.text, among: names, prefix: "@"))
    }
    return nil
  }

  /// Says that the declaration of `name` is wrong, so that nobody complains that it is unknown.
  func fail(_ name: String) { failed.insert(name) }

  /// Where something comes from: what is written beside it, or where it stands.
  func origin(_ written: Origin?, _ offset: Int) -> Origin { written ?? .written(sink.location(offset)) }

  /// `error` at `offset`, with a note at the declaration of `definition`.
  func located(_ error: Diagnostic, _ offset: Int, definition: String? = nil) -> Diagnostic {
    var error = error.located(at: sink.location(offset))
    if let definition, let place = declarations[definition] {
      error.notes.append(sink.note("'@\(definition)' is defined here", at: place))
    }
    return error
  }
}

extension FunctionSyntax {
  /// The signature as far as it is written: there only where all types are.
  var writtenSignature: Signature? {
    guard let results else { return nil }
    let arguments = arguments.compactMap(\.type.type)
    let types = results.compactMap(\.type.type)
    guard arguments.count == self.arguments.count, types.count == results.count else { return nil }
    return Signature(
      name: name.text, kind: .function, argumentNames: self.arguments.map(\.name.text), arguments: arguments,
      results: types)
  }
}

extension BodySyntax {
  /// The functions that it calls, regions included.
  var callees: [String] {
    statements.flatMap { statement -> [String] in
      switch statement.kind {
      case .call(let name): [name.text]
      case .fused(_, _, let body): body.callees
      default: []
      }
    }
  }
}
