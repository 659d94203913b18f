import FraguaSource

/// What people write who come from other languages, and what to write instead.
extension TreeParser {
  /// Whether the current token is a number.
  var isNumber: Bool { token.kind == .integer || token.kind == .float }

  /// The signs of other languages and the words for them here; hints only, whatever the vocabulary is.
  private static let words: [Token.Kind: String] = [
    .plus: "add", .minus: "subtract", .star: "multiply", .slash: "divide", .caret: "multiply", .ampersand: "and",
    .bar: "or",
  ]

  /// What stands between two operands in other languages.
  private static let signs = Set(words.keys).union([.less, .greater, .equal, .exclamation])

  /// The comparison that the current token begins, of one sign or of two, and what stands behind it.
  private func comparison() -> (direction: String, right: Token)? {
    let isEqual = following.kind == .equal
    switch token.kind {
    case .less: return (isEqual ? "le" : "lt", isEqual ? second : following)
    case .greater: return (isEqual ? "ge" : "gt", isEqual ? second : following)
    case .equal where isEqual: return ("eq", second)
    case .exclamation where isEqual: return ("ne", second)
    default: return nil
    }
  }

  /// The token behind the one behind the current one.
  private var second: Token { tokens[min(index + 2, tokens.count - 1)] }

  /// A hint where the current token is an arithmetic sign between two operands.
  func expressionNotes() -> [Diagnostic.Note] {
    let comparison = comparison()
    guard let word = comparison != nil ? "compare" : Self.words[token.kind] else { return [] }
    func operand(_ token: Token) -> String? {
      token.kind == .value || token.kind == .symbol ? shortened(text(token)) : nil
    }
    let left = index > 0 ? operand(tokens[index - 1]) : nil
    let isDouble = token.kind == .star && following.kind == .star
    if token.kind == .caret || isDouble {
      return [.init("operations are words: a square is 'multiply \(left ?? "%a"), \(left ?? "%a")'")]
    }
    let last = comparison?.right ?? following
    let attributes = comparison.map { " {direction = \($0.direction)}" } ?? ""
    if last.kind == .integer || last.kind == .float {
      return [
        .init(
          "operations are words, and numbers are constants: '\(word) \(left ?? "%a"), %c\(attributes)' with "
            + "'%c = constant {value = dense<\(shortened(text(last)))> : tensor<f32>}', of the type of "
            + "'\(left ?? "%a")'")
      ]
    }
    return [.init("operations are words: '\(word) \(left ?? "%a"), \(operand(last) ?? "%b")\(attributes)'")]
  }

  /// Hints where a statement should end at the current token.
  func endNotes() -> [Diagnostic.Note] {
    let expression = expressionNotes()
    if !expression.isEmpty { return expression }
    switch token.kind {
    case .semicolon: return [.init("a statement ends with its line, without ';'")]
    case .word where following.kind == .equal:
      let value = tokens[min(index + 2, tokens.count - 1)]
      return [.init("attributes stand in braces: '{\(shortened(text(token))) = \(shortened(text(value)))}'")]
    case .word: return [.init("attributes stand in braces, with their names: '{name = \(shortened(text(token)))}'")]
    default:
      return [.init("operands are separated by commas, and each statement begins on a line of its own")]
    }
  }

  /// What stands behind `%result =` is no operation: reports it.
  mutating func noOperation(result: String) -> Reported {
    let here = shortened(text(token))
    let name = "%" + shortened(result)
    var notes: [Diagnostic.Note] = []
    let isOperand = token.kind == .value || token.kind == .symbol
    let next = following.startsLine ? nil : Optional(following)
    switch token.kind {
    case .symbol where next?.kind == .leftParenthesis:
      notes = [.init("a function is called: '\(name) = call \(here)(...)'")]
    case _ where isOperand && next.map { Self.signs.contains($0.kind) } == true:
      let place = token
      advance()
      notes = expressionNotes()
      return fail("expected an operation, got \(describe(place))", at: place, notes: notes)
    case _ where isOperand && next?.kind == .integer && text(following).hasPrefix("-"):
      notes = [.init("operations are words, and numbers are constants: 'subtract \(here), %c'")]
    case .value where next?.kind == .symbol:
      notes = [.init("operations are words: 'matmul \(here), \(shortened(text(following)))'")]
    case .value, .symbol: notes = [.init("a value has one name: use '\(here)' where '\(name)' would stand")]
    case .integer, .float:
      notes = [.init("a number is a constant: '\(name) = constant {value = dense<\(here)> : tensor<f32>}'")]
    case .minus: notes = [.init("operations are words: 'negate \(operandText(following))'")]
    case .exclamation: notes = [.init("operations are words: 'not \(operandText(following))'")]
    case .leftParenthesis: notes = [.init("operations are words, one a statement: 'add %a, %b'")]
    default: break
    }
    return fail("expected an operation, got \(describe(token))", notes: notes)
  }

  private func operandText(_ token: Token) -> String {
    token.kind == .value || token.kind == .symbol ? shortened(text(token)) : "%x"
  }

  /// The operation `name` is written like a call, with parentheses: reports it.
  func noCall(of name: String) -> Reported {
    let shown = shortened(name)
    if declares(name) {
      return fail("expected operands, got '('", notes: [.init("a function is called: 'call @\(shown)(...)'")])
    }
    return fail(
      "expected operands, got '('", notes: [.init("operands stand without parentheses: '\(shown)\(listed())'")])
  }

  /// Whether some function, read or not yet, has the name.
  private func declares(_ name: String) -> Bool {
    tokens.indices.dropLast().contains { i in
      tokens[i].kind == .word && tokens[i + 1].kind == .symbol && text(tokens[i]) == "func"
        && text(tokens[i + 1]).dropFirst() == name
    }
  }

  /// What stands in the parentheses at the current token, as operands and attributes are written here.
  private func listed() -> String {
    var operands: [String] = []
    var attributes: [String] = []
    var next = index + 1
    while next + 2 < tokens.count, tokens[next].kind != .rightParenthesis, !tokens[next].startsLine {
      let token = tokens[next]
      if token.kind == .value || token.kind == .symbol { operands.append(shortened(text(token))) }
      if token.kind == .word, tokens[next + 1].kind == .equal {
        attributes.append("\(shortened(text(token))) = \(shortened(text(tokens[next + 2])))")
        next += 2
      }
      next += 1
      if operands.count + attributes.count > 4 { break }
    }
    if operands.isEmpty { operands = ["%x"] }
    return " " + operands.joined(separator: ", ")
      + (attributes.isEmpty ? "" : " {\(attributes.joined(separator: ", "))}")
  }
}
