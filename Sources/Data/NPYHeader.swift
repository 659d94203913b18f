import FraguaSource
import FraguaTensors

/// The header of an NPY file: a Python dictionary that describes the bytes after it.
///
/// The magic `\x93NUMPY`, a version (1, 2 or 3), the header's length (16 bits in version 1, 32 later) and, say,
/// `{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }` with spaces and a line feed up to a round offset.
struct NPYHeader {
  var element = ElementType.ui8
  var bigEndian = false
  /// Whether the first axis varies fastest.
  var fortranOrder = false
  var extents = [Int]()
  /// Where the data starts.
  let dataOffset: Int

  /// The header at the start of `bytes`; `path` is for the messages.
  init(_ bytes: [UInt8], path: String) throws(Diagnostic) {
    guard !bytes.isEmpty else { throw Diagnostic("'\(path)' is empty, expected an NPY file") }
    guard bytes.starts(with: [0x93] + Array("NUMPY".utf8)) else {
      throw Diagnostic("'\(path)' is not an NPY file: it does not start with '\\x93NUMPY'")
    }
    guard bytes.count >= 10 else { throw Diagnostic("'\(path)' is truncated: it ends in its header") }
    guard (1...3).contains(bytes[6]) else {
      throw Diagnostic("'\(path)' has NPY version \(bytes[6]).\(bytes[7]), expected 1.0, 2.0 or 3.0")
    }
    let start = bytes[6] == 1 ? 10 : 12
    let length =
      bytes[6] == 1 ? bytes.little(UInt16.self, at: 8).map(Int.init) : bytes.little(UInt32.self, at: 8).map(Int.init)
    if let length, length > NPY.headerBytes - start {
      throw Diagnostic("'\(path)' has a header of \(length) bytes, more than an array of numbers needs")
    }
    guard let length, bytes.count - start >= length else {
      throw Diagnostic("'\(path)' is truncated: it ends in its header")
    }
    dataOffset = start + length
    var literal = PythonLiteral(bytes: bytes, position: start, end: dataOffset, path: path)
    try literal.expect("{")
    var seen = Set<String>()
    while !literal.skip("}") {
      let key = try literal.string()
      try literal.expect(":")
      guard seen.insert(key).inserted else { throw literal.malformed("'\(key)' stands there twice") }
      switch key {
      case "descr": (element, bigEndian) = try Self.element(&literal, path)
      case "fortran_order": fortranOrder = try literal.boolean()
      case "shape": extents = try literal.tuple()
      default: throw literal.malformed("unknown key '\(key)'")
      }
      if !literal.skip(",") {
        try literal.expect("}")
        break
      }
    }
    for key in ["descr", "fortran_order", "shape"] where !seen.contains(key) {
      throw literal.malformed("'\(key)' is missing")
    }
    guard literal.isAtEnd else { throw literal.malformed("something follows the dictionary") }
  }

  /// The element type and byte order that a `descr` names.
  private static func element(
    _ literal: inout PythonLiteral, _ path: String
  ) throws(Diagnostic) -> (ElementType, bigEndian: Bool) {
    if literal.skip("[") {
      throw Diagnostic("'\(path)' holds a structured array, expected one of numbers")
        .noting("save each field as an array of its own")
    }
    let name = try literal.string()
    let order = name.first.flatMap { "<>|=".contains($0) ? $0 : nil }
    guard let element = ElementType(npyName: order == nil ? name : String(name.dropFirst())) else {
      throw Diagnostic("'\(path)' has elements of type '\(name)', which cannot be read")
        .noting("convert them with astype to one of float16, float32, float64, int8 to int64, uint8 to uint32, bool")
    }
    return (element, order == ">")
  }
}

/// A reader of the few Python literals that an NPY header has.
private struct PythonLiteral {
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

  /// The error that this header is no dictionary as `reason` says.
  func malformed(_ reason: String) -> Diagnostic { Diagnostic("'\(path)' has a malformed NPY header: \(reason)") }

  /// Takes `mark` if it comes next.
  mutating func skip(_ mark: Unicode.Scalar) -> Bool {
    skipSpace()
    guard position < end, bytes[position] == UInt8(ascii: mark) else { return false }
    position += 1
    return true
  }

  /// Takes `mark`, which must come next.
  mutating func expect(_ mark: Unicode.Scalar) throws(Diagnostic) {
    guard skip(mark) else { throw malformed("expected '\(mark)' at byte \(position)") }
  }

  /// Takes a string in quotes of either kind, without escapes.
  mutating func string() throws(Diagnostic) -> String {
    skipSpace()
    guard position < end, bytes[position] == UInt8(ascii: "'") || bytes[position] == UInt8(ascii: "\"") else {
      throw malformed("expected a string at byte \(position)")
    }
    let start = position + 1
    guard let close = bytes[start..<end].firstIndex(of: bytes[position]) else {
      throw malformed("a string does not end")
    }
    position = close + 1
    return String(decoding: bytes[start..<close], as: UTF8.self)
  }

  /// Takes `True` or `False`.
  mutating func boolean() throws(Diagnostic) -> Bool {
    skipSpace()
    for (word, value) in [("True", true), ("False", false)] where bytes[position..<end].starts(with: word.utf8) {
      position += word.utf8.count
      return value
    }
    throw malformed("expected True or False at byte \(position)")
  }

  /// Takes a tuple of integers that are not negative.
  mutating func tuple() throws(Diagnostic) -> [Int] {
    try expect("(")
    var numbers = [Int]()
    while !skip(")") {
      let digits = bytes[position..<end].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard let number = Int(String(decoding: digits, as: UTF8.self)) else {
        throw malformed("expected an extent at byte \(position)")
      }
      numbers.append(number)
      position += digits.count
      // Python 2 wrote its long integers so.
      _ = skip("L")
      if !skip(",") {
        try expect(")")
        break
      }
    }
    return numbers
  }

  private mutating func skipSpace() {
    while position < end, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[position]) { position += 1 }
  }
}
