/// One element, with its type; equality is equality of bits.
@frozen public struct Scalar: Sendable, Hashable {
  public let type: ElementType
  /// The element's bits in the low bits; signed integers are sign-extended, others zero-extended.
  public let bits: UInt64

  @inlinable public init(type: ElementType, bits: UInt64) {
    self.type = type
    self.bits = bits
  }

  @inlinable public init<E: TensorElement>(_ value: E) { self = value.scalar }

  /// `value` rounded to `type`; integers saturate, NaN becomes 0 there.
  public init(_ value: Double, as type: ElementType) {
    self = type.host.init(rounding: value).scalar
  }

  /// `value` modulo the size of the integer type `type`; the lowest bit for `i1`.
  /// - Requires: no float.
  public init(wrapping value: Int64, as type: ElementType) {
    let unused = 64 - type.bitCount
    let top = UInt64(bitPattern: value) << unused
    self.init(
      type: type, bits: type.isUnsigned ? top >> unused : UInt64(bitPattern: Int64(bitPattern: top) >> unused))
  }

  /// The integer or boolean element `value`, if `type` has it.
  public init?(exactly value: Int64, as type: ElementType) {
    self.init(wrapping: value, as: type)
    if integer != value { return nil }
  }

  /// The bits as a `Float`; of an `f32` its value.
  @inlinable public var float: Float { Float(bitPattern: UInt32(truncatingIfNeeded: bits)) }
  /// The bits as a `Double`; of an `f64` its value.
  @inlinable public var double: Double { Double(bitPattern: bits) }
  /// The value of an integer or boolean element.
  @inlinable public var integer: Int64 { Int64(bitPattern: bits) }

  /// The value as a `Double`: exact but for integers beyond 2^53.
  public var asDouble: Double { type.host.init(self).asDouble }

  /// Whether the bits are those of a value of the type: extended as ``bits`` says.
  public var isCanonical: Bool {
    type.isFloat ? type.bitCount == 64 || bits >> type.bitCount == 0 : self == Scalar(wrapping: integer, as: type)
  }

  /// Whether it is a float that is neither infinite nor NaN, or of another type.
  public var isFinite: Bool { !type.isFloat || bits & type.infinityBits != type.infinityBits }
}

extension Scalar {
  /// The element as people read it: the shortest decimal that reads back the same, words for what has none. A NaN of any
  /// sign and payload is one to people.
  public var text: String { type.isFloat && asDouble.isNaN ? "nan" : digits }

  /// The element's decimal or truth value: what reads back the same.
  ///
  /// A decimal of an `f64` has the digits that one needs; others have what an `f32` needs. NaN, which has no decimal, is
  /// a word.
  public var digits: String {
    if type == .i1 { return integer != 0 ? "true" : "false" }
    guard type.isFloat else { return String(integer) }
    return Float.elementType.holds(type) ? Float(asDouble).description : asDouble.description
  }

  /// A float's bits as hexadecimal digits, all of them.
  public func hexadecimal(uppercase: Bool = true) -> String {
    let digits = String(bits, radix: 16, uppercase: uppercase)
    return "0x" + String(repeating: "0", count: 2 * type.byteCount - digits.count) + digits
  }
}
