/// A decimal number as it is written: `±mantissa * 10^exponent`.
public struct DecimalNumber: Sendable {
  private(set) var isNegative = false
  /// The digits, without the point, as far as they fit.
  private(set) var mantissa: UInt64 = 0
  private(set) var exponent = 0
  /// Whether all digits fitted the mantissa; where they did not, the exponent is not the mantissa's.
  private(set) var hasAllDigits = true
  /// Whether a digit behind the point that is not 0 did not fit.
  private var hasLostFraction = false

  /// Reads `[+-] digits [. digits] [(e|E) [+-] digits]` with a digit before or after the point, and nothing else: no
  /// words such as `nan`, no hexadecimal.
  public init?(_ text: UnsafeBufferPointer<UInt8>) {
    var i = 0
    func digit() -> UInt64? {
      guard i < text.count, text[i] &- 0x30 < 10 else { return nil }
      return UInt64(text[i] &- 0x30)
    }
    func skipSign() -> Bool {
      guard i < text.count, text[i] == UInt8(ascii: "-") || text[i] == UInt8(ascii: "+") else { return false }
      i += 1
      return text[i - 1] == UInt8(ascii: "-")
    }
    isNegative = skipSign()
    var digitCount = 0
    var pointAt: Int?
    while i < text.count {
      if let d = digit() {
        if mantissa <= (UInt64.max - 9) / 10 {
          mantissa = mantissa * 10 + d
        } else if d == 0, pointAt != nil {
          // Further zeros behind the point say nothing.
          i += 1
          continue
        } else {
          hasAllDigits = false
          if pointAt != nil { hasLostFraction = true }
        }
        digitCount += 1
      } else if text[i] == UInt8(ascii: "."), pointAt == nil {
        pointAt = digitCount
      } else {
        break
      }
      i += 1
    }
    guard digitCount > 0 else { return nil }
    if let pointAt { exponent = pointAt - digitCount }
    guard i < text.count else { return }
    guard text[i] | 0x20 == UInt8(ascii: "e") else { return nil }
    i += 1
    let negativeExponent = skipSign()
    guard digit() != nil else { return nil }
    var written = 0
    while let d = digit() {
      written = min(written * 10 + Int(d), 1_000_000)
      i += 1
    }
    guard i == text.count else { return nil }
    exponent += negativeExponent ? -written : written
  }

  /// The value where it is a whole number of 64 bits, however it is written: `3`, `3.0`, `3e2`.
  public var integer: Int64? {
    guard hasAllDigits else { return nil }
    var magnitude = mantissa
    if magnitude != 0 {
      for _ in 0..<exponent.magnitude {
        if exponent < 0 {
          guard magnitude % 10 == 0 else { return nil }
          magnitude /= 10
        } else {
          let (product, overflow) = magnitude.multipliedReportingOverflow(by: 10)
          if overflow { return nil }
          magnitude = product
        }
      }
    }
    guard isNegative else { return Int64(exactly: magnitude) }
    return magnitude == 1 << 63 ? Int64.min : Int64(exactly: magnitude).map { -$0 }
  }

  /// Whether digits stand behind the point that are not all zeros.
  var hasFraction: Bool { hasAllDigits ? integer == nil && exponent < 0 : hasLostFraction }

  /// The value where one correctly rounded operation on exact numbers gives it (Clinger's fast path).
  ///
  /// `powers` are the powers of ten that are exact in `T`.
  fileprivate func exactly<T: BinaryFloatingPoint>(_ powers: [T]) -> T? {
    guard hasAllDigits, mantissa < 1 << (T.significandBitCount + 1), exponent.magnitude < powers.count else {
      return nil
    }
    let value = T(mantissa)
    let scaled = exponent < 0 ? value / powers[-exponent] : value * powers[exponent]
    return isNegative ? -scaled : scaled
  }
}

/// The powers of ten that are exact in `Float`, and in `Double`.
private let exactPowers: (float: [Float], double: [Double]) = (
  (0...10).map { (0..<$0).reduce(1) { power, _ in power * 10 } },
  (0...22).map { (0..<$0).reduce(1) { power, _ in power * 10 } }
)

/// A decimal number, rounded once to this type; `nil` where it is beyond the type's range.
private func parseFloat<T: BinaryFloatingPoint & LosslessStringConvertible>(
  _ text: UnsafeBufferPointer<UInt8>, _ powers: [T]
) -> T? {
  guard let decimal = DecimalNumber(text) else { return nil }
  if let value = decimal.exactly(powers) { return value }
  guard let value = T(String(decoding: text, as: UTF8.self)), value.isFinite else { return nil }
  return value
}

extension Float {
  /// The decimal number that `text` writes, rounded once; `nil` where it is none or overflows.
  public init?(decimal text: UnsafeBufferPointer<UInt8>) {
    guard let value = parseFloat(text, exactPowers.float) else { return nil }
    self = value
  }
}

extension Double {
  /// The decimal number that `text` writes, rounded once; `nil` where it is none or overflows.
  public init?(decimal text: UnsafeBufferPointer<UInt8>) {
    guard let value = parseFloat(text, exactPowers.double) else { return nil }
    self = value
  }
}
