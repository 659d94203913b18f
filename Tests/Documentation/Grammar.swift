import Testing

/// A grammar written in EBNF, and a recognizer for it.
///
/// Rules are `name = alternatives ;`. Inside stand names, `"literals"`, `[optional]`, `{repeated}`, `(grouped)`, ranges
/// `"a" … "z"`, and `? in words ?` for any one symbol. Every way to read a text is followed, so that the order of
/// alternatives does not matter.
struct Grammar {
  indirect enum Expression {
    case name(String)
    case literal(String)
    case range(String, String)
    case anything
    case sequence([Expression])
    case choice([Expression])
    case optional(Expression)
    case repetition(Expression)

    /// The names it uses.
    var names: Set<String> {
      switch self {
      case .name(let name): [name]
      case .literal, .range, .anything: []
      case .sequence(let parts), .choice(let parts): parts.reduce(into: []) { $0.formUnion($1.names) }
      case .optional(let part), .repetition(let part): part.names
      }
    }
  }

  /// What a text consists of: a token with its kind, or a character.
  struct Symbol: Hashable {
    let text: String
    var kind = ""
  }

  private(set) var rules: [String: Expression] = [:]
  /// The names of the rules in the order of the text.
  private(set) var order: [String] = []

  /// The rules in `text`.
  init(_ text: String) throws {
    var reader = Reader(text)
    while let name = reader.next {
      reader.advance()
      try reader.expect("=")
      #expect(rules[name] == nil, "the rule '\(name)' is there twice")
      rules[name] = try reader.choice()
      order.append(name)
      try reader.expect(";")
    }
  }

  /// Whether `symbols` as a whole are a `rule`. A name without a rule stands for a symbol of that kind.
  func accepts(_ symbols: [Symbol], as rule: String) -> Bool {
    var run = Run(grammar: self, symbols: symbols)
    return run.ends(.name(rule), 0).contains(symbols.count)
  }

  /// A recognition.
  private struct Run {
    let grammar: Grammar
    let symbols: [Symbol]
    private var known: [Key: Set<Int>] = [:]

    private struct Key: Hashable {
      let name: String
      let start: Int
    }

    init(grammar: Grammar, symbols: [Symbol]) {
      self.grammar = grammar
      self.symbols = symbols
    }

    /// Where `expression` may end when it begins at `start`.
    mutating func ends(_ expression: Expression, _ start: Int) -> Set<Int> {
      let symbol = start < symbols.count ? symbols[start] : nil
      switch expression {
      case .literal(let text): return symbol?.text == text ? [start + 1] : []
      case .range(let low, let high):
        return symbol.map { low <= $0.text && $0.text <= high && $0.text.count == 1 } ?? false ? [start + 1] : []
      case .anything: return symbol == nil ? [] : [start + 1]
      case .name(let name):
        guard let rule = grammar.rules[name] else { return symbol?.kind == name ? [start + 1] : [] }
        let key = Key(name: name, start: start)
        if let ends = known[key] { return ends }
        let ends = ends(rule, start)
        known[key] = ends
        return ends
      case .choice(let parts): return parts.reduce(into: []) { $0.formUnion(ends($1, start)) }
      case .optional(let part): return ends(part, start).union([start])
      case .sequence(let parts):
        return parts.reduce([start]) { starts, part in starts.reduce(into: []) { $0.formUnion(ends(part, $1)) } }
      case .repetition(let part):
        var all: Set<Int> = [start]
        var fresh = all
        while !fresh.isEmpty {
          fresh = fresh.reduce(into: Set<Int>()) { $0.formUnion(ends(part, $1)) }.subtracting(all)
          all.formUnion(fresh)
        }
        return all
      }
    }
  }
}

/// Reads the text of a grammar.
private struct Reader {
  private let words: [String]
  private var position = 0

  init(_ text: String) {
    var words: [String] = []
    var rest = text[...]
    while let first = rest.first {
      if first.isWhitespace {
        rest = rest.dropFirst()
        continue
      }
      var word = rest.prefix(1)
      if first == "\"" || first == "'" || first == "?" {
        word = rest.prefix(2 + rest.dropFirst().prefix { $0 != first }.count)
      } else if first.isLetter {
        word = rest.prefix { $0.isLetter || $0 == "_" }
      }
      words.append(String(word))
      rest = rest.dropFirst(word.count)
    }
    self.words = words
  }

  var next: String? { position < words.count ? words[position] : nil }

  mutating func advance() { position += 1 }

  mutating func expect(_ word: String) throws {
    try #require(next == word, "expected '\(word)' behind '\(words[..<position].suffix(5).joined(separator: " "))'")
    advance()
  }

  mutating func choice() throws -> Grammar.Expression {
    var parts = [try sequence()]
    while next == "|" {
      advance()
      parts.append(try sequence())
    }
    return parts.count == 1 ? parts[0] : .choice(parts)
  }

  private mutating func sequence() throws -> Grammar.Expression {
    var parts: [Grammar.Expression] = []
    while let word = next, !["|", ";", ")", "]", "}"].contains(word) { parts.append(try item(word)) }
    return parts.count == 1 ? parts[0] : .sequence(parts)
  }

  private mutating func item(_ word: String) throws -> Grammar.Expression {
    advance()
    switch word.first {
    case "[": return .optional(try closed("]"))
    case "{": return .repetition(try closed("}"))
    case "(": return try closed(")")
    case "?": return .anything
    case "\"", "'":
      let text = String(word.dropFirst().dropLast())
      guard next == "…" else { return .literal(text) }
      advance()
      let high = try #require(next)
      advance()
      return .range(text, String(high.dropFirst().dropLast()))
    default: return .name(word)
    }
  }

  private mutating func closed(_ bracket: String) throws -> Grammar.Expression {
    let inner = try choice()
    try expect(bracket)
    return inner
  }
}
