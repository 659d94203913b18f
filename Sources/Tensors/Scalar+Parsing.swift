import FraguaSource

extension Scalar {
  /// The element of `type` that `text` writes: the one rule for a number, wherever a user writes it.
  ///
  /// A decimal is rounded once to a float type, to `f16` and `bf16` by way of `f64`, and must not overflow it; an integer type takes whole numbers in its
  /// range, however they are written (`3`, `3.0`, `3e2`). `0x` and digits are an integer's value, or a float's bits,
  /// all of them; with a point or an exponent they are a hexadecimal float. An `i1` is `1`, `0`, or the word `true` or
  /// `false` in small or capital letters, as Python and spreadsheets write it.
  /// - Throws: why it is no such element, without a place.
  public init(parsing text: String, as type: ElementType) throws(Diagnostic) {
    let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
    if digits.hasPrefix("0x") || digits.hasPrefix("0X") {
      self = try Self.hexadecimal(text, digits.dropFirst(2), type)
      return
    }
    if type == .i1, let truth = Bool(word: text) {
      self.init(truth)
      return
    }
    guard let scalar = Self.decimal(text, type) else {
      let error = Diagnostic.noElement(text, of: type)
      guard type.isFloat, DecimalNumber(text) != nil else { throw error }
      let infinity = Scalar(type: type, bits: type.infinityBits).hexadecimal()
      throw error.noting("infinity is written by its bits, \(infinity)")
    }
    self = scalar
  }

  /// The element that a decimal writes, if it fits.
  private static func decimal(_ text: String, _ type: ElementType) -> Scalar? {
    var text = text
    return text.withUTF8 { bytes in
      guard type.isFloat else { return DecimalNumber(bytes)?.integer.flatMap { Scalar(exactly: $0, as: type) } }
      if type == .f32 { return Float(decimal: bytes).map { Scalar($0) } }
      guard let scalar = Double(decimal: bytes).map({ Scalar($0, as: type) }), scalar.isFinite else { return nil }
      return scalar
    }
  }

  /// What `0x` and `digits`, with a sign or none, write.
  private static func hexadecimal(
    _ text: String, _ digits: Substring, _ type: ElementType
  ) throws(Diagnostic) -> Scalar {
    let unheld = Diagnostic("'\(text.prefix(40))' is not a number that \(type.rawValue) holds")
    guard digits.first.map({ $0.isHexDigit || $0 == "." }) ?? false else { throw unheld }
    let isFloat = digits.contains { $0 == "." || $0 == "p" || $0 == "P" }
    if type.isFloat, isFloat {
      var value = Double(text).map { Scalar($0, as: type) }
      if type == .f32 { value = Float(text).map { Scalar($0) } }
      guard let value, value.isFinite else { throw unheld }
      return value
    }
    if type.isFloat {
      guard text.utf8.count == 2 + 2 * type.byteCount, let bits = UInt64(digits, radix: 16) else {
        throw Diagnostic("'\(text.prefix(60))' does not write the bits of \(type.rawValue)")
          .noting(
            "they take \(2 * type.byteCount) digits; a hexadecimal float has a point or an exponent, as in 0x1.8p-3")
      }
      return Scalar(type: type, bits: bits)
    }
    let sign = text.hasPrefix("-") ? "-" : ""
    guard !isFloat, let value = Int64(sign + digits, radix: 16), let scalar = Scalar(exactly: value, as: type) else {
      throw unheld
    }
    return scalar
  }
}

extension Bool {
  /// What `true` or `false` means, in small or capital letters; `nil` for other words.
  public init?(word: some StringProtocol) {
    guard word.utf8.count <= 5, let truth = Bool(word.lowercased()) else { return nil }
    self = truth
  }
}

extension ElementType {
  /// Whether `value` is an element of this type, or a number that rounds to one: a finite number must not become an
  /// infinity, and an integer is a whole number in range.
  public func holds(_ value: Double) -> Bool {
    let scalar = Scalar(value, as: self)
    // 2^63, which no integer is, would become the largest one, and that as a Double 2^63.
    return isFloat ? !value.isFinite || scalar.isFinite : value < 0x1p63 && scalar.asDouble == value
  }
}

extension DecimalNumber {
  /// Reads a text.
  public init?(_ text: String) {
    var text = text
    guard let number = text.withUTF8({ DecimalNumber($0) }) else { return nil }
    self = number
  }
}

extension Diagnostic {
  /// `text` is no element of `type`: why, and what to do.
  public static func noElement(_ text: String, of type: ElementType) -> Diagnostic {
    let shown = "'\(text.count > 40 ? text.prefix(40) + "…" : text[...])'"
    guard let decimal = DecimalNumber(text) else {
      if type == .i1 { return Diagnostic("\(shown) is none of 0, 1, true and false") }
      let error = Diagnostic("\(shown) is not a number")
      return ungrouped(text).map { error.noting($0) } ?? error
    }
    if type.isFloat { return Diagnostic("\(shown) is out of the range of \(type.rawValue)") }
    if decimal.hasFraction { return Diagnostic("\(shown) is not a whole number, as \(type.rawValue) needs") }
    if type == .i1 { return Diagnostic("\(shown) is none of 0, 1, true and false") }
    let (least, most) = (type.lowest.integer, type.highest.integer)
    return Diagnostic("\(shown) is out of the range of \(type.rawValue): \(least) to \(most)")
  }

  /// How to write a number whose thousands are grouped, or whose point is a comma; `nil` for other texts.
  private static func ungrouped(_ text: String) -> String? {
    let separators: Set<Character> = [",", "_", "'", "’", " ", "\u{A0}", "\u{202F}", "\u{2009}"]
    guard text.utf8.count <= 40, text.contains(where: separators.contains) else { return nil }
    // As in 1.234,5: the last comma is the point, and points group.
    if let comma = text.lastIndex(of: ","), let point = text.lastIndex(of: "."), point < comma {
      let number = text[..<comma].filter { $0 != "." } + "." + text[text.index(after: comma)...]
      return isNumber(number) ? "write \(number): no thousands separators, and the decimal point as '.'" : nil
    }
    let whole = text.prefix { $0 != "." }
    let groups = whole.drop { $0 == "-" || $0 == "+" }.split(
      omittingEmptySubsequences: false, whereSeparator: separators.contains)
    let isGrouped =
      groups.count > 1 && (1...3).contains(groups[0].count) && groups.dropFirst().allSatisfy { $0.count == 3 }
    let number = String(text.filter { !separators.contains($0) })
    guard isNumber(number) else { return nil }
    let decimal = String(text.map { $0 == "," ? "." : $0 })
    if text.contains(","), isNumber(decimal) {
      if !isGrouped { return "write the decimal point as '.'" }
      return "write \(number) where the comma groups thousands, or \(decimal) where it is a decimal comma"
    }
    return isGrouped ? "write the number without thousands separators: \(number)" : nil
  }

  private static func isNumber(_ text: String) -> Bool { DecimalNumber(text) != nil }
}
