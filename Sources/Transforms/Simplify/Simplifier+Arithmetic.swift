import FraguaGraph
import FraguaOperations
import FraguaTensors

/// Identities of elementwise operations. What would remain of arithmetic must hold no denormals.
extension Simplifier {
  static let arithmeticRules: [String: Rule] = [
    "add": add, "subtract": subtract, "multiply": multiply, "divide": divide, "negate": negate, "abs": abs, "not": not,
    "maximum": ofEqual, "minimum": ofEqual, "and": ofEqual, "or": ofEqual, "select": select, "convert": convert,
  ]

  /// `x + -0 = x` (of integers, 0); `x + -y = x - y`; `-x + y = y - x`.
  private static let add: Rule = { s, x, _ in
    if s.splat(x[1])?.isNeutralForAddition == true, s.holdsNoDenormals(x[0]) { return x[0] }
    if s.splat(x[0])?.isNeutralForAddition == true, s.holdsNoDenormals(x[1]) { return x[1] }
    if let y = s.operand(of: x[1], as: "negate") { return s.make(SubtractOperation(), [x[0], y]) }
    if let y = s.operand(of: x[0], as: "negate") { return s.make(SubtractOperation(), [x[1], y]) }
    return nil
  }

  /// `x - 0 = x`; `x - -y = x + y`; `-0 - x = -x` (of integers, 0).
  private static let subtract: Rule = { s, x, _ in
    if s.splat(x[1])?.isPositiveZero == true, s.holdsNoDenormals(x[0]) { return x[0] }
    if s.splat(x[0])?.isNeutralForAddition == true, s.holdsNoDenormals(x[1]) {
      return s.make(NegateOperation(), [x[1]])
    }
    if let y = s.operand(of: x[1], as: "negate") { return s.make(AddOperation(), [x[0], y]) }
    return nil
  }

  /// `x 1 = x`; `x -1 = -x`; `-x -y = x y`; `-x c = x -c` with a constant `c`; of integers, `x 0 = 0`.
  private static let multiply: Rule = { s, x, _ in
    for (a, b) in [(x[0], x[1]), (x[1], x[0])] {
      guard let c = s.splat(b) else { continue }
      if c.isOne, s.holdsNoDenormals(a) { return a }
      if c.isMinusOne, s.holdsNoDenormals(a) { return s.make(NegateOperation(), [a]) }
      if c.type.isInteger, c.isPositiveZero { return b }
      if c.type.isFloat, let y = s.operand(of: a, as: "negate") {
        return s.make(MultiplyOperation(), [y, s.splat(c.negated, b.type)])
      }
    }
    if let a = s.operand(of: x[0], as: "negate"), let b = s.operand(of: x[1], as: "negate") {
      return s.make(MultiplyOperation(), [a, b])
    }
    return nil
  }

  /// `x / 1 = x`; `x / -1 = -x`; of floats, `x / 2^k = x 2^-k` where that is no subnormal number.
  private static let divide: Rule = { s, x, _ in
    guard let c = s.splat(x[1]) else { return nil }
    if c.isOne, s.holdsNoDenormals(x[0]) { return x[0] }
    guard c.type.isFloat else { return nil }
    if c.isMinusOne, s.holdsNoDenormals(x[0]) { return s.make(NegateOperation(), [x[0]]) }
    guard let inverse = c.exactReciprocal else { return nil }
    return s.make(MultiplyOperation(), [x[0], s.splat(inverse, x[1].type)])
  }

  /// `--x = x`.
  private static let negate: Rule = { s, x, _ in s.operand(of: x[0], as: "negate") }

  /// `||x|| = |x|`; `|-x| = |x|` of floats.
  private static let abs: Rule = { s, x, _ in
    if s.definition(of: x[0], as: "abs") != nil { return x[0] }
    guard x[0].type.element.isFloat, let y = s.operand(of: x[0], as: "negate") else { return nil }
    return s.make(AbsOperation(), [y])
  }

  /// `not not x = x`.
  private static let not: Rule = { s, x, _ in s.operand(of: x[0], as: "not") }

  /// `f(x, x) = x` for maximum, minimum, and, or.
  private static let ofEqual: Rule = { s, x, _ in x[0] == x[1] && s.holdsNoDenormals(x[0]) ? x[0] : nil }

  /// By a constant condition, its choice; between equal values, the value; by `not c`, the other way round.
  private static let select: Rule = { s, x, _ in
    if let condition = s.splat(x[0]) { return condition.bits != 0 ? x[1] : x[2] }
    if x[1] == x[2] { return x[1] }
    if let condition = s.operand(of: x[0], as: "not") { return s.make(SelectOperation(), [condition, x[2], x[1]]) }
    return nil
  }

  /// To the same type, nothing; after a conversion that loses nothing, the conversion from there.
  private static let convert: Rule = { s, x, attributes in
    let target = attributes.elementType("to")
    if x[0].type.element == target { return x[0] }
    guard let inner = s.operand(of: x[0], as: "convert") else { return nil }
    let (first, between) = (inner.type.element, x[0].type.element)
    guard between.holds(first) else { return nil }
    // A float saturates on its way to an integer, where an integer wraps.
    if between.isFloat, !first.isFloat, target.isInteger, !target.holds(first) { return nil }
    if first == target { return s.holdsNoDenormals(inner) ? inner : nil }
    return s.make(ConvertOperation(), [inner], attributes)
  }
}

extension ElementType {
  /// Whether every value of `other` is one of this type.
  fileprivate func holds(_ other: ElementType) -> Bool {
    if self == other { return true }
    return switch (other, self) {
    case (.i1, _): true
    case (.ui8, .i32), (.ui8, .i64), (.ui8, .f32), (.ui8, .f64): true
    case (.i32, .i64), (.i32, .f64): true
    case (.f32, .f64): true
    default: false
    }
  }
}

extension Scalar {
  /// Whether it is +0 or an integer 0.
  fileprivate var isPositiveZero: Bool { bits == 0 }

  /// Whether adding it changes no number: -0, or an integer 0.
  fileprivate var isNeutralForAddition: Bool {
    type.isFloat ? asDouble == 0 && asDouble.sign == .minus : bits == 0
  }

  fileprivate var isOne: Bool { type != .i1 && asDouble == 1 }

  fileprivate var isMinusOne: Bool { type != .i1 && asDouble == -1 }

  /// The same float with the other sign.
  fileprivate var negated: Scalar { Scalar(-asDouble, as: type) }

  /// `1 / x` where `x` is a power of two and the result a normal number.
  fileprivate var exactReciprocal: Scalar? {
    guard type.isFloat, asDouble.isNormal, asDouble.significand == 1 else { return nil }
    let inverse = Scalar(1 / asDouble, as: type)
    let isNormal = type == .f32 ? inverse.float.isNormal : inverse.double.isNormal
    return isNormal ? inverse : nil
  }
}
