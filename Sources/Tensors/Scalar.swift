/// One element, with its type; equality is equality of bits.
public struct Scalar: Sendable, Hashable {
  public let type: ElementType
  /// The element's bits in the low bits; integers are sign-extended, `ui8` and `i1` zero-extended.
  public let bits: UInt64

  public init(type: ElementType, bits: UInt64) {
    self.type = type
    self.bits = bits
  }

  public init(_ value: Float) { self.init(type: .f32, bits: UInt64(value.bitPattern)) }
  public init(_ value: Double) { self.init(type: .f64, bits: value.bitPattern) }
  public init(_ value: Int32) { self.init(type: .i32, bits: UInt64(bitPattern: Int64(value))) }
  public init(_ value: Int64) { self.init(type: .i64, bits: UInt64(bitPattern: value)) }
  public init(_ value: UInt8) { self.init(type: .ui8, bits: UInt64(value)) }
  public init(_ value: Bool) { self.init(type: .i1, bits: value ? 1 : 0) }

  /// `value` rounded to `type`; integers saturate, NaN becomes 0 there.
  public init(_ value: Double, as type: ElementType) {
    switch type {
    case .f32: self.init(Float(value))
    case .f64: self.init(value)
    case .i32: self.init(Int32(saturating: value))
    case .i64: self.init(Int64(saturating: value))
    case .ui8: self.init(UInt8(saturating: value))
    case .i1: self.init(value != 0)
    }
  }

  public var float: Float { Float(bitPattern: UInt32(truncatingIfNeeded: bits)) }
  public var double: Double { Double(bitPattern: bits) }
  /// The value of an integer or boolean element.
  public var integer: Int64 { Int64(bitPattern: bits) }

  /// The value as a `Double`: exact but for integers beyond 2^53.
  public var asDouble: Double {
    switch type {
    case .f32: Double(float)
    case .f64: double
    default: Double(integer)
    }
  }
}

extension Scalar {
  /// The element as people read it: the shortest decimal that reads back the same, words for what has none. A NaN of any
  /// sign and payload is one to people.
  public var text: String {
    switch type {
    case .f32: float.isNaN ? "nan" : float.description
    case .f64: double.isNaN ? "nan" : double.description
    case .i32, .i64, .ui8: String(integer)
    case .i1: integer != 0 ? "true" : "false"
    }
  }
}

extension FixedWidthInteger {
  /// `value` towards zero; what is out of range becomes the nearest bound, and NaN becomes 0.
  public init(saturating value: Double) {
    if value.isNaN { self = 0 } else { self = Self(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max) }
  }
}
