import FraguaSource

/// Cuts the text of a kernel program into tokens.
struct KernelLexer {
  /// What a token is.
  enum Kind: Equatable {
    case word(String)
    /// A decimal or hexadecimal number as it is written, without sign.
    case number(String)
    case string(String)
    /// `%name`
    case value(String)
    /// `@name`
    case symbol(String)
    /// Any other character.
    case mark(Character)
    case end
  }

  /// A token and the byte where it starts.
  struct Token {
    var kind: Kind
    var start: Int
  }

  private let file: SourceFile
  private var position = 0

  init(_ file: SourceFile) { self.file = file }

  /// Whether `byte` may be part of a name.
  static func isNameByte(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
      UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "$"):
      true
    default: false
    }
  }

  /// The next token.
  mutating func next() throws(Diagnostic) -> Token {
    skipBlanks()
    let start = position
    guard let byte = peek() else { return Token(kind: .end, start: start) }
    switch byte {
    case UInt8(ascii: "%"), UInt8(ascii: "@"):
      position += 1
      let name = peek() == UInt8(ascii: "\"") ? try string() : name()
      if name.isEmpty { throw error("a name is missing", at: start) }
      return Token(kind: byte == UInt8(ascii: "%") ? .value(name) : .symbol(name), start: start)
    case UInt8(ascii: "\""):
      return Token(kind: .string(try string()), start: start)
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      return Token(kind: .number(number()), start: start)
    case _ where Self.isNameByte(byte):
      return Token(kind: .word(name()), start: start)
    default:
      position += 1
      if byte >= 0x80 { throw error("a character that means nothing here", at: start) }
      return Token(kind: .mark(Character(UnicodeScalar(byte))), start: start)
    }
  }

  /// An error at a byte.
  func error(_ message: String, at offset: Int) -> Diagnostic {
    Diagnostic(message, at: file.location(ofByte: offset))
  }

  /// The byte `distance` ahead.
  private func peek(_ distance: Int = 0) -> UInt8? {
    position + distance < file.bytes.count ? file.bytes[position + distance] : nil
  }

  /// Skips blanks and comments.
  private mutating func skipBlanks() {
    while let byte = peek() {
      if byte == UInt8(ascii: "/"), peek(1) == UInt8(ascii: "/") {
        while let other = peek(), other != UInt8(ascii: "\n") { position += 1 }
      } else if byte == UInt8(ascii: " ") || (9...13).contains(byte) {
        position += 1
      } else {
        return
      }
    }
  }

  /// Bytes of a name.
  private mutating func name() -> String {
    let start = position
    while let byte = peek(), Self.isNameByte(byte) { position += 1 }
    return String(decoding: file.bytes[start..<position], as: UTF8.self)
  }

  /// Letters, digits and points, and signs that follow an exponent's letter.
  private mutating func number() -> String {
    let start = position
    let isHex = peek(1) == UInt8(ascii: "x")
    while let byte = peek() {
      if Self.isNameByte(byte) {
        position += 1
      } else if byte == UInt8(ascii: "-") || byte == UInt8(ascii: "+") {
        let last = file.bytes[position - 1] | 0x20
        guard last == UInt8(ascii: "p") || (last == UInt8(ascii: "e") && !isHex) else { break }
        position += 1
      } else {
        break
      }
    }
    return String(decoding: file.bytes[start..<position], as: UTF8.self)
  }

  /// A quoted string.
  private mutating func string() throws(Diagnostic) -> String {
    let start = position
    var bytes: [UInt8] = []
    position += 1
    while let byte = peek() {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: bytes, as: UTF8.self)
      case UInt8(ascii: "\n"): throw error("the string does not end on its line", at: start)
      case UInt8(ascii: "\\"): bytes += try escape()
      default: bytes.append(byte)
      }
    }
    throw error("the string does not end", at: start)
  }

  /// What follows a backslash.
  private mutating func escape() throws(Diagnostic) -> [UInt8] {
    let start = position
    defer { position += 1 }
    switch peek() {
    case UInt8(ascii: "n"): return [UInt8(ascii: "\n")]
    case UInt8(ascii: "t"): return [UInt8(ascii: "\t")]
    case UInt8(ascii: "\""): return [UInt8(ascii: "\"")]
    case UInt8(ascii: "\\"): return [UInt8(ascii: "\\")]
    case UInt8(ascii: "u"):
      position += 2
      let digits = position
      while let byte = peek(), Self.isNameByte(byte) { position += 1 }
      let text = String(decoding: file.bytes[min(digits, position)..<position], as: UTF8.self)
      if let value = UInt32(text, radix: 16), let scalar = UnicodeScalar(value), peek() == UInt8(ascii: "}") {
        return Array(String(scalar).utf8)
      }
    default: break
    }
    throw error("an unknown escape", at: start)
  }
}
