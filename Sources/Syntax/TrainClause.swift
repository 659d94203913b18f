import FraguaGraph
import FraguaSource

/// A clause of a `train` declaration: how it is read, checked and printed. ``all`` is the list to extend.
struct TrainClause: Sendable {
  /// What a clause is checked against.
  struct Context {
    let resolver: Resolver
    let loss: Signature

    var sink: DiagnosticSink { resolver.sink }
  }

  let name: String
  /// Whether every declaration has it.
  let isRequired: Bool
  /// A use, for hints.
  let example: String
  /// Writes what the clause says into the declaration, or reports what is wrong with it.
  let resolve: @Sendable (ClauseSyntax.Value, Int, inout TrainDeclaration, Context) -> Void
  /// The value as text; `nil` where the declaration says nothing.
  let print: @Sendable (TrainDeclaration) -> String?

  /// The clauses, in the order in which they are printed.
  static let all = [
    optimizer, link("clip", kind: "clipping", example: "clip = global_norm(maximum = 1.0)"), metrics, freeze,
  ]

  /// `optimizer = adam(learning_rate = 0.01)`: how parameters follow their gradients.
  private static let optimizer = TrainClause(
    name: "optimizer", isRequired: true, example: "optimizer = adam(learning_rate = 0.001)"
  ) { value, offset, declaration, context in
    guard case .use(let use) = value else {
      return context.sink.report(
        "expected an optimizer", at: offset, notes: [.init("as in 'optimizer = adam(learning_rate = 0.001)'")])
    }
    let table = context.resolver.vocabulary.optimizers
    let attributes = context.resolver.resolve(
      use, kind: "optimizer", among: table.all.map { ($0.name, $0.schema) },
      meaning: context.resolver.vocabulary.otherNames.optimizer)
    if let attributes {
      declaration.optimizer = use.name.text
      declaration.optimizerAttributes = attributes
    }
  } print: { declaration in
    GraphPrinter.use(declaration.optimizer, declaration.optimizerAttributes)
  }

  /// `clip = global_norm(maximum = 1.0)`: a link before the optimizer's.
  private static func link(_ name: String, kind: String, example: String) -> TrainClause {
    TrainClause(name: name, isRequired: false, example: example) { value, offset, declaration, context in
      guard case .use(let use) = value else {
        return context.sink.report("expected a word with attributes", at: offset, notes: [.init("as in '\(example)'")])
      }
      let table = context.resolver.vocabulary.links.links(of: name)
      let attributes = context.resolver.resolve(
        use, kind: kind, among: table.map { ($0.name, $0.schema) }, meaning: { _ in nil })
      if let attributes {
        declaration.links.append(LinkUse(clause: name, name: use.name.text, attributes: attributes))
      }
    } print: { declaration in
      declaration.links.first { $0.clause == name }.map { GraphPrinter.use($0.name, $0.attributes) }
    }
  }

  /// `metrics = [@accuracy]`: functions of the same arguments that are reported.
  private static let metrics = TrainClause(
    name: "metrics", isRequired: false, example: "metrics = [@accuracy]"
  ) { value, offset, declaration, context in
    declaration.metrics = names(value, offset, context, example: "[@accuracy]") { name throws(Diagnostic) in
      let resolver = context.resolver
      guard resolver.signatures[name.text] != nil else {
        _ = resolver.signature(name, at: name.offset, use: "reported as a metric")
        return
      }
      _ = try resolver.signatures.checkMetric(name.text, context.loss)
    }
  } print: { declaration in
    declaration.metrics.isEmpty ? nil : "[\(declaration.metrics.map { "@" + $0 }.joined(separator: ", "))]"
  }

  /// `freeze = [@w1]`: parameters that are not updated.
  private static let freeze = TrainClause(
    name: "freeze", isRequired: false, example: "freeze = [@w1]"
  ) { value, offset, declaration, context in
    declaration.frozen = names(value, offset, context, example: "[@w1]") { name throws(Diagnostic) in
      let resolver = context.resolver
      if resolver.failed.contains(name.text) { return }
      do throws(Diagnostic) { try resolver.signatures.checkFrozen(name.text) } catch {
        guard resolver.signatures.parameter(name.text) == nil else { throw error }
        var error = error
        error.notes += suggestion(for: name.text, among: resolver.tree.parameters.map(\.name.text), prefix: "@")
        throw error
      }
    }
  } print: { declaration in
    declaration.frozen.isEmpty ? nil : "[\(declaration.frozen.map { "@" + $0 }.joined(separator: ", "))]"
  }

  /// The names of a list, each accepted by `check` and none twice; reports what is wrong.
  private static func names(
    _ value: ClauseSyntax.Value, _ offset: Int, _ context: Context, example: String,
    _ check: (NameSyntax) throws(Diagnostic) -> Void
  ) -> [String] {
    guard case .attribute(let value) = value, case .list(let values) = value.kind else {
      context.sink.report("expected a list of names like \(example)", at: offset)
      return []
    }
    var names: [String] = []
    for value in values {
      guard case .symbol(let text) = value.kind else {
        context.sink.report("expected a name, as in \(example)", at: value.offset)
        continue
      }
      if names.contains(text) {
        context.sink.report("'@\(text)' is listed twice", at: value.offset)
        continue
      }
      names.append(text)
      do throws(Diagnostic) { try check(NameSyntax(text: text, offset: value.offset)) } catch {
        context.sink.report(context.resolver.located(error, value.offset))
      }
    }
    return names
  }

  /// Where to say what other systems say in such a clause; `nil` where `name` is none of that.
  private static func hint(for name: String) -> String? {
    switch name {
    case "lr", "learning_rate", "rate", "momentum", "beta_1", "beta_2", "epsilon":
      "the optimizer has it: 'optimizer = adam(learning_rate = 0.001)'"
    case "clipnorm", "clipvalue", "global_clipnorm", "clip_norm", "clip_grad_norm", "max_grad_norm", "gradient_clip":
      "it is 'clip = global_norm(maximum = 1.0)', or 'norm' or 'value' in place of 'global_norm'"
    case "weight_decay": "the optimizer has it: 'optimizer = adamw(weight_decay = 0.01)'"
    case "epochs", "batch", "seed": "the command has it: 'fragua train --\(name) ...'"
    case "batch_size": "the command has it: 'fragua train --batch ...'"
    case "loss", "minimize": "the loss stands before the clauses: 'train @fit minimize @loss { ... }'"
    default: nil
    }
  }

  /// Reads all clauses of `syntax`; reports those that are unknown, missing or there twice.
  static func resolve(
    _ syntax: TrainSyntax, _ declaration: inout TrainDeclaration, _ loss: Signature, _ resolver: Resolver
  ) {
    let context = Context(resolver: resolver, loss: loss)
    var seen: [String: Int] = [:]
    var hasUnknown = false
    for written in syntax.clauses {
      guard let clause = all.first(where: { $0.name == written.name.text }) else {
        resolver.sink.report(
          "'train' has no clause '\(written.name.text)'", at: written.name.offset,
          notes: hint(for: written.name.text).map { [.init($0)] }
            ?? suggestion(for: written.name.text, among: all.map(\.name)))
        hasUnknown = true
        continue
      }
      if let first = seen.updateValue(written.name.offset, forKey: clause.name) {
        resolver.sink.report(
          "the clause '\(clause.name)' is given twice", at: written.name.offset,
          notes: [resolver.sink.note("first here", at: first)])
        continue
      }
      clause.resolve(written.value, written.valueOffset, &declaration, context)
    }
    // An unknown clause may be a required one misspelt.
    for clause in all where clause.isRequired && seen[clause.name] == nil && !hasUnknown {
      resolver.sink.report(
        "'@\(syntax.name.text)' has no \(clause.name)", at: syntax.offset,
        notes: [.init("add a clause like '\(clause.example)'")])
    }
  }
}
