/// `offset + Σ coefficient * x` over variables with known bounds: addresses, guards and their differences.
struct AffineForm {
  /// A variable's share.
  struct Term {
    var coefficient: Int
    var range: ClosedInterval

    init(_ coefficient: Int, _ range: ClosedInterval) {
      self.coefficient = coefficient
      self.range = range
    }
  }

  var offset: Int
  var terms: [Term]

  /// All values that the form may have, variables taken as independent; `nil` where they leave 64 bits.
  var range: ClosedInterval? {
    var sum = ClosedInterval(offset, offset)
    for term in terms {
      guard let share = term.range.multiplied(by: term.coefficient), let next = sum.adding(share) else { return nil }
      sum = next
    }
    return sum
  }

  /// Whether the sum of the shares' magnitudes stays far from overflow, so that any order of adding is safe.
  var isSafe: Bool {
    var sum = offset.magnitude
    for term in terms {
      let bound = max(1, term.range.low.magnitude, term.range.high.magnitude)
      let (product, overflow) = term.coefficient.magnitude.multipliedReportingOverflow(by: bound)
      if overflow || product > 1 << 58 || sum > 1 << 58 { return false }
      sum += product
    }
    return sum <= 1 << 58
  }

  /// Whether the form may be 0: false is a proof that it never is.
  ///
  /// A search over the variables by falling coefficients, with bounds and common divisors; gives up (true) after some
  /// thousand steps.
  /// - Requires: ``isSafe``.
  var mayVanish: Bool {
    var merged: [UInt: ClosedInterval] = [:]
    for term in terms where term.coefficient != 0 {
      let range = term.coefficient > 0 ? term.range : ClosedInterval(-term.range.high, -term.range.low)
      let old = merged[term.coefficient.magnitude] ?? ClosedInterval(0, 0)
      merged[term.coefficient.magnitude] = ClosedInterval(old.low + range.low, old.high + range.high)
    }
    let sorted = merged.sorted { $0.key > $1.key }.map { Term(Int($0.key), $0.value) }
    // For each position: the range and the divisor of what follows.
    var rests: [(range: ClosedInterval, divisor: Int)] = [(ClosedInterval(0, 0), 0)]
    for term in sorted.reversed() {
      let (rest, divisor) = rests.last!
      let share = ClosedInterval(term.range.low * term.coefficient, term.range.high * term.coefficient)
      rests.append(
        (ClosedInterval(rest.low + share.low, rest.high + share.high), greatestCommonDivisor(divisor, term.coefficient))
      )
    }
    rests.reverse()
    var steps = 0
    func search(_ position: Int, _ sum: Int) -> Bool {
      let (rest, divisor) = rests[position]
      if sum + rest.low > 0 || sum + rest.high < 0 { return false }
      if divisor == 0 { return sum == 0 }
      if sum % divisor != 0 { return false }
      let (term, next) = (sorted[position], rests[position + 1].range)
      // sum + c x + rest = 0 needs x between these.
      let low = max(term.range.low, ceilDivide(-sum - next.high, term.coefficient))
      let high = min(term.range.high, floorDivide(-sum - next.low, term.coefficient))
      var x = low
      while x <= high {
        steps += 1
        if steps > 4096 || search(position + 1, sum + term.coefficient * x) { return true }
        x += 1
      }
      return false
    }
    return search(0, offset)
  }
}

/// The greatest common divisor of two numbers that are not negative.
func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }

/// `a / b` rounded down.
/// - Requires: `b > 0`.
func floorDivide(_ a: Int, _ b: Int) -> Int { a >= 0 ? a / b : -((b - 1 - a) / b) }

/// `a / b` rounded up.
/// - Requires: `b > 0`.
func ceilDivide(_ a: Int, _ b: Int) -> Int { a >= 0 ? (a + b - 1) / b : -(-a / b) }
