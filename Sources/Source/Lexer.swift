/// Cuts a text into tokens; the graph language and the kernel programs' text share it.
///
/// Blanks, line ends and comments (`//` to the end of the line) separate tokens. What is no token becomes a diagnostic
/// and one token of kind
/// ``Token/Kind/invalid``, so that a parser sees the rest. Linear, no recursion.
public struct Lexer {
  private let file: SourceFile
  private let bytes: [UInt8]
  private var position = 0
  private var startsLine = true
  private var errors: [Diagnostic] = []
  /// Whether a `#` has been reported.
  private var hasForeignComments = false

  /// After so many errors the rest of the text is not looked at: it is some other kind of file.
  private static let errorLimit = 20

  private init(_ file: SourceFile) {
    self.file = file
    bytes = file.bytes
  }

  /// The tokens of `file`, the last of kind ``Token/Kind/end``, and what is wrong, in the order of the text.
  public static func tokens(of file: SourceFile) -> (tokens: [Token], errors: [Diagnostic]) {
    if let offset = firstInvalidUTF8(in: file.bytes) {
      let error = Diagnostic.notUTF8(file.bytes, at: offset, file.location(ofByte: offset))
      return ([Token(.end, file.bytes.count, file.bytes.count, startsLine: true)], [error])
    }
    var lexer = Lexer(file)
    var tokens: [Token] = []
    tokens.reserveCapacity(min(file.bytes.count / 4, 1 << 16))
    if file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { lexer.position = 3 }
    while lexer.errors.count < errorLimit {
      lexer.skipBlanks()
      guard lexer.position < lexer.bytes.count else { break }
      tokens.append(lexer.next())
      lexer.startsLine = false
    }
    tokens.append(Token(.end, file.bytes.count, file.bytes.count, startsLine: true))
    return (tokens, lexer.errors)
  }

  /// Moves to the next token's first byte.
  private mutating func skipBlanks() {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: "\n"):
        startsLine = true
        position += 1
      case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"): position += 1
      case UInt8(ascii: "/") where at(1) == UInt8(ascii: "/"):
        skipLine()
      case UInt8(ascii: "#"):
        // Once: who writes comments so writes many.
        if !hasForeignComments {
          error("'#' begins no comment", at: position, note: "a comment begins with '//'")
          hasForeignComments = true
        }
        skipLine()
      default: return
      }
    }
  }

  private mutating func skipLine() {
    while position < bytes.count, bytes[position] != UInt8(ascii: "\n") { position += 1 }
  }

  /// The byte `distance` after the current one; 0 after the end.
  private func at(_ distance: Int) -> UInt8 { position + distance < bytes.count ? bytes[position + distance] : 0 }

  /// Reads one token, or reports and skips what is none.
  private mutating func next() -> Token {
    let start = position
    let byte = bytes[position]
    if byte.isLetter { return word() }
    if byte.isDigit || (byte == UInt8(ascii: "-") && at(1).isDigit) { return number() }
    if byte == UInt8(ascii: "."), at(1).isDigit { return number() }
    switch byte {
    case UInt8(ascii: "%"): return name(.value)
    case UInt8(ascii: "@"): return name(.symbol)
    case UInt8(ascii: "\""): return string()
    case UInt8(ascii: "-") where at(1) == UInt8(ascii: ">"):
      position += 2
      return token(.arrow, from: start)
    default: break
    }
    if let kind = Self.punctuation[byte] {
      position += 1
      return token(kind, from: start)
    }
    // One error for a run of such characters.
    var end = position
    repeat { end += 1 } while end < bytes.count && bytes[end] & 0xC0 == 0x80
    let what = byte < 0x20 || byte == 0x7F ? "byte 0x\(hexadecimal(byte))" : "character '\(text(start, end))'"
    error("the \(what) is not part of the language", at: start)
    position = end
    while position < bytes.count, bytes[position] >= 0x80 || bytes[position] == byte { position += 1 }
    return token(.invalid, from: start)
  }

  private static let punctuation: [UInt8: Token.Kind] = [
    UInt8(ascii: "("): .leftParenthesis, UInt8(ascii: ")"): .rightParenthesis, UInt8(ascii: "{"): .leftBrace,
    UInt8(ascii: "}"): .rightBrace, UInt8(ascii: "["): .leftBracket, UInt8(ascii: "]"): .rightBracket,
    UInt8(ascii: "<"): .less, UInt8(ascii: ">"): .greater, UInt8(ascii: ","): .comma, UInt8(ascii: ":"): .colon,
    UInt8(ascii: ";"): .semicolon, UInt8(ascii: "="): .equal, UInt8(ascii: "+"): .plus, UInt8(ascii: "-"): .minus,
    UInt8(ascii: "*"): .star, UInt8(ascii: "/"): .slash, UInt8(ascii: "^"): .caret, UInt8(ascii: "&"): .ampersand,
    UInt8(ascii: "|"): .bar, UInt8(ascii: "!"): .exclamation,
  ]

  /// A word, or a whole type where the word is `tensor<`.
  private mutating func word() -> Token {
    let start = position
    while at(0).isNamePart { position += 1 }
    guard at(0) == UInt8(ascii: "<"), bytes[start..<position].elementsEqual("tensor".utf8) else {
      return token(.word, from: start)
    }
    while position < bytes.count, bytes[position] != UInt8(ascii: ">") {
      if bytes[position] == UInt8(ascii: "\n") || bytes[position] == UInt8(ascii: "\"") { break }
      position += 1
    }
    guard at(0) == UInt8(ascii: ">") else {
      error("the type is not closed", at: start, note: "a type ends with '>', as in tensor<2x3xf32>")
      return token(.invalid, from: start)
    }
    position += 1
    return token(.type, from: start)
  }

  /// `%name` or `@name`.
  private mutating func name(_ kind: Token.Kind) -> Token {
    let start = position
    position += 1
    while at(0).isNamePart { position += 1 }
    if position == start + 1 {
      error(
        "'\(text(start, position))' without a name", at: start,
        note: "a name follows at once: letters, digits, '_' and '.'")
      return token(.invalid, from: start)
    }
    return token(kind, from: start)
  }

  /// An integer or a float, decimal or hexadecimal.
  private mutating func number() -> Token {
    let start = position
    if at(0) == UInt8(ascii: "-") { position += 1 }
    var kind = Token.Kind.integer
    let isHex = at(0) == UInt8(ascii: "0") && (at(1) | 0x20) == UInt8(ascii: "x")
    if isHex { position += 2 }
    while true {
      let byte = at(0)
      let isExponent = (byte | 0x20) == UInt8(ascii: isHex ? "p" : "e")
      if isExponent {
        kind = .float
        position += at(1) == UInt8(ascii: "+") || at(1) == UInt8(ascii: "-") ? 2 : 1
      } else if byte == UInt8(ascii: ".") {
        kind = .float
        position += 1
      } else if byte.isNamePart {
        position += 1
      } else {
        break
      }
    }
    guard Self.isNumber(bytes[start..<position], isHex: isHex) else {
      error(
        "'\(text(start, min(position, start + 60)))' is not a number", at: start,
        note: Self.numberHint(text(start, position)))
      return token(.invalid, from: start)
    }
    return token(kind, from: start)
  }

  /// What is probably meant by `text`, which starts like a number and is none; `nil` where that is not known.
  private static func numberHint(_ text: String) -> String? {
    guard text.utf8.count <= 40 else { return nil }
    if text.hasPrefix(".") { return "a digit stands before the point: 0\(text)" }
    if text.hasSuffix(".") { return "a digit stands behind the point: \(text)0" }
    let digits = text.filter { $0 != "_" }
    return digits != text && isNumber(Array(digits.utf8)[...], isHex: false)
      ? "the digits of a number are not grouped: \(digits)" : nil
  }

  /// Whether the bytes are `-? digits (. digits)? (e [+-]? digits)?`, or the same with `0x` and `p`.
  private static func isNumber(_ text: ArraySlice<UInt8>, isHex: Bool) -> Bool {
    var rest = text
    let isDigit: (UInt8) -> Bool = isHex ? { $0.isHexDigit } : { $0.isDigit }
    func digits(_ isDigit: (UInt8) -> Bool) -> Bool {
      let tail = rest.drop(while: isDigit)
      defer { rest = tail }
      return tail.count < rest.count
    }
    if rest.first == UInt8(ascii: "-") { rest.removeFirst() }
    if isHex { rest.removeFirst(2) }
    guard digits(isDigit) else { return false }
    if rest.first == UInt8(ascii: ".") {
      rest.removeFirst()
      guard digits(isDigit) else { return false }
    }
    if let byte = rest.first, (byte | 0x20) == UInt8(ascii: isHex ? "p" : "e") {
      rest.removeFirst()
      if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
      guard digits({ $0.isDigit }) else { return false }
    }
    return rest.isEmpty
  }

  /// A string on one line, without control characters; `\` takes the next character as it is.
  private mutating func string() -> Token {
    let start = position
    position += 1
    while position < bytes.count, bytes[position] != UInt8(ascii: "\n") {
      if bytes[position] == UInt8(ascii: "\"") {
        position += 1
        return stringToken(from: start)
      }
      position += bytes[position] == UInt8(ascii: "\\") && at(1) != UInt8(ascii: "\n") ? 2 : 1
    }
    position = min(position, bytes.count)
    error("the string is not closed", at: start, note: "a string ends with '\"' on the same line")
    return token(.invalid, from: start)
  }

  /// The string from `start` up to here, unless a control character stands in it, which no name or path needs.
  private mutating func stringToken(from start: Int) -> Token {
    if let place = bytes[start..<position].firstIndex(where: { $0 < 0x20 || $0 == 0x7F }) {
      error("the byte 0x\(hexadecimal(bytes[place])) cannot stand in a string", at: place)
      return token(.invalid, from: start)
    }
    return token(.string, from: start)
  }

  private func token(_ kind: Token.Kind, from start: Int) -> Token {
    Token(kind, start, position, startsLine: startsLine)
  }

  private func text(_ start: Int, _ end: Int) -> String { String(decoding: bytes[start..<end], as: UTF8.self) }

  private mutating func error(_ message: String, at offset: Int, note: String? = nil) {
    errors.append(Diagnostic(message, at: file.location(ofByte: offset), notes: note.map { [.init($0)] } ?? []))
  }
}

extension UInt8 {
  fileprivate var isLetter: Bool { (self | 0x20) &- UInt8(ascii: "a") < 26 || self == UInt8(ascii: "_") }
  fileprivate var isDigit: Bool { self &- UInt8(ascii: "0") < 10 }
  fileprivate var isHexDigit: Bool { isDigit || (self | 0x20) &- UInt8(ascii: "a") < 6 }
  fileprivate var isNamePart: Bool { isLetter || isDigit || self == UInt8(ascii: ".") }
}
