import FraguaTensors

extension VectorMath {
  /// The natural logarithm, within 2 ulp: -infinity at 0, NaN below.
  public static func log<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let format = FloatFormat.of(a.type(of: x))
    let parts = split(x, format, in: &a)
    let f = a.subtract(parts.significand, a.number(1, format))
    let result = logarithm(exponent: parts.exponent, f, format, in: &a)
    return withEdges(result, x, pole: 0, format, in: &a)
  }

  /// `log(1 + x)` without cancellation, within 3 ulp: keeps the sign of zero, -infinity at -1, NaN below.
  ///
  /// `u = 1 + x` is split as ``log(_:in:)`` does; what its rounding lost, found exactly by Knuth's two-sum, joins the
  /// significand.
  public static func log1p<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let format = FloatFormat.of(a.type(of: x))
    let one = a.number(1, format)
    let zero = a.number(0, format)
    let u = a.add(one, x)
    let b = a.subtract(u, one)
    let lost = a.add(a.subtract(one, a.subtract(u, b)), a.subtract(x, b))
    let parts = split(u, format, in: &a)
    // Beyond twice the precision nothing that was lost matters.
    let power = reciprocalPower2(parts.biasedExponent, format, in: &a)
    let isLarge = a.compare(.gt, u, a.number(format.squaredPrecision, format))
    let scale = a.select(isLarge, zero, power)
    let f = a.fma(lost, scale, a.subtract(parts.significand, one))
    let result = logarithm(exponent: parts.exponent, f, format, in: &a)
    let finished = withEdges(result, x, pole: -1, format, in: &a)
    let isTiny = a.compare(.lt, a.magnitude(x), a.number(format.tiny, format))
    return a.select(isTiny, flushed(x, in: &a), finished)
  }

  /// ``log1p(_:in:)`` of what is between 0 and 1: there are no poles, Dekker's two-sum finds what `1 + x` lost, and the
  /// exponent is 0 or 1.
  static func log1pOfUnit<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let format = FloatFormat.of(a.type(of: x))
    let one = a.number(1, format)
    let zero = a.number(0, format)
    let u = a.add(one, x)
    let lost = a.subtract(x, a.subtract(u, one))
    let root = a.float(a.word(format.bits(of: rootHalf) + (1 << format.significandBits), format), format)
    let isUpper = a.compare(.ge, u, root)
    let scale = a.select(isUpper, a.number(0.5, format), one)
    let f = a.fma(lost, scale, a.subtract(a.multiply(u, scale), one))
    let low = a.select(isUpper, a.number(format.ln2Low, format), zero)
    let high = a.select(isUpper, a.number(format.ln2High, format), zero)
    return a.add(high, seriesOfLogarithm(f, low, format, in: &a))
  }

  /// `2^-n` of the biased exponent `n`.
  private static func reciprocalPower2<A: ElementArithmetic>(
    _ biased: A.Value, _ format: FloatFormat, in a: inout A
  ) -> A.Value {
    let field = a.subtract(a.word(2 * format.exponentBias, format), biased)
    return a.float(a.shiftLeft(field, a.word(format.significandBits, format)), format)
  }

  /// `exponent ln 2 + log(1 + f)` for `1 + f` between √½ and √2.
  ///
  /// With `s = f / (2 + f)` and `z = s²`, `log(1 + f) = 2 artanh(s) = f - (h - s (h + z P(z)))`, `h = f² / 2`.
  private static func logarithm<A: ElementArithmetic>(
    exponent: A.Value, _ f: A.Value, _ format: FloatFormat, in a: inout A
  ) -> A.Value {
    let low = a.multiply(exponent, a.number(format.ln2Low, format))
    return a.fma(exponent, a.number(format.ln2High, format), seriesOfLogarithm(f, low, format, in: &a))
  }

  /// `log(1 + f) + low`, see ``logarithm(exponent:_:_:in:)``.
  private static func seriesOfLogarithm<A: ElementArithmetic>(
    _ f: A.Value, _ low: A.Value, _ format: FloatFormat, in a: inout A
  ) -> A.Value {
    let s = a.divide(f, a.add(f, a.number(2, format)))
    let z = a.multiply(s, s)
    let p = a.polynomial(format.logCoefficients, at: z, format)
    let h = a.multiply(a.multiply(f, f), a.number(0.5, format))
    let inner = a.fma(z, p, h)
    return a.subtract(f, a.subtract(h, a.fma(s, inner, low)))
  }

  private static let rootHalf = 0x1.6a09e667f3bcdp-1

  /// `x = 2^exponent * significand`, the significand between √½ and √2; the exponent as a number and, biased, as a
  /// word.
  /// - Requires: `x` is normal and positive for the result to mean this.
  private static func split<A: ElementArithmetic>(
    _ x: A.Value, _ format: FloatFormat, in a: inout A
  ) -> (exponent: A.Value, biasedExponent: A.Value, significand: A.Value) {
    let rootHalf = format.bits(of: rootHalf)
    let shifted = a.add(a.bits(x, format), a.word(format.bits(of: 1) - rootHalf, format))
    let biased = a.shiftRight(shifted, a.word(format.significandBits, format))
    let low = a.and(shifted, a.word(format.significandMask, format))
    let significand = a.float(a.add(low, a.word(rootHalf, format)), format)
    // A small integer in the low bits of 2^significandBits is that number more.
    let base = Double(Int64(1) << format.significandBits)
    let sum = a.float(a.or(biased, a.word(format.bits(of: base), format)), format)
    let exponent = a.subtract(sum, a.number(base + Double(format.exponentBias), format))
    return (exponent, biased, significand)
  }

  /// `result` where `x` is finite and above `pole`; -infinity at the pole, infinity at infinity, otherwise NaN.
  private static func withEdges<A: ElementArithmetic>(
    _ result: A.Value, _ x: A.Value, pole: Double, _ format: FloatFormat, in a: inout A
  ) -> A.Value {
    let edge = a.number(pole, format)
    let atPole = a.compare(.eq, x, edge)
    let outside = a.select(atPole, a.number(-.infinity, format), a.number(.nan, format))
    let inside = a.select(a.compare(.gt, x, edge), result, outside)
    let infinity = a.number(.infinity, format)
    return a.select(a.compare(.eq, x, infinity), infinity, inside)
  }
}
