import FraguaTensors

extension VectorMath {
  /// The larger of two; NaN where one is NaN, and -0 is less than +0, so that any order of a reduction gives the same.
  public static func maximum<A: ElementArithmetic>(_ x: A.Value, _ y: A.Value, in a: inout A) -> A.Value {
    flushed(larger(x, y, in: &a), in: &a)
  }

  /// The smaller of two; NaN where one is NaN, and -0 is less than +0.
  public static func minimum<A: ElementArithmetic>(_ x: A.Value, _ y: A.Value, in a: inout A) -> A.Value {
    flushed(smaller(x, y, in: &a), in: &a)
  }

  /// ``maximum(_:_:in:)`` but that a denormal may come out.
  static func larger<A: ElementArithmetic>(_ x: A.Value, _ y: A.Value, in a: inout A) -> A.Value {
    let type = a.type(of: x)
    let larger = a.select(a.compare(.gt, x, y), x, y)
    guard type.isFloat else { return larger }
    let format = FloatFormat.of(type)
    // Equal numbers have equal bits but for zeros and denormals, whose signs are joined.
    let equal = a.float(a.and(a.bits(x, format), a.bits(y, format)), format)
    return withNaN(a.select(a.compare(.eq, x, y), equal, larger), x, in: &a)
  }

  /// ``minimum(_:_:in:)`` but that a denormal may come out.
  static func smaller<A: ElementArithmetic>(_ x: A.Value, _ y: A.Value, in a: inout A) -> A.Value {
    let type = a.type(of: x)
    let smaller = a.select(a.compare(.lt, x, y), x, y)
    guard type.isFloat else { return smaller }
    let format = FloatFormat.of(type)
    let equal = a.float(a.or(a.bits(x, format), a.bits(y, format)), format)
    return withNaN(a.select(a.compare(.eq, x, y), equal, smaller), x, in: &a)
  }

  /// The larger of `x` and `bound`, which is neither NaN nor denormal.
  public static func maximum<A: ElementArithmetic>(_ x: A.Value, bound: Scalar, in a: inout A) -> A.Value {
    let replaces: Comparison = bound.isPlusZero ? .le : .lt
    let y = a.constant(bound)
    let result = a.select(a.compare(replaces, x, y), y, x)
    // Denormals are below positive bounds, and equal to +0.
    return bound.asDouble.sign == .plus ? result : flushed(result, in: &a)
  }

  /// The smaller of `x` and `bound`, which is neither NaN nor denormal.
  public static func minimum<A: ElementArithmetic>(_ x: A.Value, bound: Scalar, in a: inout A) -> A.Value {
    let replaces: Comparison = bound.isMinusZero ? .ge : .gt
    let y = a.constant(bound)
    let result = a.select(a.compare(replaces, x, y), y, x)
    return bound.asDouble.sign == .minus ? result : flushed(result, in: &a)
  }

  /// -1, 0 or 1; zeros and NaN themselves.
  public static func sign<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let type = a.type(of: x)
    let zero = a.integerOrNumber(0, type)
    let negative = a.select(a.compare(.lt, x, zero), a.integerOrNumber(-1, type), flushed(x, in: &a))
    return a.select(a.compare(.gt, x, zero), a.integerOrNumber(1, type), negative)
  }

  /// `x` without its sign; MIN stays MIN.
  public static func magnitude<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let type = a.type(of: x)
    if type.isFloat { return a.magnitude(x) }
    return type.isUnsigned ? x : maximum(x, a.negate(x), in: &a)
  }

  /// The remainder of floats with the dividend's sign: `x - y trunc(x / y)`, exact as C's `fmod` is where `|x / y|` is
  /// below 2^66 (f32) or 2^153 (f64) and no remainder on the way is denormal; beyond that, a zero.
  ///
  /// Without a loop: three steps `r - y round(r / y)`, each exact and each taking a significand's bits off the
  /// quotient, then one correction. NaN where `x` is infinite or `y` is 0; `x` where `y` is infinite.
  public static func remainder<A: ElementArithmetic>(_ x: A.Value, _ y: A.Value, in a: inout A) -> A.Value {
    let format = FloatFormat.of(a.type(of: x))
    let zero = a.number(0, format)
    let divisor = a.magnitude(y)
    let size = a.magnitude(x)
    var r = size
    for _ in 0..<3 {
      let quotient = a.roundToEven(a.divide(r, divisor))
      r = a.fma(a.negate(quotient), divisor, r)
    }
    r = a.select(a.compare(.lt, r, zero), a.add(r, divisor), r)
    // What is not reduced by now, or overflowed on the way, is given up. A zero keeps the dividend's sign.
    let isReduced = a.compare(.lt, a.magnitude(r), divisor)
    r = a.magnitude(a.select(isReduced, r, zero))
    let infinity = a.number(.infinity, format)
    r = a.select(a.compare(.lt, size, divisor), size, r)
    let result = flushed(copySign(r, from: x, format, in: &a), in: &a)
    let nan = a.number(.nan, format)
    let dividendIsFinite = a.compare(.lt, size, infinity)
    let divisorIsNumber = a.compare(.gt, divisor, zero)
    return a.select(dividendIsFinite, a.select(divisorIsNumber, result, nan), nan)
  }

  /// `x` where it is NaN, else `result`.
  private static func withNaN<A: ElementArithmetic>(_ result: A.Value, _ x: A.Value, in a: inout A) -> A.Value {
    a.select(a.compare(.ne, x, x), x, result)
  }
}

extension Scalar {
  fileprivate var isPlusZero: Bool { asDouble == 0 && asDouble.sign == .plus }
  fileprivate var isMinusZero: Bool { asDouble == 0 && asDouble.sign == .minus }
}

extension ElementArithmetic {
  /// The constant `x` of any type.
  mutating func integerOrNumber(_ x: Int64, _ type: ElementType) -> Value {
    type.isFloat ? constant(Scalar(Double(x), as: type)) : integer(x, type)
  }
}
