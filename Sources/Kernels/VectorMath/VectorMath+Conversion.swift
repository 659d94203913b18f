import FraguaSource
import FraguaTensors

/// Conversions to and from the floats of 16 bits, which no processor of ours need know: by their bits.
extension VectorMath {
  /// `x` as `type`, as ``ScalarProgram/Instruction/convert(_:_:)`` defines it.
  public static func convert<A: ElementArithmetic>(_ x: A.Value, to type: ElementType, in a: inout A) -> A.Value {
    let source = a.type(of: x)
    if source == type { return x }
    if source.isFloat, source.isStorage { return convert(widened(x, in: &a), to: type, in: &a) }
    guard type.isFloat, type.isStorage else { return a.convert(x, to: type) }
    var wide = x
    if source != .f32 { wide = roundedToOdd(a.convert(x, to: .f64), in: &a) }
    return narrowed(wide, to: type, in: &a)
  }

  /// A float of 16 bits as an `f32`: exact, but that denormals of `bf16`, which are those of `f32`, are zeros.
  private static func widened<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let layout = NarrowFloat(a.type(of: x))
    let bits = a.convert(a.bitCast(x, to: .ui16), to: .i32)
    let magnitude = a.and(bits, layout.word(layout.type.signMask - 1, in: &a))
    let sign = a.shiftLeft(a.and(bits, layout.word(layout.type.signMask, in: &a)), layout.word(16, in: &a))
    let shifted = a.shiftLeft(magnitude, layout.word(UInt64(layout.shift), in: &a))
    guard layout.rebias > 0 else { return flushed(a.bitCast(a.or(shifted, sign), to: .f32), in: &a) }
    // The exponent moves; that of infinity and NaN moves twice, to stay the highest; a denormal is a whole number of
    // the least ones.
    let rebias = layout.word(UInt64(layout.rebias) << 23, in: &a)
    let normal = a.add(shifted, rebias)
    let isFinite = a.compare(.lt, magnitude, layout.word(layout.type.infinityBits, in: &a))
    let large = a.select(isFinite, normal, a.add(normal, rebias))
    let least = a.constant(Scalar(Float(sign: .plus, exponent: layout.leastExponent, significand: 1)))
    let denormal = a.bitCast(a.multiply(a.convert(magnitude, to: .f32), least), to: .i32)
    let isNormal = a.compare(.ge, magnitude, layout.word(1 << UInt64(layout.significandBits), in: &a))
    return a.bitCast(a.or(a.select(isNormal, large, denormal), sign), to: .f32)
  }

  /// An `f32` rounded to nearest, ties to even. A NaN becomes a quiet one.
  private static func narrowed<A: ElementArithmetic>(
    _ x: A.Value, to type: ElementType, in a: inout A
  ) -> A.Value {
    let layout = NarrowFloat(type)
    let bits = a.bitCast(flushed(x, in: &a), to: .i32)
    let sign = a.and(a.shiftRight(bits, layout.word(16, in: &a)), layout.word(type.signMask, in: &a))
    let magnitude = a.and(bits, layout.word(0x7FFF_FFFF, in: &a))
    let shift = layout.word(UInt64(layout.shift), in: &a)
    // Half a unit less one, and one more where the last bit that stays is 1.
    let rebias = UInt64(layout.rebias) << 23
    let half = layout.word(UInt64(bitPattern: Int64(1 << (layout.shift - 1)) - 1 - Int64(rebias)), in: &a)
    let odd = a.and(a.shiftRight(magnitude, shift), layout.word(1, in: &a))
    let rounded = a.shiftRight(a.add(a.add(magnitude, half), odd), shift)
    let infinity = layout.word(type.infinityBits, in: &a)
    let isInfinite = a.compare(
      .ge, magnitude, layout.word((type.infinityBits << UInt64(layout.shift)) + rebias, in: &a))
    var result = a.select(isInfinite, infinity, rounded)
    if layout.rebias > 0 {
      // What is below the least normal number: a sum with a number whose last bit is the least denormal rounds so.
      let magic = a.constant(Scalar(Float(sign: .plus, exponent: layout.leastExponent + 23, significand: 1)))
      let sum = a.add(a.bitCast(magnitude, to: .f32), magic)
      let denormal = a.subtract(a.bitCast(sum, to: .i32), a.bitCast(magic, to: .i32))
      let leastNormal = layout.word(rebias + 1 << 23, in: &a)
      result = a.select(a.compare(.lt, magnitude, leastNormal), denormal, result)
    }
    let quiet = layout.word(type.infinityBits | 1 << UInt64(layout.significandBits - 1), in: &a)
    let isNaN = a.compare(.gt, magnitude, layout.word(0x7F80_0000, in: &a))
    let signed = a.or(a.select(isNaN, quiet, result), sign)
    return a.bitCast(a.convert(signed, to: .ui16), to: type)
  }

  /// An `f64` as an `f32` with an odd last bit where it is not exact, so that rounding it once more rounds it once.
  private static func roundedToOdd<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let nearest = a.convert(x, to: .f32)
    let back = a.convert(nearest, to: .f64)
    let bits = a.bitCast(nearest, to: .i32)
    let one = a.integer(1, .i32)
    let isTooLarge = a.compare(.gt, a.magnitude(back), a.magnitude(x))
    let neighbour = a.select(isTooLarge, a.subtract(bits, one), a.add(bits, one))
    // Neither holds of a NaN.
    let isInexact = a.or(a.compare(.lt, back, x), a.compare(.gt, back, x))
    let isEven = a.compare(.eq, a.and(bits, one), a.integer(0, .i32))
    // What rounds up to the least normal number stays there: the neighbour would become a zero.
    let isLeast = a.compare(.eq, a.magnitude(nearest), a.constant(Scalar(Float.leastNormalMagnitude)))
    let moves = a.and(a.and(isInexact, isEven), a.xor(isLeast, a.constant(Scalar(true))))
    return a.bitCast(a.select(moves, neighbour, bits), to: .f32)
  }
}

/// How a float of 16 bits lies beside an `f32`.
private struct NarrowFloat {
  let type: ElementType
  let significandBits: Int
  /// How many bits of the significand an `f32` has more.
  let shift: Int
  /// How much larger the exponent of an `f32` is biased.
  let rebias: Int

  init(_ type: ElementType) {
    precondition(type.bitCount == 16 && type.isFloat, "the floats of 16 bits are told by their type")
    self.type = type
    significandBits = type.significandBits!
    shift = 23 - significandBits
    rebias = 127 - ((1 << (14 - significandBits)) - 1)
  }

  /// The exponent of the least denormal number.
  var leastExponent: Int { rebias - 126 - significandBits }

  /// A constant of 32 bits.
  func word<A: ElementArithmetic>(_ bits: UInt64, in a: inout A) -> A.Value {
    a.integer(Int64(bitPattern: bits), .i32)
  }
}
