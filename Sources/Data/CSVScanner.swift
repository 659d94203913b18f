/// Finds the records and fields of CSV bytes, with their places.
///
/// The rules are RFC 4180's: a field in quotes may hold delimiters, line ends and doubled quotes. Lines end with LF,
/// CRLF or CR. Spaces around a quoted field are passed over. It is our own because every field has a place, an empty last
/// field counts, and an open quote is an error, which is more than the libraries that there are give.
struct CSVScanner {
  /// What is wrong with the text, and at which byte.
  struct Problem: Error {
    let offset: Int
    let message: String
    /// What to do about it.
    var hint: String?
  }

  let bytes: UnsafeBufferPointer<UInt8>
  let delimiter: UInt8
  /// Where the next record starts.
  private(set) var position: Int
  /// The current record, without its line end.
  private(set) var record = 0..<0
  /// The current record's fields, as they stand there, quotes included, but without the spaces around them.
  private(set) var fields: [Range<Int>] = []

  /// A scanner that starts at byte `position`, the start of a record.
  init(_ bytes: UnsafeBufferPointer<UInt8>, delimiter: UInt8, from position: Int = 0) {
    self.bytes = bytes
    self.delimiter = delimiter
    self.position = position
  }

  /// Whether the current record is an empty line, or one of spaces.
  var isBlank: Bool { fields.count == 1 && fields[0].isEmpty }

  /// Moves to the next record; `false` at the end.
  mutating func next() throws(Problem) -> Bool {
    guard position < bytes.count else { return false }
    fields.removeAll(keepingCapacity: true)
    let recordStart = position
    var start = position
    var i = position
    while i < bytes.count {
      let byte = bytes[i]
      if byte > 0x2C, byte != delimiter {
        // Digits, points and letters: nothing to decide.
        i += 1
      } else if byte == delimiter {
        fields.append(trimmed(start, i))
        i += 1
        start = i
      } else if byte == Self.lineFeed || byte == Self.carriageReturn {
        break
      } else if byte == Self.quote {
        i = try endOfQuotes(i, fieldStart: start)
      } else {
        i += 1
      }
    }
    fields.append(trimmed(start, i))
    record = recordStart..<i
    if i < bytes.count {
      i += bytes[i] == Self.carriageReturn && i + 1 < bytes.count && bytes[i + 1] == Self.lineFeed ? 2 : 1
    }
    position = i
    return true
  }

  /// Field `index` of the current record without quotes and spaces around it: a number, where it is one. Doubled quotes
  /// inside stay doubled.
  func content(ofField index: Int) -> Range<Int> {
    let field = fields[index]
    guard let first = field.first, bytes[first] == Self.quote else { return field }
    return trimmed(field.lowerBound + 1, field.upperBound - 1)
  }

  /// The end of the quoted text that starts at `open`, with the spaces behind it.
  private func endOfQuotes(_ open: Int, fieldStart: Int) throws(Problem) -> Int {
    guard trimmed(fieldStart, open).isEmpty else {
      throw Problem(
        offset: open, message: "a quote inside a field that does not start with one",
        hint: "put the whole field in quotes and double those inside")
    }
    var i = open + 1
    while true {
      guard i < bytes.count else { throw Problem(offset: open, message: "a quoted field does not end") }
      if bytes[i] != Self.quote {
        i += 1
      } else if i + 1 < bytes.count, bytes[i + 1] == Self.quote {
        i += 2
      } else {
        break
      }
    }
    i += 1
    while i < bytes.count, bytes[i] != delimiter, bytes[i] != Self.lineFeed, bytes[i] != Self.carriageReturn {
      guard Self.isSpace(bytes[i]) else { throw Problem(offset: i, message: "text follows the end of a quoted field") }
      i += 1
    }
    return i
  }

  /// The range without the spaces and tabs at its ends.
  private func trimmed(_ start: Int, _ end: Int) -> Range<Int> {
    var low = start
    var high = end
    while low < high, Self.isSpace(bytes[low]) { low += 1 }
    while high > low, Self.isSpace(bytes[high - 1]) { high -= 1 }
    return low..<high
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
  private static let quote = UInt8(ascii: "\"")
  private static let lineFeed = UInt8(ascii: "\n")
  private static let carriageReturn = UInt8(ascii: "\r")
}
