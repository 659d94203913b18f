import FraguaSource
import FraguaTensors

/// What the elementary functions need to know of a floating-point type: the layout of its bits and the constants of its
/// fits.
///
/// The polynomials are Remez fits of our own, computed with 60 digits by `Tests/Reference/vector_math.py`, in the
/// manner of Cephes (Moshier) and FDLIBM (Sun): the exponential after Cody and Waite's reduction by a two-part ln 2,
/// the logarithm as the inverse hyperbolic tangent's series.
struct FloatFormat: Sendable {
  /// The floating-point type.
  let type: ElementType
  /// The integer type of the same width.
  let bitsType: ElementType
  /// The explicit bits of the significand.
  let significandBits: Int64
  /// The bias of the exponent.
  let exponentBias: Int64
  /// ln 2 in two parts; a product of the first with an exponent is exact.
  let ln2High: Double
  let ln2Low: Double
  /// exp is below the smallest normal number, and so 0, at the first and below, and infinite above the second. The first
  /// is less than half an ln 2 from -ln 2 times the exponent's bias.
  let expLowest: Double
  let expHighest: Double
  /// expm1 is -1 below.
  let expm1Lowest: Double
  /// tanh is 1 above.
  let tanhHighest: Double
  /// Below this magnitude `f(x) = x` for expm1 and log1p.
  let tiny: Double
  /// Coefficients of Q in `exp(r) = 1 + r + r² Q(r)`, |r| <= ln 2 / 2, constant first.
  let expCoefficients: [Double]
  /// Coefficients of P in `2 artanh(s) = 2 s + s³ P(s²)`, |s| <= (√2 - 1) / (√2 + 1), constant first.
  let logCoefficients: [Double]

  /// binary32. Q errs by 2^-26.1 of exp(r) - 1, P by 2^-30.2 of the logarithm.
  static let f32 = FloatFormat(
    type: .f32, bitsType: .i32, significandBits: 23, exponentBias: 127,
    ln2High: 0x1.62e4p-1, ln2Low: 0x1.7f7d1cp-20, expLowest: -88, expHighest: 89, expm1Lowest: -18, tanhHighest: 10,
    tiny: 0x1p-26,
    expCoefficients: [0.5000000062, 0.1666654307, 0.04166628225, 0.008366578233, 0.001394644284],
    logCoefficients: [0x1.55557ap-1, 0x1.995e9ap-2, 0x1.31e686p-2])

  /// binary64. Q errs by 2^-61.7 of exp(r) - 1, P by 2^-59.4 of the logarithm.
  static let f64 = FloatFormat(
    type: .f64, bitsType: .i64, significandBits: 52, exponentBias: 1023,
    ln2High: 0x1.62e42fefa3p-1, ln2Low: 0x1.3de6af278ece6p-42, expLowest: -709, expHighest: 710, expm1Lowest: -40,
    tanhHighest: 20, tiny: 0x1p-55,
    expCoefficients: [
      0x1p-1, 0x1.5555555555559p-3, 0x1.555555555555ap-5, 0x1.111111110f6bbp-7, 0x1.6c16c16c14466p-10,
      0x1.a01a01afe11d3p-13, 0x1.a01a01b0b1e13p-16, 0x1.71ddf85bd0637p-19, 0x1.27e4c5a9de4fdp-22,
      0x1.af5eb3945a1e1p-26, 0x1.1f9557581a3a5p-29,
    ],
    logCoefficients: [
      0x1.5555555555593p-1, 0x1.999999997fb33p-2, 0x1.2492494217975p-2, 0x1.c71c51e7fdc20p-3, 0x1.7466462b67ea9p-3,
      0x1.39a0f51c7278ap-3, 0x1.2f0d8db6bcac8p-3,
    ])

  /// The format of `type`.
  /// - Requires: a floating-point type.
  static func of(_ type: ElementType) -> FloatFormat {
    switch type {
    case .f32: f32
    case .f64: f64
    default: preconditionFailure("an elementary function of \(type.rawValue): the verifier lets only floats through")
    }
  }

  /// 1.5 * 2^significandBits: adding it to a small number rounds that to an integer, held in the low bits.
  var roundingMagic: Double { Double(Int64(3) << (significandBits - 1)) }
  /// The bits of a number of the format.
  func bits(of x: Double) -> Int64 { word(Scalar(x, as: type).bits) }
  /// The sign bit alone.
  var signMask: Int64 { word(type.signMask) }
  private func word(_ bits: UInt64) -> Int64 { Scalar(wrapping: Int64(bitPattern: bits), as: bitsType).integer }
  /// 2 to the bits of two significands.
  var squaredPrecision: Double { Double(sign: .plus, exponent: 2 * Int(significandBits + 1), significand: 1) }
  /// The explicit significand's bits.
  var significandMask: Int64 { (1 << significandBits) - 1 }
}

extension ElementArithmetic {
  /// The floating-point constant `x`, rounded to the format.
  mutating func number(_ x: Double, _ format: FloatFormat) -> Value { constant(Scalar(x, as: format.type)) }

  /// The integer constant `x` as wide as the format.
  mutating func word(_ x: Int64, _ format: FloatFormat) -> Value { integer(x, format.bitsType) }

  /// The integer or boolean constant `x`, wrapped to `type`.
  mutating func integer(_ x: Int64, _ type: ElementType) -> Value {
    constant(Scalar(wrapping: x, as: type))
  }

  /// The bits of `x` as an integer.
  mutating func bits(_ x: Value, _ format: FloatFormat) -> Value { bitCast(x, to: format.bitsType) }

  /// The number whose bits are `x`.
  mutating func float(_ x: Value, _ format: FloatFormat) -> Value { bitCast(x, to: format.type) }

  /// The polynomial with `coefficients`, constant first, at `x`, by Horner's rule in fused steps.
  mutating func polynomial(_ coefficients: [Double], at x: Value, _ format: FloatFormat) -> Value {
    var sum = number(coefficients[coefficients.count - 1], format)
    for c in coefficients.dropLast().reversed() { sum = fma(sum, x, number(c, format)) }
    return sum
  }
}
