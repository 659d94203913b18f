import FraguaTensors

/// An element type that can be read from the text of a CSV field.
///
/// A field is a decimal, by the rule of ``Scalar/init(parsing:as:)``: hexadecimal digits, infinities and NaN are none,
/// since in a table they mostly stand for something that went wrong.
protocol CSVNumber {
  /// The value that `text` writes, or `nil` where it is no number or not one of this type.
  static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Self?
}

extension Float: CSVNumber {
  static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Float? { Float(decimal: text) }
}

extension Double: CSVNumber {
  static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Double? { Double(decimal: text) }
}

extension CSVNumber where Self: FixedWidthInteger {
  /// A whole number in range. `3.0` and `1e3` are whole numbers too: spreadsheets and pandas write them so.
  static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Self? {
    DecimalNumber(text)?.integer.flatMap(Self.init(exactly:))
  }
}

extension Int32: CSVNumber {}
extension Int64: CSVNumber {}
extension UInt8: CSVNumber {}

extension Bool: CSVNumber {
  /// `0`, `1`, or a word that says true or false.
  static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Bool? {
    if let number = UInt8.parse(text) { return number > 1 ? nil : number == 1 }
    return Bool(word: String(decoding: text, as: UTF8.self))
  }
}
