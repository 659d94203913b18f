/// A word of a text: what kind it is and which bytes it covers.
public struct Token: Sendable, Hashable {
  public enum Kind: UInt8, Sendable {
    /// `reduce_mean`: letters, digits, `_` and `.`, not starting with a digit.
    case word
    /// `%x`; the range includes the `%`.
    case value
    /// `@w`; the range includes the `@`.
    case symbol
    /// `42`, `-1`, `0xFF`.
    case integer
    /// `0.5`, `1e-3`, `0x1.8p-3`.
    case float
    /// `"text"`; the range includes the quotes.
    case string
    /// `tensor<Bx784xf32>`, whole: extents have a lexing of their own.
    case type
    case leftParenthesis, rightParenthesis, leftBrace, rightBrace, leftBracket, rightBracket, less, greater
    case comma, colon, semicolon, equal, arrow, plus, minus, star, slash, caret, ampersand, bar, exclamation
    /// Text that is no token and has been reported: a parser gives up the statement without another word.
    case invalid
    /// The end of the text; every list of tokens ends with one.
    case end
  }

  public var kind: Kind
  /// Whether it is the first token of its line.
  public var startsLine: Bool
  /// The first byte.
  public var start: Int
  /// The byte after the last.
  public var end: Int

  public init(_ kind: Kind, _ start: Int, _ end: Int, startsLine: Bool) {
    self.kind = kind
    self.startsLine = startsLine
    self.start = start
    self.end = end
  }

  public var range: SourceRange { SourceRange(start, end) }
}

extension Token.Kind: CustomStringConvertible {
  /// The token, or what it is called, as messages say it.
  public var description: String {
    switch self {
    case .word: "a word"
    case .value: "a value like %x"
    case .symbol: "a name like @w"
    case .integer: "an integer"
    case .float: "a number"
    case .string: "a string"
    case .type: "a type like tensor<2x3xf32>"
    case .leftParenthesis: "'('"
    case .rightParenthesis: "')'"
    case .leftBrace: "'{'"
    case .rightBrace: "'}'"
    case .leftBracket: "'['"
    case .rightBracket: "']'"
    case .less: "'<'"
    case .greater: "'>'"
    case .comma: "','"
    case .colon: "':'"
    case .semicolon: "';'"
    case .equal: "'='"
    case .arrow: "'->'"
    case .plus: "'+'"
    case .minus: "'-'"
    case .star: "'*'"
    case .slash: "'/'"
    case .caret: "'^'"
    case .ampersand: "'&'"
    case .bar: "'|'"
    case .exclamation: "'!'"
    case .invalid: "text that is no token"
    case .end: "the end of the file"
    }
  }
}
