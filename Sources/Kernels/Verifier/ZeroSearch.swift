/// A share of a sum: a coefficient times an integer of which an interval is known.
package struct BoundedTerm {
  package var coefficient: Int
  package var range: ClosedInterval

  package init(_ coefficient: Int, _ range: ClosedInterval) {
    self.coefficient = coefficient
    self.range = range
  }
}

/// Sums of integers that are bounded and taken as independent: addresses, guards and their differences.
package enum ZeroSearch {
  /// What a sum may come to on the way, in any order of adding, to be far from overflow.
  package static let limit: UInt = 1 << 58

  /// Whether the sum of the terms' magnitudes stays below ``limit``, so that any order of adding is safe.
  package static func isSafe(_ offset: Int, _ terms: [BoundedTerm]) -> Bool {
    var sum = offset.magnitude
    for term in terms {
      let bound = max(1, term.range.low.magnitude, term.range.high.magnitude)
      let (product, overflow) = term.coefficient.magnitude.multipliedReportingOverflow(by: bound)
      if overflow || product > limit || sum > limit { return false }
      sum += product
    }
    return sum <= limit
  }

  /// Whether `offset` and the terms may add up to 0: false is a proof that they never do.
  ///
  /// A search over the terms by falling coefficients, with bounds and common divisors; gives up (true) after some
  /// thousand steps.
  /// - Requires: the sum is safe.
  package static func mayVanish(_ offset: Int, _ terms: [BoundedTerm]) -> Bool {
    var merged: [UInt: ClosedInterval] = [:]
    for term in terms where term.coefficient != 0 {
      let range = term.coefficient > 0 ? term.range : ClosedInterval(-term.range.high, -term.range.low)
      let old = merged[term.coefficient.magnitude] ?? ClosedInterval(0, 0)
      merged[term.coefficient.magnitude] = ClosedInterval(old.low + range.low, old.high + range.high)
    }
    let sorted = merged.sorted { $0.key > $1.key }.map { BoundedTerm(Int($0.key), $0.value) }
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

extension AffineExpression {
  /// The terms over a box of coordinates, digits taken as independent of everything else; `nil` where one is not safe.
  package func terms(in box: [ClosedInterval]) -> [BoundedTerm]? {
    var terms = zip(coefficients, box).filter { $0.0 != 0 }.map { BoundedTerm($0.0, $0.1) }
    for digit in digits {
      guard let range = digit.dividend.range(in: box) else { return nil }
      let own = digit.range(ofDividend: range.low...range.high)
      terms.append(BoundedTerm(digit.coefficient, ClosedInterval(own.lowerBound, own.upperBound)))
    }
    return terms
  }

  /// All values in a box of coordinates, digits taken as independent; `nil` where adding them up is not safe.
  package func range(in box: [ClosedInterval]) -> ClosedInterval? {
    guard let terms = terms(in: box), ZeroSearch.isSafe(offset, terms) else { return nil }
    return terms.reduce(ClosedInterval(offset, offset)) { sum, term in
      let (a, b) = (term.coefficient * term.range.low, term.coefficient * term.range.high)
      return ClosedInterval(sum.low + min(a, b), sum.high + max(a, b))
    }
  }

  /// `self - factor * other`; `nil` where a number is out of all proportion.
  package func subtracting(_ factor: Int, times other: AffineExpression) -> AffineExpression? {
    let limit = ZeroSearch.limit
    let factors = [other.offset] + other.coefficients + other.digits.map(\.coefficient)
    let isSmall = factors.allSatisfy { x in
      let (product, overflow) = x.magnitude.multipliedReportingOverflow(by: factor.magnitude)
      return !overflow && product <= limit
    }
    guard isSmall, ([offset] + coefficients + digits.map(\.coefficient)).allSatisfy({ $0.magnitude <= limit }) else {
      return nil
    }
    return .sum(0, [1, -factor], [self, other], rank: coefficients.count)
  }
}
