import FraguaTensors

extension VectorMath {
  /// The error function, within 1.1 ulp; odd, zero's sign too: `x + x P(x²)` below 1, `1 - e^-Q(|x|)` above.
  public static func erf<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let format = FloatFormat.of(a.type(of: x))
    let fit = ErrorFunctionFit.of(format)
    let (size, one) = (a.magnitude(x), a.number(1, format))
    let small = a.fma(a.polynomial(fit.inner, at: a.multiply(x, x), format), x, x)
    let highest = a.number(fit.highest, format)
    let clamped = a.select(a.compare(.gt, size, highest), highest, size)
    let logarithm = a.polynomial(fit.outer, at: clamped, format)
    let large = a.subtract(one, expOfNonPositive(a.negate(logarithm), in: &a))
    return a.select(a.compare(.lt, size, one), small, copySign(large, from: x, format, in: &a))
  }
}

/// The polynomials of the error function: Remez fits of our own (`Tests/Reference/vector_math.py`).
private struct ErrorFunctionFit {
  /// Coefficients of P in `erf(x) = x + x P(x²)`, |x| <= 1, constant first.
  let inner: [Double]
  /// Coefficients of Q in `erf(x) = 1 - e^-Q(x)`, 1 <= x <= ``highest``, constant first.
  let outer: [Double]
  /// erf is 1 above.
  let highest: Double

  static func of(_ format: FloatFormat) -> ErrorFunctionFit {
    switch format.type {
    case .f32: f32
    default: f64
    }
  }

  /// P errs by 2^-29.6 of the result, Q by 2^-29.8.
  private static let f32 = ErrorFunctionFit(
    inner: [
      0.1283791657, -0.3761262582, 0.1128358514, -0.02685381174, 0.005188327326, -0.0008010190549, 7.853851366e-5,
    ],
    outer: [
      0.0003415320333, 1.127089149, 0.6381449085, 0.1031066819, -0.02183802576, 0.002947647876, -0.0001863780443,
    ],
    highest: 4)

  /// P errs by 2^-62.7 of the result, Q by 2^-59.4.
  private static let f64 = ErrorFunctionFit(
    inner: [
      0x1.06eba8214db69p-3, -0x1.812746b0379e6p-2, 0x1.ce2f21a042b20p-4, -0x1.b82ce3128499cp-6, 0x1.565bcd0db02dfp-8,
      -0x1.c02db3d8ed0c1p-11, 0x1.f9a321a11a600p-14, -0x1.f4d1df390133ap-17, 0x1.b9def199fd13ep-20,
      -0x1.5f1d369f69977p-23, 0x1.f7a410af277f7p-27, -0x1.386abc1647205p-30, 0x1.05799df6f771bp-34,
    ],
    outer: [
      0x1.81b479362b753p-23, 0x1.20dd562f3f929p+0, 0x1.45f42b52a2eacp-1, 0x1.a4da4dde4f824p-4, -0x1.389397d7050dep-6,
      -0x1.261c6b86c420ep-12, 0x1.cfbb769fa6f11p-10, -0x1.50288018b9b23p-11, 0x1.77fd3e170736cp-15,
      0x1.2724165415ad0p-14, -0x1.79cd527550971p-15, 0x1.150ef35799c31p-16, -0x1.22621bd62622ep-18,
      0x1.c8a63a361d76ep-21, -0x1.0df33dde1afd2p-23, 0x1.d436673428086p-27, -0x1.19f1e39180792p-30,
      0x1.a5de7209a336dp-35, -0x1.27725b27547dap-40,
    ],
    highest: 6)
}
