import FraguaSource

/// A reader of the JSON in a safetensors header: objects, strings, lists of integers, each where it is expected.
///
/// Foundation's reader would accept a key twice and lose the order. Nothing here is recursive, so that no header is too
/// deeply nested.
struct HeaderJSON {
  let bytes: [UInt8]
  var position: Int
  let end: Int
  /// For the messages.
  let path: String

  /// Whether only white space is left.
  var isAtEnd: Bool {
    mutating get {
      skipSpace()
      return position == end
    }
  }

  /// The error that the header is not as `reason` says.
  func malformed(_ reason: String) -> Diagnostic { Diagnostic("'\(path)' has a malformed header: \(reason)") }

  /// Takes an object; `value` is called for each key and takes the value.
  mutating func object(
    _ value: (inout HeaderJSON, _ key: String) throws(Diagnostic) -> Void
  ) throws(Diagnostic) {
    try expect("{")
    if skip("}") { return }
    repeat {
      let key = try string()
      try expect(":")
      try value(&self, key)
    } while skip(",")
    try expect("}")
  }

  /// Takes a list of integers that are not negative.
  mutating func integers() throws(Diagnostic) -> [Int] {
    try expect("[")
    if skip("]") { return [] }
    var numbers = [Int]()
    repeat {
      skipSpace()
      let digits = bytes[position..<end].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard let number = Int(String(decoding: digits, as: UTF8.self)) else {
        throw malformed("expected a number at byte \(position)")
      }
      numbers.append(number)
      position += digits.count
    } while skip(",")
    try expect("]")
    return numbers
  }

  /// Takes a string.
  mutating func string() throws(Diagnostic) -> String {
    try expect("\"")
    var text = [UInt8]()
    while position < end {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let string = String(validating: text, as: UTF8.self) else { throw malformed("a string is not UTF-8") }
        return string
      case UInt8(ascii: "\\"): try escape(&text)
      case 0..<0x20: throw malformed("a control character in a string at byte \(position - 1)")
      default: text.append(byte)
      }
    }
    throw malformed("a string does not end")
  }

  /// Takes what follows a backslash and appends what it stands for.
  private mutating func escape(_ text: inout [UInt8]) throws(Diagnostic) {
    guard position < end else { throw malformed("a string does not end") }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0C)
    case UInt8(ascii: "n"): text.append(0x0A)
    case UInt8(ascii: "r"): text.append(0x0D)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"):
      var value = try hexadecimal()
      if (0xD800..<0xDC00).contains(value), bytes[position..<end].starts(with: "\\u".utf8) {
        position += 2
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw malformed("half a surrogate pair at byte \(position)") }
        value = 0x10000 + (value - 0xD800) << 10 + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(value) else { throw malformed("half a surrogate pair at byte \(position)") }
      text += Array(String(Character(scalar)).utf8)
    default: throw malformed("an unknown escape at byte \(position - 1)")
    }
  }

  /// Takes four hexadecimal digits.
  private mutating func hexadecimal() throws(Diagnostic) -> UInt32 {
    let digits = bytes[position..<end].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
      let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw malformed("expected four hexadecimal digits at byte \(position)") }
    position += 4
    return value
  }

  /// Takes `mark` if it comes next.
  private mutating func skip(_ mark: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < end, bytes[position] == UInt8(ascii: mark) else { return false }
    position += 1
    return true
  }

  /// Takes `mark`, which must come next.
  private mutating func expect(_ mark: Unicode.Scalar) throws(Diagnostic) {
    guard skip(mark) else { throw malformed("expected '\(mark)' at byte \(position)") }
  }

  private mutating func skipSpace() {
    while position < end, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
  }
}
