import FraguaSource
import FraguaTensors

/// Expressions of expressions, made simple by what is known of the coordinates.
extension AffineExpression {
  /// The expression as one of the coordinates of another space, of extents `extents`, at which its own coordinates are
  /// `coordinates`; `nil` where that needs a digit of digits.
  public func substituting(_ coordinates: [AffineExpression], in extents: [Int]) -> AffineExpression? {
    var result = Self.sum(offset, coefficients, coordinates, rank: extents.count)
    for digit in digits {
      guard
        let inner = digit.dividend.substituting(coordinates, in: extents)?
          .digit(divisor: digit.divisor, modulus: digit.modulus, in: extents)
      else { return nil }
      result = Self.sum(0, [1, digit.coefficient], [result, inner], rank: extents.count)
    }
    return result
  }

  /// `self div divisor mod modulus`, in an index space of `extents`; `nil` where that needs a digit of digits.
  ///
  /// What is divided without remainder leaves the digit, what cannot reach the divisor vanishes, and of a digit's digit
  /// one is made where one divides the other: `(4*i + j) div 4` is `i` for `j` below 4, `(i div 2) mod 3` one digit.
  public func digit(divisor: Int, modulus: Int?, in extents: [Int]) -> AffineExpression? {
    if let simple = quotient(by: divisor, in: extents) {
      guard let modulus else { return simple }
      if let digit = simple.remainder(by: modulus, in: extents) { return digit }
    }
    // As it stands; multiples of what the modulus repeats after add nothing.
    guard isLinear, let modulus else { return nil }
    let (period, overflow) = divisor.multipliedReportingOverflow(by: modulus)
    if overflow { return nil }
    var rest = self
    rest.offset = offset - floorDivide(offset, period) * period
    for axis in coefficients.indices where coefficients[axis] % period == 0 { rest.coefficients[axis] = 0 }
    return .digit(rest, divisor: divisor, modulus: modulus)
  }

  /// `self div divisor`, rounded down.
  private func quotient(by divisor: Int, in extents: [Int]) -> AffineExpression? {
    if divisor == 1 { return self }
    var (whole, rest) = divided(by: divisor)
    let range = rest.range(in: extents)
    let least = floorDivide(range.lowerBound, divisor)
    if least == floorDivide(range.upperBound, divisor) {
      whole.offset += least
      return whole
    }
    let (factor, high, _) = rest.parted(by: divisor, in: extents)
    let digit: AffineExpression
    if let inner = high.onlyDigit {
      guard let next = inner.quotient(by: divisor / factor) else { return nil }
      digit = next
    } else {
      guard high.isLinear else { return nil }
      digit = .digit(high, divisor: divisor / factor, modulus: nil)
    }
    return .sum(0, [1, 1], [whole, digit], rank: coefficients.count)
  }

  /// `self mod modulus`, at least 0.
  private func remainder(by modulus: Int, in extents: [Int]) -> AffineExpression? {
    var rest = divided(by: modulus).rest
    let range = rest.range(in: extents)
    let least = floorDivide(range.lowerBound, modulus)
    if least == floorDivide(range.upperBound, modulus) {
      rest.offset -= least * modulus
      return rest
    }
    let (factor, high, low) = rest.parted(by: modulus, in: extents)
    if factor == modulus { return low }
    let digit: AffineExpression
    if let inner = high.onlyDigit {
      guard let next = inner.remainder(by: modulus / factor) else { return nil }
      digit = next
    } else {
      guard high.isLinear else { return nil }
      digit = .digit(high, divisor: 1, modulus: modulus / factor)
    }
    return .sum(0, [factor, 1], [digit, low], rank: coefficients.count)
  }

  /// `whole * divisor + rest` is the expression: `rest` has what `divisor` does not divide, and an offset below it.
  private func divided(by divisor: Int) -> (whole: AffineExpression, rest: AffineExpression) {
    var (whole, rest) = (self, self)
    whole.offset = floorDivide(offset, divisor)
    rest.offset = offset - whole.offset * divisor
    for axis in coefficients.indices {
      let divides = coefficients[axis] % divisor == 0
      whole.coefficients[axis] = divides ? coefficients[axis] / divisor : 0
      if divides { rest.coefficients[axis] = 0 }
    }
    whole.digits = digits.filter { $0.coefficient % divisor == 0 }
    for i in whole.digits.indices { whole.digits[i].coefficient /= divisor }
    rest.digits = digits.filter { $0.coefficient % divisor != 0 }
    return (whole, rest)
  }

  /// `factor * high + low` is the expression, `low` in `0 ..< factor`: the largest such factor that divides `divisor`.
  ///
  /// So `(5*i + j) div 15` is `i div 3` for `j` below 5.
  private func parted(
    by divisor: Int, in extents: [Int]
  ) -> (factor: Int, high: AffineExpression, low: AffineExpression) {
    let factors = (coefficients + digits.map(\.coefficient)).map {
      greatestCommonDivisor(divisor, Int(clamping: $0.magnitude))
    }
    for factor in Set(factors).sorted(by: >) where factor > 1 {
      let (high, low) = divided(by: factor)
      let range = low.range(in: extents)
      if range.lowerBound >= 0, range.upperBound < factor { return (factor, high, low) }
    }
    return (1, self, .constant(0, rank: coefficients.count))
  }

  /// The digit that it is and nothing else.
  private var onlyDigit: Digit? {
    guard digits.count == 1, digits[0].coefficient == 1, offset == 0, coefficients.allSatisfy({ $0 == 0 }) else {
      return nil
    }
    return digits[0]
  }

  /// One digit as an expression.
  fileprivate static func digit(_ dividend: AffineExpression, divisor: Int, modulus: Int?) -> AffineExpression {
    var result = constant(0, rank: dividend.coefficients.count)
    if divisor == 1, modulus == nil { return dividend }
    result.digits = [Digit(1, dividend, divisor: divisor, modulus: modulus)]
    return result
  }

  /// `digits` with those of the same number, divisor and modulus added up.
  private static func added(_ digits: [Digit]) -> [Digit] {
    var result: [Digit] = []
    for digit in digits {
      if let same = result.firstIndex(where: digit.isSame) {
        result[same].coefficient += digit.coefficient
      } else {
        result.append(digit)
      }
    }
    return result.filter { $0.coefficient != 0 }
  }

  /// Adds up digits of the same number, and joins neighbouring ones to one: `4*(i div 4) + i mod 4` is `i`.
  mutating func joinDigits() {
    var joined = Self.added(digits)
    search: while true {
      for (i, low) in joined.enumerated() {
        guard let modulus = low.modulus else { continue }
        for (j, high) in joined.enumerated() where high.continues(low, modulus) {
          joined[i].modulus = high.modulus.map { $0 * modulus }
          joined.remove(at: j)
          joined = Self.added(joined)
          continue search
        }
      }
      break
    }
    for digit in joined where digit.divisor == 1 && digit.modulus == nil {
      offset += digit.coefficient * digit.dividend.offset
      for axis in coefficients.indices {
        coefficients[axis] += digit.coefficient * digit.dividend.coefficients[axis]
      }
    }
    joined.removeAll { $0.divisor == 1 && $0.modulus == nil }
    digits = joined.count > 1 ? joined.sorted { $0.precedes($1) } : joined
  }
}

extension AffineExpression.Digit {
  /// Whether this is the digit above `low`, which has that modulus, with the weight that belongs there.
  fileprivate func continues(_ low: Self, _ modulus: Int) -> Bool {
    let (weight, overflow) = low.coefficient.multipliedReportingOverflow(by: modulus)
    let (next, overflowToo) = low.divisor.multipliedReportingOverflow(by: modulus)
    if overflow || overflowToo || coefficient != weight || divisor != next || dividend != low.dividend { return false }
    return self.modulus.map { !$0.multipliedReportingOverflow(by: modulus).overflow } ?? true
  }

  /// The digit divided, where that is one digit.
  fileprivate func quotient(by other: Int) -> AffineExpression? {
    let (product, overflow) = divisor.multipliedReportingOverflow(by: other)
    if overflow { return nil }
    guard let modulus else { return .digit(dividend, divisor: product, modulus: nil) }
    guard modulus % other == 0 else { return nil }
    return modulus == other
      ? .constant(0, rank: dividend.coefficients.count)
      : .digit(dividend, divisor: product, modulus: modulus / other)
  }

  /// The digit's remainder, where that is one digit.
  fileprivate func remainder(by other: Int) -> AffineExpression? {
    if let modulus, modulus % other != 0 { return nil }
    return .digit(dividend, divisor: divisor, modulus: other)
  }
}
