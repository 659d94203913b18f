import FraguaGraph
import FraguaSource
import FraguaTensors

/// Operations, calls, regions.
extension FunctionResolver {
  /// The results of a statement, as many as it names, or `nil` after reporting what is wrong; silent where an operand
  /// is poisoned.
  mutating func resolveApplication(_ statement: StatementSyntax) -> [Value]? {
    switch statement.kind {
    case .operation(let name): return resolveOperation(name, statement)
    case .call(let name): return resolveCall(name, statement)
    case .fused(let name, let captures, let body): return resolveRegion(name, captures, body, statement)
    case .update, .return, .broken: return nil
    }
  }

  private mutating func resolveOperation(_ name: NameSyntax, _ statement: StatementSyntax) -> [Value]? {
    guard let operation = context.vocabulary.operations[name.text] else {
      reportUnknownOperation(name)
      _ = operands(statement)
      return nil
    }
    let values = statement.numbers.isEmpty ? operands(statement) : refuseNumbers(statement, operation)
    let type = statement.types.count == 1 ? statement.types[0].type : nil
    let element = values?.first?.type.element
    let attributes = context.attributes(
      statement.attributes, operation.schema, of: name.text, type: type, element: element)
    guard var values, let attributes else { return nil }
    do throws(Diagnostic) {
      if operation is any RandomOperation, values.count == operation.operandRule.names.count - 1 {
        guard
          let generator = operand(OperandSyntax(isParameter: true, name: NameSyntax(text: "rng", offset: name.offset)))
        else { return nil }
        values.append(generator)
      }
      try operation.operandRule.check(count: values.count, of: name.text)
      let checked = try operation.checked(attributes, values.map(\.type))
      if operation.operandRule.broadcasts, let broadcast = context.vocabulary.operations["broadcast"] {
        values = try builder.broadcasting(values, of: name.text, with: broadcast)
      }
      let types = try operation.inferTypes(values.map(\.type), checked)
      return finish(.operation(operation), values, checked, types, statement, name)
    } catch {
      let notes = definitionNotes(values, statement.operands)
      sink.report(error.message, at: name.offset, notes: error.notes + notes)
      return nil
    }
  }

  private mutating func resolveCall(_ name: NameSyntax, _ statement: StatementSyntax) -> [Value]? {
    let values = statement.numbers.isEmpty ? operands(statement) : refuseNumbers(statement, nil)
    let attributes = context.attributes(statement.attributes, Self.callSchema, of: "call", type: nil)
    guard let callee = context.signature(name, at: name.offset, use: "called"), let values, let attributes else {
      return nil
    }
    do throws(Diagnostic) {
      let types = try callee.call(values.map(\.type))
      guard !types.isEmpty else { throw Diagnostic("'@\(name.text)' returns nothing, so a call does nothing") }
      return finish(.call(name.text), values, attributes, types, statement, name)
    } catch {
      var error = context.located(error, name.offset, definition: callee.name)
      error.notes += definitionNotes(values, statement.operands)
      sink.report(error)
      return nil
    }
  }

  private static let callSchema = [
    AttributeSchema(
      "stream", .integer, isOptional: true, range: .between(0, and: Double(UInt32.max)),
      summary: "Which family of the function's random streams this call draws from.")
  ]

  private mutating func resolveRegion(
    _ name: NameSyntax, _ captures: [(name: NameSyntax, type: TypeSyntax?)], _ body: BodySyntax,
    _ statement: StatementSyntax
  ) -> [Value]? {
    let values = operands(statement)
    let schema = RegionAttributes.schema
    guard let attributes = context.attributes(statement.attributes, schema, of: "fused", type: nil), let values,
      let function = FunctionResolver.resolve(
        region: name, captures, values, body, origin: builder.origin, context)
    else { return nil }
    do throws(Diagnostic) { try RegionAttributes.check(attributes, operandCount: values.count) } catch {
      sink.report(context.located(error, name.offset))
      return nil
    }
    let types = function.results.map(\.type)
    return finish(.fused(name.text, Region(function)), values, attributes, types, statement, name)
  }

  /// All operands, or `nil` where one is missing, after reporting each that is unknown.
  private mutating func operands(_ statement: StatementSyntax) -> [Value]? {
    var values: [Value] = []
    for syntax in statement.operands { if let value = operand(syntax) { values.append(value) } }
    return values.count == statement.operands.count ? values : nil
  }

  /// Appends the node, if its result types agree with what is written and can exist.
  private mutating func finish(
    _ kind: Node.Kind, _ operands: [Value], _ attributes: Attributes, _ types: [TensorType],
    _ statement: StatementSyntax, _ name: NameSyntax
  ) -> [Value]? {
    guard statement.results.count == types.count else {
      sink.report(
        "'\(name.text)' gives \(counted(types.count, "result")), but \(statement.results.count) are named",
        at: statement.offset)
      return nil
    }
    guard statement.types.isEmpty || statement.types.count == types.count else {
      sink.report(
        "\(counted(statement.types.count, "type")) for \(counted(types.count, "result"))", at: statement.types[0].offset
      )
      return nil
    }
    for (position, type) in types.enumerated() {
      if position < statement.types.count {
        guard let declared = statement.types[position].type else { return nil }
        guard declared == type else {
          sink.report(
            "'%\(statement.results[position].text)' is declared \(declared), but '\(name.text)' gives \(type)",
            at: statement.types[position].offset)
          return nil
        }
      }
      for case .symbol(let symbol) in type.shape where !symbols.contains(symbol) {
        sink.report(
          "the symbol '\(symbol)' of \(type) cannot be bound", at: name.offset,
          notes: [.init("a symbol must stand in the type of an argument")])
        return nil
      }
      guard TensorType(type.shape.map { .fixed($0.fixedValue ?? 1) }, type.element).checkedByteCount != nil else {
        sink.report("the size of \(type) in bytes does not fit in 63 bits", at: name.offset)
        return nil
      }
    }
    let names = statement.results.map { $0.text.isNumber ? nil : $0.text }
    return builder.append(kind, operands, attributes, types: types, names: names)
  }

  private mutating func reportUnknownOperation(_ name: NameSyntax) {
    let (others, names) = (context.vocabulary.otherNames, context.vocabulary.operations.names)
    var notes = others.isAbsent(name.text) ? [] : suggestion(for: name.text, among: names)
    if let meant = others.operation(name.text) {
      notes = [.init("did you mean '\(meant)'?")]
    }
    if context.declarations[name.text] != nil, context.signatures.parameter(name.text) == nil {
      notes = [.init("a function is called: 'call @\(name.text)(...)'")]
    } else if notes.isEmpty {
      notes = [.init("'fragua ops' lists all operations")]
    }
    fail("unknown operation '\(name.text)'", at: name.offset, notes: notes)
  }
}
