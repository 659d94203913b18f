import FraguaGraph
import FraguaSource
import FraguaTensors

/// Resolves one body: a function's or a region's.
struct FunctionResolver {
  /// What a `%` name stands for.
  enum Binding {
    case value(Value)
    /// Its definition failed.
    case poisoned
  }

  let context: Resolver
  var builder: FunctionBuilder
  let isRegion: Bool
  private var bindings: [String: Binding] = [:]
  /// Where each name is first defined, used or not yet.
  private var definitions: [String: Int] = [:]
  /// Where each value is defined, by id.
  var offsets: [ValueID: Int] = [:]
  /// The symbols of the arguments' types.
  private(set) var symbols: Set<String> = []
  /// Where each parameter is updated.
  private var updates: [String: Int] = [:]
  private var isBroken = false

  var sink: DiagnosticSink { context.sink }

  private init(_ context: Resolver, _ builder: FunctionBuilder, isRegion: Bool) {
    self.context = context
    self.builder = builder
    self.isRegion = isRegion
  }

  /// The function that `syntax` writes, or `nil` after reporting what is wrong.
  static func resolve(_ syntax: FunctionSyntax, _ context: Resolver) -> Function? {
    let origin = context.origin(syntax.origin, syntax.offset)
    let builder = FunctionBuilder(name: syntax.name.text, role: syntax.role, origin: origin)
    var resolver = FunctionResolver(context, builder, isRegion: false)
    for (name, type) in syntax.arguments {
      if name.text.isNumber {
        context.sink.report("the argument '%\(name.text)' needs a name that is no number", at: name.offset)
      }
      resolver.define(name, type.type.map { resolver.builder.argument(name.text, $0) })
      if let type = type.type { resolver.addSymbols(of: type) }
    }
    resolver.resolve(syntax.body, syntax.results, owner: "'@\(syntax.name.text)'")
    return resolver.isBroken || context.failed.contains(syntax.name.text) ? nil : resolver.builder.function
  }

  /// The region that `body` writes, with arguments of the types of `operands`, or `nil` after reporting what is wrong.
  static func resolve(
    region name: NameSyntax, _ captures: [(name: NameSyntax, type: TypeSyntax?)], _ operands: [Value],
    _ body: BodySyntax, origin: Origin, _ context: Resolver
  ) -> Function? {
    var resolver = FunctionResolver(context, FunctionBuilder(name: name.text, origin: origin), isRegion: true)
    for ((name, written), operand) in zip(captures, operands) {
      if let written, written.type != operand.type {
        if let type = written.type {
          context.sink.report(
            "'%\(name.text)' is declared \(type), but what it takes is \(operand.type)", at: written.offset)
        }
        resolver.isBroken = true
      }
      resolver.define(name, resolver.builder.argument(name.text.isNumber ? nil : name.text, operand.type))
      resolver.addSymbols(of: operand.type)
    }
    resolver.resolve(body, nil, owner: "the region '@\(name.text)'")
    return resolver.isBroken ? nil : resolver.builder.function
  }

  private mutating func addSymbols(of type: TensorType) {
    for case .symbol(let name) in type.shape { symbols.insert(name) }
  }

  /// Resolves the statements up to the `return`.
  private mutating func resolve(
    _ body: BodySyntax, _ results: [(type: TypeSyntax, role: Function.ResultRole)]?, owner: String
  ) {
    for statement in body.statements {
      for name in statement.results where definitions[name.text] == nil { definitions[name.text] = name.offset }
    }
    var hasReturned = false
    for statement in body.statements where !sink.isFull {
      if hasReturned {
        sink.report("nothing may follow 'return'", at: statement.offset)
        isBroken = true
        return
      }
      builder.origin = context.origin(statement.origin, statement.offset)
      switch statement.kind {
      case .update(let name): resolveUpdate(name, statement)
      case .return:
        resolveReturn(statement, results, owner: owner)
        hasReturned = true
      case .broken, .operation, .call, .fused:
        if statement.isBroken { isBroken = true }
        let values = resolveApplication(statement)
        for (position, name) in statement.results.enumerated() { define(name, values?[position]) }
      }
    }
    guard !hasReturned else { return }
    // A broken statement may be what was meant to be the return.
    if !body.statements.contains(where: \.isBroken) {
      sink.report(
        "\(owner) does not return", at: body.end, notes: [.init("its last statement is 'return %value, ...'")])
    }
    isBroken = true
  }

  private mutating func resolveUpdate(_ name: NameSyntax, _ statement: StatementSyntax) {
    if !statement.numbers.isEmpty {
      _ = refuseNumbers(statement, nil)
      return
    }
    let value = operand(statement.operands[0])
    guard !isRegion else { return fail("a region updates nothing", at: statement.offset) }
    if let first = updates.updateValue(name.offset, forKey: name.text) {
      return fail("'@\(name.text)' is updated twice", at: name.offset, notes: [sink.note("first here", at: first)])
    }
    guard let parameter = parameter(name), let value else {
      isBroken = true
      return
    }
    guard value.type == parameter.type else {
      let offset = statement.operands[0].name.offset
      return fail(
        "'@\(name.text)' is \(parameter.type), but its new value is \(value.type)", at: offset,
        notes: definitionNotes([value], [statement.operands[0]]))
    }
    builder.update(name.text, with: value)
  }

  private mutating func resolveReturn(
    _ statement: StatementSyntax, _ results: [(type: TypeSyntax, role: Function.ResultRole)]?, owner: String
  ) {
    if !statement.numbers.isEmpty {
      _ = refuseNumbers(statement, nil)
      return
    }
    let values = statement.operands.map { operand($0) }
    if let results, values.count != results.count {
      fail(
        "\(owner) declares \(counted(results.count, "result")), but returns \(values.count)", at: statement.offset,
        notes: results.first.map { [sink.note("declared here", at: $0.type.offset)] } ?? [])
      return
    }
    for (position, value) in values.enumerated() {
      guard let value else {
        isBroken = true
        continue
      }
      guard let declared = results?[position].type else { continue }
      if declared.type == nil { isBroken = true }
      if let type = declared.type, type != value.type {
        fail(
          "\(owner) returns \(type), but '\(statement.operands[position].text)' is \(value.type)",
          at: statement.operands[position].name.offset, notes: [sink.note("declared here", at: declared.offset)])
      }
    }
    builder.setResults(values.compactMap(\.self), roles: results?.map(\.role))
  }
}

/// Names.
extension FunctionResolver {
  /// Reports an error, which makes the function unusable.
  mutating func fail(_ message: String, at offset: Int, notes: [Diagnostic.Note] = []) {
    sink.report(message, at: offset, notes: notes)
    isBroken = true
  }

  /// Says that `name` stands for `value`, or for something that failed.
  private mutating func define(_ name: NameSyntax, _ value: Value?) {
    if value == nil { isBroken = true }
    if bindings[name.text] != nil {
      let first = definitions[name.text].map { [sink.note("first defined here", at: $0)] } ?? []
      return fail("'%\(name.text)' is defined twice", at: name.offset, notes: first)
    }
    definitions[name.text] = name.offset
    bindings[name.text] = value.map(Binding.value) ?? .poisoned
    if let value { offsets[value.id] = name.offset }
  }

  /// The value of an operand, or `nil` after reporting why it has none; silent where its definition failed.
  mutating func operand(_ syntax: OperandSyntax) -> Value? {
    let name = syntax.name
    if syntax.isParameter {
      guard let parameter = parameter(name) else { return nil }
      guard !isRegion else {
        fail(
          "a region reads no parameters", at: name.offset,
          notes: [.init("list it, as in '%\(name.text) = @\(name.text)' behind the region's name")])
        return nil
      }
      return builder.parameter(name.text, parameter.type)
    }
    switch bindings[name.text] {
    case .value(let value): return value
    case .poisoned: break
    case nil:
      var notes: [Diagnostic.Note] = []
      var message = "unknown value '%\(name.text)'"
      if let definition = definitions[name.text] {
        message = "'%\(name.text)' is used before its definition"
        notes = [sink.note("defined here", at: definition)]
      } else if context.signatures.parameter(name.text) != nil {
        notes = [.init("did you mean the parameter '@\(name.text)'?")]
      } else {
        notes = suggestion(for: name.text, among: bindings.keys.filter { !$0.isNumber }, prefix: "%")
        if isRegion { notes.append(.init("a region sees only the values that it lists behind its name")) }
      }
      fail(message, at: name.offset, notes: notes)
    }
    isBroken = true
    return nil
  }

  /// The parameter of that name, or `nil` after reporting that there is none; silent where its declaration failed.
  private mutating func parameter(_ name: NameSyntax) -> Parameter? {
    if let parameter = context.signatures.parameter(name.text) { return parameter }
    isBroken = true
    if context.failed.contains(name.text), context.signatures[name.text] == nil { return nil }
    guard let declaration = context.declarations[name.text] else {
      var notes: [Diagnostic.Note] = []
      if bindings[name.text] != nil {
        notes = [.init("did you mean the value '%\(name.text)'?")]
      } else {
        notes = suggestion(for: name.text, among: context.tree.parameters.map(\.name.text), prefix: "@")
      }
      fail("unknown parameter '@\(name.text)'", at: name.offset, notes: notes)
      return nil
    }
    fail(
      "'@\(name.text)' is no parameter", at: name.offset,
      notes: [
        sink.note("defined here", at: declaration), .init("a function is called: '%result = call @\(name.text)(...)'"),
      ])
    return nil
  }

  /// Notes that tell where operands come from and what types they have.
  func definitionNotes(_ values: [Value], _ operands: [OperandSyntax]) -> [Diagnostic.Note] {
    var seen: Set<String> = []
    return zip(values, operands).filter { seen.insert($0.1.text).inserted }.map { value, operand in
      let offset = operand.isParameter ? context.declarations[operand.name.text] : offsets[value.id]
      return .init("'\(operand.text)' is \(value.type)", at: offset.map(sink.location))
    }
  }
}

extension String {
  /// Whether a `%` name is a number: then it stands for no name, and printing may renumber it.
  var isNumber: Bool { utf8.allSatisfy { $0 &- UInt8(ascii: "0") < 10 } }
}
