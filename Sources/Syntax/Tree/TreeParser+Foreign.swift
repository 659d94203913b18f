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
  var second: Token { tokens[min(index + 2, tokens.count - 1)] }

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
      let exponent = isDouble ? second : following
      return [.init("operations are words: " + Self.power(of: left ?? "%a", shortened(text(exponent))))]
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

  /// What a power is here.
  private static func power(of base: String, _ exponent: String) -> String {
    switch Double(exponent) {
    case 2: "a square is 'multiply \(base), \(base)'"
    case 0.5: "a square root is 'sqrt \(base)'"
    case let n? where n > 2 && n == n.rounded():
      "a power is several products: '%s = multiply \(base), \(base)', then 'multiply %s, \(base)'"
    default: "a power of a positive number is the 'exp' of the exponent times 'log \(base)'"
    }
  }

  /// Hints where a statement should end at the current token.
  func endNotes() -> [Diagnostic.Note] {
    let expression = expressionNotes()
    if !expression.isEmpty { return expression }
    switch token.kind {
    case .semicolon: return [.init("a statement ends with its line, without ';'")]
    case .word where following.kind == .equal:
      let isLong = tokens[min(index + 3, tokens.count - 1)].kind == .less
      let value = shortened(text(second)) + (isLong ? "<...>" : "")
      return [.init("attributes stand in braces: '{\(shortened(text(token))) = \(value)}'")]
    case .word where tokens[index - 1].kind == .word: return [valueHint]
    case .word: return [.init("attributes stand in braces, with their names: '{name = \(shortened(text(token)))}'")]
    default:
      return [.init("operands are separated by commas, and each statement begins on a line of its own")]
    }
  }

  /// What a word is that stands where a value does.
  private var valueHint: Diagnostic.Note {
    .init("the name of a value begins with '%', that of a parameter with '@': '%\(shortened(text(token)))'")
  }

  /// Hints where a statement should begin at the current token.
  func statementNotes() -> [Diagnostic.Note] {
    switch token.kind {
    case .word where following.kind == .equal && !following.startsLine: return [valueHint]
    case .word where following.kind == .value && second.kind == .equal && !following.startsLine:
      let result = shortened(text(following))
      return [.init("a statement begins with its result: '\(result) = ...', without '\(shortened(text(token)))'")]
    case .word: return [.init("name the result, as in '%h = \(shortened(text(token))) ...'")]
    case .slash where following.kind == .star: return [.init("a comment begins with '//' and ends with its line")]
    default: return [.init("a statement is '%name = operation ...', 'update @w, %x' or 'return %x'")]
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
    case .value where next?.kind == .leftBracket:
      notes = [.init("a part of '\(here)' is 'slice \(here) {axes = [0], start = [0], limit = [1]}'")]
    case .value where next?.kind == .invalid && text(following) == "@":
      let last = tokens[min(index + 2, tokens.count - 1)]
      notes = [.init("operations are words: 'matmul \(here), \(operandText(last))'")]
    case .value where next?.kind == .invalid: notes = [.init("operations are words: 'add %a, %b'")]
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
    var calls = NestedCalls(self)
    guard let statements = calls.statements(of: name) else {
      return fail(
        "expected operands, got '('", notes: [.init("operands stand without parentheses, one operation a statement")])
    }
    let last = shortened(statements[statements.count - 1])
    guard statements.count > 1 else {
      return fail("expected operands, got '('", notes: [.init("operands stand without parentheses: '\(last)'")])
    }
    let first = statements.dropLast().map { "'\(shortened($0))'" }.joined(separator: ", ")
    return fail(
      "expected operands, got '('",
      notes: [.init("operands stand without parentheses, one operation a statement: \(first), then '\(last)'")])
  }

  /// Whether some function, read or not yet, has the name.
  private func declares(_ name: String) -> Bool {
    tokens.indices.dropLast().contains { i in
      tokens[i].kind == .word && tokens[i + 1].kind == .symbol && text(tokens[i]) == "func"
        && text(tokens[i + 1]).dropFirst() == name
    }
  }
}

/// Reads calls as other languages nest them, and writes them as statements: of `relu(matmul(%x, @w))`, `%a = matmul %x,
/// @w` and `relu %a`.
private struct NestedCalls {
  private let tokens: [Token]
  private let text: (Token) -> String
  /// The names of values that the file has.
  private var taken: Set<String>
  private var next: Int
  private var statements: [String] = []

  /// - Requires: the current token of `parser` is the parenthesis behind a name.
  init(_ parser: TreeParser) {
    // More is not read: nobody would read the hint.
    tokens = Array(parser.tokens[parser.index...].prefix(40))
    text = parser.text
    taken = Set(parser.tokens.lazy.filter { $0.kind == .value }.map { parser.text($0) })
    next = 0
  }

  /// The statements that the call of `name` needs, the last one without its result; `nil` where what stands in the
  /// parentheses is more than calls, names and numbers.
  mutating func statements(of name: String) -> [String]? {
    guard let last = call(of: name, depth: 0), statements.count < 4 else { return nil }
    return statements + [last]
  }

  private mutating func take(_ kind: Token.Kind) -> Bool {
    guard next < tokens.count, tokens[next].kind == kind else { return false }
    next += 1
    return true
  }

  /// The statement for the call of `name` whose parenthesis comes next.
  private mutating func call(of name: String, depth: Int) -> String? {
    guard depth < 8, take(.leftParenthesis) else { return nil }
    var operands: [String] = []
    var attributes: [String] = []
    if !take(.rightParenthesis) {
      repeat {
        guard next + 2 < tokens.count else { return nil }
        if tokens[next].kind == .word, tokens[next + 1].kind == .equal {
          attributes.append("\(text(tokens[next])) = \(text(tokens[next + 2]))")
          next += 3
        } else {
          guard let operand = operand(depth) else { return nil }
          operands.append(operand)
        }
      } while take(.comma)
      guard take(.rightParenthesis) else { return nil }
    }
    if operands.isEmpty { operands = ["%x"] }
    let braces = attributes.isEmpty ? "" : " {\(attributes.joined(separator: ", "))}"
    return "\(word(name, operands.count)) \(operands.joined(separator: ", "))\(braces)"
  }

  /// The word for `name` here, where only the number of operands tells which.
  private func word(_ name: String, _ count: Int) -> String {
    switch (name, count) {
    case ("max", 2): "maximum"
    case ("min", 2): "minimum"
    default: name
    }
  }

  /// The operand that comes next, after the statements that make it.
  private mutating func operand(_ depth: Int) -> String? {
    let token = tokens[next]
    switch token.kind {
    case .value, .symbol, .integer, .float:
      next += 1
      return text(token)
    case .minus:
      next += 1
      guard next < tokens.count, let operand = operand(depth) else { return nil }
      return named("negate \(operand)")
    case .word:
      next += 1
      return call(of: text(token), depth: depth + 1).map { named($0) }
    default: return nil
    }
  }

  /// A new name for what `statement` gives.
  private mutating func named(_ statement: String) -> String {
    let letters = ["a", "b", "c", "d"]
    var (name, number) = ("", 0)
    repeat {
      name = "%" + (number < letters.count ? letters[number] : "v\(number)")
      number += 1
    } while !taken.insert(name).inserted
    statements.append("\(name) = \(statement)")
    return name
  }
}
