import FraguaSource
import FraguaTensors

/// Types.
extension TreeParser {
  /// A type; what is wrong inside it is reported and leaves ``TypeSyntax/type`` empty.
  mutating func type() throws(Reported) -> TypeSyntax {
    let token = try expect(.type)
    return TypeSyntax(type: tensorType(token), offset: token.start)
  }

  /// The largest number of axes.
  static let rankLimit = 32

  /// The type that `tensor<2xBxf32>` names, or `nil` after reporting why it names none.
  private func tensorType(_ token: Token) -> TensorType? {
    var rest = file.bytes[(token.start + 7)..<(token.end - 1)]
    var shape: Shape = []
    func report(_ message: String, notes: [Diagnostic.Note] = []) {
      sink.report(message, at: rest.startIndex, notes: notes)
    }
    while true {
      let part = rest.prefix { $0 != UInt8(ascii: "x") }
      let text = String(decoding: part, as: UTF8.self)
      if part.endIndex == rest.endIndex {
        guard let element = ElementType(rawValue: text) else {
          if Self.isSymbol(text.utf8) || Int(text) != nil {
            report("the type \(self.text(token)) lacks an element type", notes: [Self.elementTypes])
          } else {
            report("unknown element type '\(shortened(text))'", notes: [Self.elementTypes])
          }
          return nil
        }
        let type = TensorType(shape, element)
        guard TensorType(shape.map { .fixed($0.fixedValue ?? 1) }, element).checkedByteCount != nil else {
          sink.report("the size of \(type) in bytes does not fit in 63 bits", at: token.start)
          return nil
        }
        return type
      }
      guard let extent = extent(text, report) else { return nil }
      shape.append(extent)
      if shape.count > Self.rankLimit {
        report("a type has at most \(Self.rankLimit) axes")
        return nil
      }
      rest = rest[(part.endIndex + 1)...]
    }
  }

  /// The extent that `text` names, a number, a symbol or a bound symbol as in `B=32`, or `nil` after reporting why it names none.
  private func extent(_ text: String, _ report: (String, [Diagnostic.Note]) -> Void) -> Extent? {
    if Self.isSymbol(text.utf8) { return .symbol(text) }
    if let sign = text.firstIndex(of: "="), Self.isSymbol(text[..<sign].utf8) {
      return boundExtent(String(text[..<sign]), String(text[text.index(after: sign)...]), report)
    }
    guard !text.isEmpty, text.utf8.allSatisfy({ $0 &- UInt8(ascii: "0") < 10 }) else {
      let notes = [Diagnostic.Note("an extent is a number or a capital letter with digits, as in tensor<BxN1x3xf32>")]
      report("'\(shortened(text))' is not an extent", notes)
      return nil
    }
    guard let n = Int(text) else {
      report("the extent \(shortened(text)) does not fit in 63 bits", [])
      return nil
    }
    guard n >= 1 else {
      report("the extent \(text) is less than 1", [])
      return nil
    }
    return .fixed(n)
  }

  /// The extent `symbol` with what it is bound to, which the header of a dump says too.
  private func boundExtent(
    _ symbol: String, _ number: String, _ report: (String, [Diagnostic.Note]) -> Void
  ) -> Extent? {
    guard let bound = tree.bindings[symbol] else {
      report(
        "the symbol '\(symbol)' is bound in a type, but not in the graph's header",
        [Diagnostic.Note("in a file that is no dump, write \(symbol), and bind it with '--bind \(symbol)=32'")])
      return nil
    }
    guard number == String(bound) else {
      report("the symbol '\(symbol)' is bound to '\(shortened(number))' here, but to \(bound) in the header", [])
      return nil
    }
    return .bound(symbol, bound)
  }

  private static let elementTypes = Diagnostic.Note(
    "the element types are \(quoted(ElementType.allCases.map(\.rawValue)))")

  /// Whether `text` is a capital letter followed by digits.
  static func isSymbol(_ text: some Collection<UInt8>) -> Bool {
    guard let first = text.first, first &- UInt8(ascii: "A") < 26 else { return false }
    return text.dropFirst().allSatisfy { $0 &- UInt8(ascii: "0") < 10 }
  }
}
