/// A Swift type that tensors have as their elements.
public protocol TensorElement: BitwiseCopyable, Sendable, Equatable {
  static var elementType: ElementType { get }

  /// The element that `scalar`, which has the type, is.
  init(_ scalar: Scalar)

  /// `value`, rounded once; integers saturate, NaN becomes 0 there, and a boolean is whether it is not 0.
  init(rounding value: Double)

  /// The element with its type.
  var scalar: Scalar { get }

  /// The value: exact but for integers beyond 2^53.
  var asDouble: Double { get }
}

extension Float: TensorElement {
  @inlinable public static var elementType: ElementType { .f32 }
  @inlinable public init(_ scalar: Scalar) { self = scalar.float }
  @inlinable public init(rounding value: Double) { self.init(value) }
  @inlinable public var scalar: Scalar { Scalar(type: .f32, bits: UInt64(bitPattern)) }
  @inlinable public var asDouble: Double { Double(self) }
}

extension Double: TensorElement {
  @inlinable public static var elementType: ElementType { .f64 }
  @inlinable public init(_ scalar: Scalar) { self = scalar.double }
  @inlinable public init(rounding value: Double) { self = value }
  @inlinable public var scalar: Scalar { Scalar(type: .f64, bits: bitPattern) }
  @inlinable public var asDouble: Double { self }
}

extension Float16: TensorElement {
  public static var elementType: ElementType { .f16 }
  public init(_ scalar: Scalar) { self.init(bitPattern: UInt16(truncatingIfNeeded: scalar.bits)) }
  public var scalar: Scalar { Scalar(type: .f16, bits: UInt64(bitPattern)) }

  // By bits: its denormals are kept, also where those of `Float` are zeros, which the library's conversions know.

  public init(rounding value: Double) {
    let sign: UInt16 = value.sign == .minus ? 0x8000 : 0
    let size = value.magnitude
    let bits: UInt16
    if value.isNaN {
      bits = 0x7E00
    } else if size >= 65_520 {
      bits = 0x7C00
    } else if size < 0x1p-14 {
      bits = UInt16((size * 0x1p24).rounded(.toNearestOrEven))
    } else {
      // What rounds up to the next power of two carries into the exponent.
      let digits = (size.significand * 1024).rounded(.toNearestOrEven)
      bits = UInt16(Int(digits) - 1024 + (Int(size.exponent) + 15) << 10)
    }
    self.init(bitPattern: bits | sign)
  }

  public var asDouble: Double {
    let exponent = Int(bitPattern >> 10 & 31)
    let digits = Double(bitPattern & 1023)
    let size: Double =
      switch exponent {
      case 0: digits * 0x1p-24
      case 31: digits == 0 ? .infinity : .nan
      default: Double(sign: .plus, exponent: exponent - 15, significand: 1 + digits / 1024)
      }
    return bitPattern & 0x8000 == 0 ? size : -size
  }
}

extension BFloat16: TensorElement {
  public static var elementType: ElementType { .bf16 }
  public init(_ scalar: Scalar) { self.init(bitPattern: UInt16(truncatingIfNeeded: scalar.bits)) }
  public init(rounding value: Double) { self.init(value) }
  public var scalar: Scalar { Scalar(type: .bf16, bits: UInt64(bitPattern)) }
  public var asDouble: Double { Double(Float(self)) }
}

extension TensorElement where Self: FixedWidthInteger {
  @inlinable public init(_ scalar: Scalar) { self.init(truncatingIfNeeded: scalar.bits) }
  public init(rounding value: Double) { self.init(saturating: value) }
  @inlinable public var scalar: Scalar { Scalar(type: Self.elementType, bits: UInt64(truncatingIfNeeded: self)) }
  public var asDouble: Double { Double(self) }
}

extension Int64: TensorElement { @inlinable public static var elementType: ElementType { .i64 } }
extension Int32: TensorElement { @inlinable public static var elementType: ElementType { .i32 } }
extension Int16: TensorElement { @inlinable public static var elementType: ElementType { .i16 } }
extension Int8: TensorElement { @inlinable public static var elementType: ElementType { .i8 } }
extension UInt32: TensorElement { @inlinable public static var elementType: ElementType { .ui32 } }
extension UInt16: TensorElement { @inlinable public static var elementType: ElementType { .ui16 } }
extension UInt8: TensorElement { @inlinable public static var elementType: ElementType { .ui8 } }

extension Bool: TensorElement {
  @inlinable public static var elementType: ElementType { .i1 }
  @inlinable public init(_ scalar: Scalar) { self = scalar.bits & 1 != 0 }
  public init(rounding value: Double) { self = value != 0 }
  @inlinable public var scalar: Scalar { Scalar(type: .i1, bits: self ? 1 : 0) }
  public var asDouble: Double { self ? 1 : 0 }
}

extension FixedWidthInteger {
  /// `value` towards zero; what is out of range becomes the nearest bound, and NaN becomes 0.
  public init(saturating value: Double) {
    if value.isNaN { self = 0 } else { self = Self(exactly: value.rounded(.towardZero)) ?? (value < 0 ? .min : .max) }
  }
}
