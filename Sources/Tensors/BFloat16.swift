/// A number of 16 bits with the exponent of a `Float`: its upper half.
///
/// For storing; arithmetic is done on `Float`. Conversions keep denormals: what a graph makes of them, its operations
/// say.
public struct BFloat16: BitwiseCopyable, Sendable, Hashable {
  public var bitPattern: UInt16

  public init(bitPattern: UInt16) { self.bitPattern = bitPattern }

  /// `value`, rounded once to nearest, ties to even; NaN becomes a quiet NaN of its sign.
  public init(_ value: Double) {
    // Rounded to odd, a float still says on which side of a tie the number was.
    let nearest = Float(value)
    var bits = nearest.bitPattern
    if Double(nearest) != value, !value.isNaN, bits & 1 == 0 {
      bits = Double(nearest).magnitude > value.magnitude ? bits - 1 : bits + 1
    }
    self.init(Float(bitPattern: bits))
  }

  /// `value`, rounded to nearest, ties to even; NaN becomes a quiet NaN of its sign.
  public init(_ value: Float) {
    let bits = value.bitPattern
    guard !value.isNaN else {
      self.init(bitPattern: UInt16(bits >> 31) << 15 | 0x7FC0)
      return
    }
    self.init(bitPattern: UInt16(truncatingIfNeeded: (bits + 0x7FFF + (bits >> 16 & 1)) >> 16))
  }

  /// Whether both are the same number: zeros of either sign are, NaN is none.
  public static func == (a: BFloat16, b: BFloat16) -> Bool { Float(a) == Float(b) }

  public func hash(into hasher: inout Hasher) { hasher.combine(Float(self)) }
}

extension Float {
  public init(_ value: BFloat16) { self.init(bitPattern: UInt32(value.bitPattern) << 16) }
}
