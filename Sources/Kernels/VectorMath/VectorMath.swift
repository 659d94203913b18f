import FraguaTensors

/// The project's elementary functions, written once over an ``ElementArithmetic``.
///
/// The kernel interpreter runs them on scalars, the code generator on vectors; both give the same bits. NaN operands
/// give NaN, of unspecified sign and payload: two NaN count as equal bits. Denormals are zeros, as arithmetic has it
/// under ``DenormalMode``; what is done with bits takes care of them. Errors in units in the last place are in
/// `docs/kernels.md`; the tests measure them.
public enum VectorMath {
  /// `op` applied to `x`, whose type says which function of which type that is.
  ///
  /// floor, ceil and round of integers give the integer. What is known of `x`, if it is a float, changes the way there,
  /// not the bits.
  public static func apply<A: ElementArithmetic>(
    _ op: UnaryOperator, _ x: A.Value, from range: ValueRange = .any, in a: inout A
  ) -> A.Value {
    let type = a.type(of: x)
    switch op {
    case .negate: return a.negate(x)
    case .abs: return magnitude(x, in: &a)
    case .sqrt: return a.squareRoot(x)
    case .exp: return range == .nonPositive ? expOfNonPositive(x, in: &a) : exp(x, in: &a)
    case .expm1: return expm1(x, in: &a)
    case .log: return log(x, in: &a)
    case .log1p: return range == .unit ? log1pOfUnit(x, in: &a) : log1p(x, in: &a)
    case .tanh: return tanh(x, in: &a)
    case .sigmoid: return sigmoid(x, in: &a)
    case .erf: return erf(x, in: &a)
    case .floor: return type.isFloat ? a.floor(x) : x
    case .ceil: return type.isFloat ? a.ceil(x) : x
    case .round: return type.isFloat ? a.roundToEven(x) : x
    case .sign: return sign(x, in: &a)
    case .not:
      let ones = a.integer(-1, type)
      return a.xor(x, ones)
    }
  }

  /// `op` applied to `x` and `y`, both of one type.
  ///
  /// Shifts take the amount modulo the width.
  public static func apply<A: ElementArithmetic>(
    _ op: BinaryOperator, _ x: A.Value, _ y: A.Value, in a: inout A
  ) -> A.Value {
    let type = a.type(of: x)
    switch op {
    case .add: return a.add(x, y)
    case .subtract: return a.subtract(x, y)
    case .multiply: return a.multiply(x, y)
    case .divide: return type.isFloat ? a.divide(x, y) : a.divideIntegers(x, y)
    case .remainder: return type.isFloat ? remainder(x, y, in: &a) : a.remainderIntegers(x, y)
    case .maximum: return maximum(x, y, in: &a)
    case .minimum: return minimum(x, y, in: &a)
    case .and: return a.and(x, y)
    case .or: return a.or(x, y)
    case .xor: return a.xor(x, y)
    case .shiftLeft: return a.shiftLeft(x, shiftAmount(y, type, in: &a))
    case .shiftRight: return a.shiftRight(x, shiftAmount(y, type, in: &a))
    }
  }

  /// `x op y` as an `i1`.
  public static func apply<A: ElementArithmetic>(
    _ op: Comparison, _ x: A.Value, _ y: A.Value, in a: inout A
  ) -> A.Value {
    a.compare(op, x, y)
  }

  /// `x` and `y` joined by a reduction's combiner. What comes out in the end is to be ``finished(_:_:in:)``.
  public static func apply<A: ElementArithmetic>(
    _ op: Combiner, _ x: A.Value, _ y: A.Value, in a: inout A
  ) -> A.Value {
    switch op {
    case .sum: a.add(x, y)
    case .max: larger(x, y, in: &a)
    case .min: smaller(x, y, in: &a)
    }
  }

  /// What a combiner made of all elements, with denormals made zeros where it did not do so.
  public static func finished<A: ElementArithmetic>(_ op: Combiner, _ x: A.Value, in a: inout A) -> A.Value {
    op == .sum ? x : flushed(x, in: &a)
  }

  /// `x` with denormals made zeros of their sign. Integers are as they are.
  public static func flushed<A: ElementArithmetic>(_ x: A.Value, in a: inout A) -> A.Value {
    let type = a.type(of: x)
    guard type.isFloat else { return x }
    let format = FloatFormat.of(type)
    // Arithmetic does it; a sum with a zero of the same sign changes nothing else.
    return a.add(x, a.float(a.and(a.bits(x, format), a.word(format.signMask, format)), format))
  }

  /// `amount` modulo the width of `type`, so that no shift is undefined.
  private static func shiftAmount<A: ElementArithmetic>(
    _ amount: A.Value, _ type: ElementType, in a: inout A
  ) -> A.Value {
    let mask = a.integer(Int64(type.byteCount * 8 - 1), type)
    return a.and(amount, mask)
  }
}
