import FraguaGraph
import FraguaSource

/// Functions, bodies, statements.
extension TreeParser {
  /// `func @f(%x: type, ...) -> types {role = train} { body }`.
  mutating func parseFunction() throws(Reported) {
    var function = FunctionSyntax(name: NameSyntax(text: "", offset: 0), offset: token.start)
    advance()
    function.name = try declaredName()
    let opening = try expect(.leftParenthesis)
    if token.kind != .rightParenthesis {
      repeat {
        let name = try name(.value)
        try expect(.colon, notes: [.init("an argument has a type, as in '%\(name.text): tensor<Bx2xf32>'")])
        function.arguments.append((name, try type()))
      } while take(.comma)
    }
    try expect(.rightParenthesis, closing: opening)
    if take(.arrow) { function.results = try results() }
    // A body may begin with a name that lacks its '%'.
    if token.kind == .leftBrace, following.kind == .word, second.kind == .equal,
      !following.startsLine || text(following) == "role"
    {
      try parseFunctionAttributes(&function)
    }
    function.origin = try optionalOrigin()
    function.body = try body("'@\(function.name.text)'")
    tree.functions.append(function)
  }

  /// `tensor<f32>`, or `(tensor<f32> {loss}, tensor<f32> {metric = "accuracy"})`.
  private mutating func results() throws(Reported) -> [(type: TypeSyntax, role: Function.ResultRole)] {
    if token.kind == .type { return [(try type(), .plain)] }
    let opening = try expect(.leftParenthesis, notes: [.init("a type or types in parentheses follow '->'")])
    var results: [(type: TypeSyntax, role: Function.ResultRole)] = []
    if take(.rightParenthesis) { return results }
    repeat {
      let type = try type()
      var role = Function.ResultRole.plain
      if take(.leftBrace) {
        let word = try expect(.word)
        switch text(word) {
        case "loss": role = .loss
        case "metric":
          try expect(.equal)
          let token = try expect(.string)
          guard string(token).isIdentifier else {
            throw fail("the metric '\(string(token))' is not a name: letters, digits, '_' and '.' are", at: token)
          }
          role = .metric(string(token))
        case let text:
          throw fail(
            "a result is no '\(text)'", at: word, notes: [.init("there is {loss} and {metric = \"accuracy\"}")])
        }
        try expect(.rightBrace)
      }
      results.append((type, role))
    } while take(.comma)
    try expect(.rightParenthesis, closing: opening)
    return results
  }

  /// `{role = train}`.
  private mutating func parseFunctionAttributes(_ function: inout FunctionSyntax) throws(Reported) {
    try expect(.leftBrace)
    repeat {
      let key = try expect(.word)
      guard text(key) == "role" else {
        throw fail("a function has no attribute '\(text(key))'", at: key, notes: [.init("its attribute is 'role'")])
      }
      try expect(.equal)
      let word = try expect(.word)
      guard let role = Function.Role(rawValue: text(word)) else {
        throw fail("unknown role '\(text(word))'", at: word, notes: [.init("there is 'plain' and 'train'")])
      }
      function.role = role
    } while take(.comma)
    try expect(.rightBrace)
  }

  /// `{ statements }`; an error costs one statement.
  private mutating func body(_ owner: String) throws(Reported) -> BodySyntax {
    let opening = try expect(.leftBrace, notes: [.init("the body of \(owner) stands between braces")])
    let depth = openBraces
    var body = BodySyntax()
    while token.kind != .rightBrace {
      if sink.isFull { throw Reported() }
      if token.kind == .end || isAtDeclaration {
        throw fail(
          "expected '}', got \(describe(token))", notes: [sink.note("to end the body of \(owner)", at: opening.start)])
      }
      let start = index
      do throws(Reported) {
        let statement = try statement()
        guard token.startsLine || token.kind == .rightBrace else {
          throw fail("expected the end of the statement, got \(describe(token))", notes: endNotes())
        }
        body.statements.append(statement)
      } catch {
        var broken = StatementSyntax(kind: .broken, offset: tokens[start].start)
        broken.results = brokenResults(from: start)
        body.statements.append(broken)
        if index == start, token.kind != .rightBrace { advance() }
        skipToStatement(depth: depth)
      }
    }
    body.end = token.start
    advance()
    return body
  }

  /// The names that a failed statement would have defined.
  private func brokenResults(from start: Int) -> [NameSyntax] {
    var names: [NameSyntax] = []
    var next = start
    if tokens[next].kind == .word, tokens[next + 1].kind == .equal, !tokens[next + 1].startsLine {
      return [NameSyntax(text: text(tokens[next]), offset: tokens[next].start)]
    }
    // Behind a word of another language, as in 'let %y = ...'.
    if tokens[next].kind == .word, tokens[next + 1].kind == .value, !tokens[next + 1].startsLine,
      tokens[next + 2].kind == .equal
    {
      next += 1
    }
    while tokens[next].kind == .value {
      names.append(NameSyntax(text: String(text(tokens[next]).dropFirst()), offset: tokens[next].start))
      guard tokens[next + 1].kind == .comma else { break }
      next += 2
    }
    return names
  }

  private mutating func statement() throws(Reported) -> StatementSyntax {
    var statement = StatementSyntax(kind: .return, offset: token.start)
    if isWord("return") {
      advance()
      statement.operands = try operands(&statement.numbers)
    } else if isWord("update") {
      advance()
      statement.kind = .update(try name(.symbol))
      try expect(.comma, notes: [.init("an update names the new value, as in 'update @w, %new'")])
      if isNumber {
        statement.numbers = [try value()]
      } else {
        statement.operands = [try operand("a value like %x")]
      }
    } else {
      try parseApplication(&statement)
    }
    statement.origin = try optionalOrigin()
    return statement
  }

  /// `%a, %b = op operands {attributes} : types`, where op may be a call or a fused region.
  private mutating func parseApplication(_ statement: inout StatementSyntax) throws(Reported) {
    guard token.kind == .value else {
      throw fail("expected a statement, got \(describe(token))", notes: statementNotes())
    }
    repeat { statement.results.append(try name(.value)) } while take(.comma)
    try expect(.equal)
    guard token.kind == .word else { throw noOperation(result: statement.results[0].text) }
    let word = try name(.word)
    switch word.text {
    case "call":
      let callee = try expect(.symbol, notes: [.init("as in 'call @f(%x)'")])
      statement.kind = .call(NameSyntax(text: String(text(callee).dropFirst()), offset: callee.start))
      let opening = try expect(.leftParenthesis, notes: [.init("as in 'call \(text(callee))(%x)'")])
      if token.kind != .rightParenthesis {
        statement.operands = try operands(&statement.numbers, onSameLine: false)
      }
      try expect(.rightParenthesis, closing: opening)
    case "fused":
      let name = try name(.symbol)
      let captures = try captures(&statement)
      let body = try nested { parser throws(Reported) in try parser.body("the region '@\(name.text)'") }
      statement.kind = .fused(name, captures: captures, body)
    default:
      if token.kind == .leftParenthesis, !token.startsLine { throw noCall(of: word.text) }
      statement.kind = .operation(word)
      statement.operands = try operands(&statement.numbers)
    }
    if take(.leftBrace) { statement.attributes = try attributes(until: .rightBrace) }
    guard take(.colon) else { return }
    repeat { statement.types.append(try type()) } while take(.comma)
  }

  /// What a fused region lists: `(%inner: type = %outer, %v = @w)`.
  private mutating func captures(
    _ statement: inout StatementSyntax
  ) throws(Reported) -> [(name: NameSyntax, type: TypeSyntax?)] {
    var captures: [(name: NameSyntax, type: TypeSyntax?)] = []
    let opening = try expect(.leftParenthesis)
    if take(.rightParenthesis) { return captures }
    repeat {
      let name = try name(.value)
      captures.append((name, take(.colon) ? try type() : nil))
      try expect(.equal, notes: [.init("a region says what it takes from outside, as in '%x = %x' or '%w = @w'")])
      statement.operands.append(try operand("a value like %x or a parameter like @w"))
    } while take(.comma)
    try expect(.rightParenthesis, closing: opening)
    return captures
  }

  /// Operands, if any follow on this line; the list may break after a comma. Numbers among or behind them, which are
  /// no operands, are read into `numbers` for who knows what they should be.
  private mutating func operands(
    _ numbers: inout [ValueSyntax], onSameLine: Bool = true
  ) throws(Reported) -> [OperandSyntax] {
    let isFirst = token.kind == .value || token.kind == .symbol || isNumber
    guard isFirst, !(onSameLine && token.startsLine) else { return [] }
    var operands: [OperandSyntax] = []
    repeat {
      if isNumber {
        numbers.append(try value())
      } else {
        operands.append(try operand("an operand like %x or @w"))
      }
    } while take(.comma)
    while isNumber, !token.startsLine { numbers.append(try value()) }
    return operands
  }

  /// `%x` or `@w`.
  mutating func operand(_ expectation: String) throws(Reported) -> OperandSyntax {
    switch token.kind {
    case .value: return OperandSyntax(isParameter: false, name: try name(.value))
    case .symbol: return OperandSyntax(isParameter: true, name: try name(.symbol))
    default: throw fail("expected \(expectation), got \(describe(token))")
    }
  }
}
