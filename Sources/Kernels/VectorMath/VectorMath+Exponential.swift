import FraguaTensors

extension VectorMath {
  /// `e^x`, within 1.1 ulp; 0 where that is below the smallest normal number.
  ///
  /// Cody and Waite: `x = n ln 2 + r`, `n` found by adding a constant that leaves it in the low bits of a sum. `2^n` is
  /// multiplied in two factors, so that overflow and the smallest results are rounded once.
  public static func exp<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let format = FloatFormat.of(a.type(of: x))
    let clamped = clamp(x, format.expLowest, format.expHighest, format, in: &a)
    let (n, q) = reduce(clamped, format, in: &a)
    let p = a.add(q, a.number(1, format))
    // n + 2 bias is positive; its halves are the biased exponents of the two factors.
    let biased = a.add(n, a.word(2 * format.exponentBias, format))
    let half = a.shiftRight(biased, a.word(1, format))
    let rest = a.subtract(biased, half)
    let scaled = a.multiply(p, power2(half, format, in: &a))
    return a.multiply(scaled, power2(rest, format, in: &a))
  }

  /// ``exp(_:in:)`` of what is no larger than 0: nothing overflows, and one factor does. Where `2^n` is no normal number
  /// the result is none either, and the factor 0.
  static func expOfNonPositive<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let format = FloatFormat.of(a.type(of: x))
    let lowest = a.number(format.expLowest, format)
    let (n, q) = reduce(a.select(a.compare(.lt, x, lowest), lowest, x), format, in: &a)
    let p = a.add(q, a.number(1, format))
    return a.multiply(p, power2(a.add(n, a.word(format.exponentBias, format)), format, in: &a))
  }

  /// `e^x - 1` without cancellation, within 2 ulp; keeps the sign of zero.
  ///
  public static func expm1<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let format = FloatFormat.of(a.type(of: x))
    let clamped = clamp(x, format.expm1Lowest, format.expHighest, format, in: &a)
    let (n, q) = reduce(clamped, format, in: &a)
    let result = expm1(n, q, format, in: &a)
    let isTiny = a.compare(.lt, a.magnitude(x), a.number(format.tiny, format))
    return a.select(isTiny, flushed(x, in: &a), result)
  }

  /// `e^x - 1` for what ``reduce(_:_:in:)`` made of `x`: with `s = 2^(n - 1)`, `2 (s q + (s - 1/2))`.
  private static func expm1<A: ElementArithmetic>(
    _ n: A.Value, _ q: A.Value, _ format: FloatFormat, in a: inout A
  ) -> A.Value {
    let s = power2(a.add(n, a.word(format.exponentBias - 1, format)), format, in: &a)
    let half = a.fma(q, s, a.subtract(s, a.number(0.5, format)))
    return a.add(half, half)
  }

  /// The hyperbolic tangent `t / (t + 2)` with `t = expm1(2 |x|)`, within 3 ulp; odd, zero's sign too.
  public static func tanh<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let format = FloatFormat.of(a.type(of: x))
    let size = a.magnitude(x)
    let highest = a.number(format.tanhHighest, format)
    let clamped = a.select(a.compare(.gt, size, highest), highest, size)
    // Of a tiny x, q is 2 |x|, and its half a normal number.
    let (n, q) = reduce(a.add(clamped, clamped), format, in: &a)
    let t = expm1(n, q, format, in: &a)
    let result = a.divide(t, a.add(t, a.number(2, format)))
    return copySign(result, from: x, format, in: &a)
  }

  /// `1 / (1 + e^-x)`, within 3 ulp; as `e^x / (1 + e^x)` where `x < 0`, so that it keeps its
  /// digits down to the smallest normal number.
  public static func sigmoid<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let format = FloatFormat.of(a.type(of: x))
    let one = a.number(1, format)
    let z = expOfNonPositive(a.negate(a.magnitude(x)), in: &a)
    let isNegative = a.compare(.lt, x, a.number(0, format))
    return a.divide(a.select(isNegative, z, one), a.add(one, z))
  }

  /// The integer `n` nearest to `x / ln 2`, as a word, and `e^r - 1` for `r = x - n ln 2`.
  /// - Requires: `|x|` is below 2^10, or NaN.
  private static func reduce<A: ElementArithmetic>(
    _ x: A.Value, _ format: FloatFormat, in a: inout A
  ) -> (n: A.Value, expm1: A.Value) {
    let magic = a.number(format.roundingMagic, format)
    let shifted = a.fma(x, a.number(0x1.71547652b82fep+0, format), magic)
    let n = a.subtract(shifted, magic)
    let high = a.fma(n, a.number(-format.ln2High, format), x)
    let r = a.fma(n, a.number(-format.ln2Low, format), high)
    let q = a.polynomial(format.expCoefficients, at: r, format)
    let expm1 = a.fma(a.multiply(r, r), q, r)
    let word = a.subtract(a.bits(shifted, format), a.word(format.bits(of: format.roundingMagic), format))
    return (word, expm1)
  }

  /// The number with the biased exponent `word` and significand 1; of the exponent 0, zero.
  private static func power2<A: ElementArithmetic>(
    _ word: A.Value, _ format: FloatFormat, in a: inout A
  ) -> A.Value {
    a.float(a.shiftLeft(word, a.word(format.significandBits, format)), format)
  }

  /// `x` brought between `low` and `high`; NaN stays.
  private static func clamp<A: ElementArithmetic>(
    _ x: A.Value, _ low: Double, _ high: Double, _ format: FloatFormat, in a: inout A
  ) -> A.Value {
    let lowest = a.number(low, format)
    let highest = a.number(high, format)
    let above = a.select(a.compare(.lt, x, lowest), lowest, x)
    return a.select(a.compare(.gt, above, highest), highest, above)
  }

  /// `size` with the sign of `x`.
  /// - Requires: the sign bit of `size` is clear, or `size` is NaN.
  static func copySign<A: ElementArithmetic>(
    _ size: A.Value, from x: A.Value, _ format: FloatFormat, in a: inout A
  ) -> A.Value {
    let sign = a.and(a.bits(x, format), a.word(format.signMask, format))
    return a.float(a.or(a.bits(size, format), sign), format)
  }
}
