/// The numbers that an attribute may be: never an infinity or NaN.
public enum AttributeRange: Sendable, Hashable {
  /// Every number but infinities and NaN.
  case finite
  /// The number and those above it.
  case atLeast(Double)
  /// Those above the number.
  case above(Double)
  /// Both numbers and those between them.
  case between(Double, and: Double)
  /// The first number and those between it and the second.
  case from(Double, below: Double)

  /// Whether `x` lies in the range.
  public func contains(_ x: Double) -> Bool {
    guard x.isFinite else { return false }
    return switch self {
    case .finite: true
    case .atLeast(let low): x >= low
    case .above(let low): x > low
    case .between(let low, let high): x >= low && x <= high
    case .from(let low, let high): x >= low && x < high
    }
  }
}

extension AttributeRange: CustomStringConvertible {
  /// What the attribute must be, for messages and documents: `at least 0`, `from 0 and below 1`.
  public var description: String {
    switch self {
    case .finite: "finite"
    case .atLeast(let low): "at least \(Self.text(low))"
    case .above(let low): "above \(Self.text(low))"
    case .between(let low, let high): "from \(Self.text(low)) to \(Self.text(high))"
    case .from(let low, let high): "from \(Self.text(low)) and below \(Self.text(high))"
    }
  }

  /// A bound as a person writes it: whole ones without a point.
  private static func text(_ x: Double) -> String { Int(exactly: x).map(String.init) ?? "\(x)" }
}
