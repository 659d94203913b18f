import FraguaTensors

/// An element type that can be read from the text of a CSV field.
///
/// A field is a decimal, by the rule of ``Scalar/init(parsing:as:)``: hexadecimal digits, infinities and NaN are none,
/// since in a table they mostly stand for something that went wrong.
protocol CSVNumber: TensorElement {
  /// The value that `text` writes, or `nil` where it is no number or not one of this type.
  static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Self?
}

extension Float: CSVNumber {
  static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Float? { Float(decimal: text) }
}

extension Double: CSVNumber {
  static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Double? { Double(decimal: text) }
}

extension Float16: CSVNumber {
  static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Float16? {
    Double(decimal: text).map(Float16.init(rounding:)).flatMap { $0.isFinite ? $0 : nil }
  }
}

extension BFloat16: CSVNumber {
  static func parse(_ text: UnsafeBufferPointer<UInt8>) -> BFloat16? {
    Double(decimal: text).map(BFloat16.init(rounding:)).flatMap { $0.scalar.isFinite ? $0 : nil }
  }
}

extension CSVNumber where Self: FixedWidthInteger {
  /// A whole number in range. `3.0` and `1e3` are whole numbers too: spreadsheets and pandas write them so.
  static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Self? {
    DecimalNumber(text)?.integer.flatMap(Self.init(exactly:))
  }
}

extension Int8: CSVNumber {}
extension Int16: CSVNumber {}
extension Int32: CSVNumber {}
extension Int64: CSVNumber {}
extension UInt8: CSVNumber {}
extension UInt16: CSVNumber {}
extension UInt32: CSVNumber {}

extension Bool: CSVNumber {
  /// `0`, `1`, or a word that says true or false.
  static func parse(_ text: UnsafeBufferPointer<UInt8>) -> Bool? {
    if let number = UInt8.parse(text) { return number > 1 ? nil : number == 1 }
    return Bool(word: String(decoding: text, as: UTF8.self))
  }
}
