import FraguaTensors

/// What is known of a float beside its type. It may be NaN all the same.
///
/// Functions have shorter forms for some, with the same bits: see ``VectorMath/apply(_:_:from:in:)``.
public enum ValueRange: Sendable, Hashable {
  case any
  /// +0 or more.
  case nonNegative
  /// -0, +0 or less.
  case nonPositive
  /// +0 to 1.
  case unit

  fileprivate var isNonNegative: Bool { self == .nonNegative || self == .unit }
}

extension ScalarProgram {
  /// What is known of each value of the program.
  public var ranges: [ValueRange] {
    var result: [ValueRange] = []
    result.reserveCapacity(instructions.count)
    for instruction in instructions { result.append(Self.range(of: instruction, result)) }
    return result
  }

  private static func range(of instruction: Instruction, _ operands: [ValueRange]) -> ValueRange {
    switch instruction {
    case .constant(let scalar): ValueRange(scalar)
    case .unary(.abs, _): .nonNegative
    case .unary(.sigmoid, _): .unit
    case .unary(.exp, let x): operands[x] == .nonPositive ? .unit : .nonNegative
    case .unary(.negate, let x): operands[x].isNonNegative ? .nonPositive : .any
    case .binary(.maximum, let x, let y):
      operands[x].isNonNegative || operands[y].isNonNegative ? .nonNegative : .any
    default: .any
    }
  }
}

extension ValueRange {
  fileprivate init(_ scalar: Scalar) {
    let number = scalar.asDouble
    if number.sign == .plus, number >= 0 {
      self = number <= 1 ? .unit : .nonNegative
    } else {
      self = number <= 0 ? .nonPositive : .any
    }
  }
}
