import FraguaTensors

/// A function of one element. Floating-point results are what the kernel interpreter's definitions say, bit for bit.
public enum UnaryOperator: String, Sendable, Hashable, CaseIterable {
  case negate, abs, sqrt, exp, expm1, log, log1p, tanh, sigmoid, erf, floor, ceil, round, sign
  /// Of `i1` and integers.
  case not

  /// Whether there is such a function of `type`.
  public func takes(_ type: ElementType) -> Bool {
    if type.isStorage { return false }
    return switch self {
    case .negate, .abs, .floor, .ceil, .round, .sign: type != .i1
    case .sqrt, .exp, .expm1, .log, .log1p, .tanh, .sigmoid, .erf: type.isFloat
    case .not: !type.isFloat
    }
  }

  public var cost: OperatorCost {
    switch self {
    case .negate, .abs, .floor, .ceil, .round, .sign, .not: .simple
    case .sqrt: .root
    case .exp, .expm1, .sigmoid: .exponential
    case .log, .log1p, .tanh, .erf: .logarithm
    }
  }
}

/// A function of two elements of one type.
///
/// `maximum` and `minimum` propagate NaN. Integer arithmetic wraps; `divide` of integers gives -1 for a divisor of 0
/// and MIN for MIN / -1; `remainder` takes the dividend's sign. `and`, `or`, `xor` are of `i1` and integers; shifts are
/// of integers, logical, by an amount below the width.
public enum BinaryOperator: String, Sendable, Hashable, CaseIterable {
  case add, subtract, multiply, divide, remainder, maximum, minimum
  case and, or, xor
  case shiftLeft = "shift_left"
  case shiftRight = "shift_right"

  /// Whether there is such a function of `type`.
  public func takes(_ type: ElementType) -> Bool {
    if type.isStorage { return false }
    return switch self {
    case .add, .subtract, .multiply, .divide, .remainder: type != .i1
    case .maximum, .minimum: true
    case .and, .or, .xor: !type.isFloat
    case .shiftLeft, .shiftRight: type.isInteger
    }
  }

  public var cost: OperatorCost {
    switch self {
    case .add, .subtract, .multiply, .maximum, .minimum, .and, .or, .xor, .shiftLeft, .shiftRight: .simple
    case .divide, .remainder: .division
    }
  }
}

/// A comparison; all but `ne` are false where an operand is NaN.
public enum Comparison: String, Sendable, Hashable, CaseIterable {
  case eq, ne, lt, le, gt, ge

  /// Whether elements of `type` are compared.
  public func takes(_ type: ElementType) -> Bool { !type.isStorage }
}

/// How a reduction joins two values of one type.
public enum Combiner: String, Sendable, Hashable, CaseIterable {
  case sum
  /// Propagates NaN.
  case max
  /// Propagates NaN.
  case min

  /// What changes nothing when joined: for a sum of floats -0, as +0 would make +0 of a sum of -0.
  public func identity(_ type: ElementType) -> Scalar {
    switch self {
    case .sum: Scalar(-0.0, as: type)
    case .max: type.lowest
    case .min: type.highest
    }
  }

  /// Whether values of `type` are joined so.
  public func takes(_ type: ElementType) -> Bool { !type.isStorage && (self != .sum || type != .i1) }
}
