import FraguaGraph

/// Gives each random operation a `stream` that nobody else has.
///
/// Numbers go up in the order of the text and leave out what is written, so that a dump, where all are written, keeps
/// them.
struct StreamAssignment {
  private let vocabulary: Vocabulary
  private var written: Set<Int> = []
  private var next = 0
  private var needsGenerator = false

  init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

  /// Writes the streams into `tree`.
  /// - Returns: whether some operation leaves out its operand `@rng`.
  mutating func assign(_ tree: inout GraphSyntax) -> Bool {
    for function in tree.functions { collect(function.body) }
    for i in tree.functions.indices { assign(&tree.functions[i].body) }
    return needsGenerator
  }

  /// Collects the streams that are written.
  private mutating func collect(_ body: BodySyntax) {
    for statement in body.statements {
      if case .fused(_, _, let inner) = statement.kind { collect(inner) }
      guard randomOperation(statement) != nil else { continue }
      for attribute in statement.attributes where attribute.name.text == "stream" {
        if case .integer(let text) = attribute.value.kind, let stream = Int(text) { written.insert(stream) }
      }
    }
  }

  /// Adds the streams that are missing.
  private mutating func assign(_ body: inout BodySyntax) {
    for i in body.statements.indices {
      if case .fused(let name, let captures, var inner) = body.statements[i].kind {
        assign(&inner)
        body.statements[i].kind = .fused(name, captures: captures, inner)
      }
      guard let operation = randomOperation(body.statements[i]) else { continue }
      if body.statements[i].operands.count < operation.operandRule.names.count { needsGenerator = true }
      guard !body.statements[i].attributes.contains(where: { $0.name.text == "stream" }) else { continue }
      while written.contains(next) { next += 1 }
      let offset = body.statements[i].offset
      body.statements[i].attributes.append(
        AttributeSyntax(
          name: NameSyntax(text: "stream", offset: offset),
          value: ValueSyntax(kind: .integer(String(next)), offset: offset)))
      next += 1
    }
  }

  /// The operation of a statement that draws random numbers.
  private func randomOperation(_ statement: StatementSyntax) -> (any RandomOperation)? {
    guard case .operation(let name) = statement.kind else { return nil }
    return vocabulary.operations[name.text] as? any RandomOperation
  }
}
