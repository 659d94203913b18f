import FraguaGraph

/// Gives each random operation a `stream` that nobody else has, and each call of a function that draws random numbers
/// too.
///
/// Numbers go up in the order of the text and leave out what is written, so that a dump, where all are written, keeps
/// them.
struct StreamAssignment {
  private let vocabulary: Vocabulary
  /// Functions that draw random numbers, themselves or by what they call.
  private var randomFunctions: Set<String> = []
  private var written: Set<Int> = []
  private var next = 0
  private var needsGenerator = false

  init(_ vocabulary: Vocabulary) { self.vocabulary = vocabulary }

  /// Writes the streams into `tree`.
  /// - Parameter order: functions and gradients, callees first.
  /// - Returns: whether some operation leaves out its operand `@rng`.
  mutating func assign(_ tree: inout GraphSyntax, _ order: [String]) -> Bool {
    let functions = Dictionary(uniqueKeysWithValues: tree.functions.map { ($0.name.text, $0) })
    let gradients = Dictionary(uniqueKeysWithValues: tree.gradients.map { ($0.name.text, $0.function.text) })
    for name in order {
      let isRandom = functions[name].map { collect($0.body) } ?? randomFunctions.contains(gradients[name] ?? "")
      if isRandom { randomFunctions.insert(name) }
    }
    for i in tree.functions.indices { assign(&tree.functions[i].body) }
    return needsGenerator
  }

  /// Collects the streams that are written, and tells whether the body draws random numbers.
  private mutating func collect(_ body: BodySyntax) -> Bool {
    var isRandom = false
    for statement in body.statements {
      if case .fused(_, _, let inner) = statement.kind, collect(inner) { isRandom = true }
      guard isDrawing(statement) else { continue }
      isRandom = true
      for attribute in statement.attributes where attribute.name.text == "stream" {
        if case .integer(let text) = attribute.value.kind, let stream = Int(text) { written.insert(stream) }
      }
    }
    return isRandom
  }

  /// Adds the streams that are missing.
  private mutating func assign(_ body: inout BodySyntax) {
    for i in body.statements.indices {
      if case .fused(let name, let captures, var inner) = body.statements[i].kind {
        assign(&inner)
        body.statements[i].kind = .fused(name, captures: captures, inner)
      }
      guard isDrawing(body.statements[i]) else { continue }
      if case .operation(let name) = body.statements[i].kind, let operation = vocabulary.operations[name.text],
        body.statements[i].operands.count < operation.operandRule.names.count
      {
        needsGenerator = true
      }
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

  /// Whether a statement draws random numbers by itself or by a call.
  private func isDrawing(_ statement: StatementSyntax) -> Bool {
    switch statement.kind {
    case .operation(let name): vocabulary.operations[name.text] is any RandomOperation
    case .call(let name): randomFunctions.contains(name.text)
    default: false
    }
  }
}
