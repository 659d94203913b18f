import Fragua

/// Numbers on the command line: `[[4, 5], [10, 2.5]]`, or one without brackets.
struct TensorLiteral {
  private let text: String
  /// The numbers as they were written, row-major.
  private let words: [Substring]
  private let extents: [Int]

  /// Whether a literal may start with `character`.
  static func canStart(with character: Character) -> Bool { "[-+.0123456789".contains(character) }

  /// Whether `text` is a number, or stands for one, that has letters in it: `nan`, `-inf`, `true`, `0x1.8p-3`.
  static func isWord(_ text: Substring) -> Bool {
    let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text
    return digits == "nan" || digits == "inf" || Bool(word: text) != nil
      || digits.hasPrefix("0x") && digits.dropFirst(2).allSatisfy { $0.isHexDigit || ".pP+-".contains($0) }
  }

  init(_ text: String) throws(Diagnostic) {
    self.text = text
    var reader = Reader(text)
    extents = try reader.value(depth: 0)
    reader.skipBlanks()
    guard reader.rest.isEmpty else { throw reader.unexpected("the end") }
    words = reader.words
  }

  /// The tensor for the argument `argument` of type `type`, symbols standing for any number.
  func tensor(_ type: TensorType, argument: String) throws(Diagnostic) -> Tensor {
    let matches =
      extents.count == type.rank && zip(extents, type.shape).allSatisfy { $1.fixedValue == nil || $1.fixedValue == $0 }
    guard matches else {
      let error = Diagnostic("'\(text)' for '%\(argument)' has the shape \(extents), expected \(type)")
      throw extents.count == type.rank ? error : error.noting("write one pair of brackets for each axis")
    }
    var scalars: [Scalar] = []
    for word in words { scalars.append(try Self.scalar(word, type.element, argument)) }
    return Tensor(TensorType(extents, type.element)) { scalars[$0] }
  }

  /// The number `word` as an element of type `element`; here the words `inf` and `nan`, with a sign, are numbers too.
  private static func scalar(
    _ word: Substring, _ element: ElementType, _ argument: String
  ) throws(Diagnostic) -> Scalar {
    let digits = word.hasPrefix("-") || word.hasPrefix("+") ? word.dropFirst() : word
    if element.isFloat, digits == "inf" || digits == "nan", let value = Double(word) {
      return Scalar(value, as: element)
    }
    do throws(Diagnostic) { return try Scalar(parsing: String(word), as: element) } catch {
      throw Diagnostic("in the data for '%\(argument)', \(error.message)", notes: error.notes)
    }
  }

  /// Reads nested brackets.
  private struct Reader {
    let text: String
    var rest: Substring
    var words: [Substring] = []

    init(_ text: String) {
      self.text = text
      rest = text[...]
    }

    mutating func skipBlanks() { rest = rest.drop(while: \.isWhitespace) }

    /// The extents of the value that comes next, whose words are appended.
    mutating func value(depth: Int) throws(Diagnostic) -> [Int] {
      skipBlanks()
      guard rest.first == "[" else {
        let word = rest.prefix { !$0.isWhitespace && $0 != "," && $0 != "]" && $0 != "[" }
        guard !word.isEmpty else { throw unexpected("a number or '['") }
        words.append(word)
        rest = rest.dropFirst(word.count)
        return []
      }
      guard depth < 16 else { throw Diagnostic("'\(text)' has more than 16 axes") }
      var inner: [Int]?
      var count = 0
      repeat {
        rest = rest.dropFirst()
        let extents = try value(depth: depth + 1)
        if let inner, inner != extents {
          throw Diagnostic("'\(text)' is ragged: one part has the shape \(inner), another \(extents)")
        }
        inner = extents
        count += 1
        skipBlanks()
      } while rest.first == ","
      guard rest.first == "]" else { throw unexpected("',' or ']'") }
      rest = rest.dropFirst()
      return [count] + (inner ?? [])
    }

    func unexpected(_ expected: String) -> Diagnostic {
      Diagnostic(
        "'\(text)' is not a list of numbers: expected \(expected)\(rest.isEmpty ? "" : " at '\(rest.prefix(20))'")")
    }
  }
}
