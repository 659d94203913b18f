import Foundation

/// Numbers with so many digits.
enum Decimals {
  /// `value` with `digits` digits after the point.
  static func fixed(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

  /// `value` as `1.2345e-05`.
  static func scientific(_ value: Double) -> String { String(format: "%.4e", value) }

  /// `value` rounded to `digits` digits after the point, for JSON.
  static func rounded(_ value: Double, _ digits: Int) -> Double {
    let scale = pow(10, Double(digits))
    return value.isFinite ? (value * scale).rounded() / scale : value
  }
}
