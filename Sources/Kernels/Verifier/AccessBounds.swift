/// What is proved of one access: the points where it happens, and the elements that it can reach.
package struct AccessBounds {
  /// For each axis of the kernel, the coordinates at which the guards can hold; `nil` where they never can.
  package let box: [ClosedInterval]?
  /// The elements reached, all bounds taken together; `nil` where they are not bounded.
  package let elements: ClosedInterval?
  /// Whether computing the address cannot overflow.
  package let isSafe: Bool
  /// The terms of the address, index terms aside, over `box`, or over the whole space where that is empty; none where
  /// the address is not safe.
  package let terms: [BoundedTerm]

  /// Analyses `access` at the points of `axes` in a kernel of extents `extents`.
  /// - Requires: expressions of as many coefficients as extents; index values are in `ranges`.
  package init(_ access: Access, axes: [Int], extents: [Int], _ ranges: ValueRanges) {
    let whole = extents.enumerated().map { axes.contains($0) ? ClosedInterval(0, $1 - 1) : ClosedInterval(0, 0) }
    let indices = access.indices.map { BoundedTerm($0.stride, ranges.intervals[$0.value]) }
    guard let all = access.element.terms(in: whole), ZeroSearch.isSafe(access.element.offset, all + indices),
      access.guards.allSatisfy({ $0.expression.range(in: whole) != nil })
    else {
      (isSafe, box, elements, terms) = (false, whole, nil, [])
      return
    }
    isSafe = true
    guard let box = Self.narrow(whole, access.guards), let narrow = access.element.terms(in: box) else {
      (self.box, elements, terms) = (nil, nil, all)
      return
    }
    self.box = box
    terms = narrow
    elements = Self.reach(access, box, ranges)
  }

  /// Whether different points of the axes reach different elements.
  ///
  /// Proved as for a number system: each stride is larger than all that the smaller ones can add up to.
  /// - Requires: an element without digits.
  package func isInjective(over axes: [Int], _ element: AffineExpression) -> Bool {
    guard let box else { return true }
    let digits = axes.filter { box[$0].high > box[$0].low }
      .map { (stride: element.coefficients[$0].magnitude, count: UInt(box[$0].high - box[$0].low)) }
      .sorted { $0.stride < $1.stride }
    var sum: UInt = 0
    for digit in digits {
      if digit.stride <= sum { return false }
      sum += digit.stride * digit.count
    }
    return true
  }

  /// At how many points of `axes` the access happens; `nil` where a guard bounds more than one coordinate, so that its
  /// points are no box.
  package func pointCount(over axes: [Int], _ guards: [AffineGuard]) -> Int? {
    guard let box else { return 0 }
    let isBox = guards.allSatisfy { $0.expression.isLinear && $0.expression.coefficients.count { $0 != 0 } <= 1 }
    return isBox ? axes.reduce(1) { $0 * box[$1].count } : nil
  }

  /// `box` without the coordinates at which a guard cannot hold: each axis in turn against the range of the others,
  /// twice.
  private static func narrow(_ box: [ClosedInterval], _ guards: [AffineGuard]) -> [ClosedInterval]? {
    var box = box
    for _ in 0..<2 {
      for g in guards {
        for axis in box.indices where g.expression.coefficients[axis] != 0 {
          var others = g.expression
          others.coefficients[axis] = 0
          guard let rest = others.range(in: box) else { continue }
          // 0 <= c x + rest < bound for some rest.
          let c = g.expression.coefficients[axis]
          let (least, most) = (-rest.high, g.bound &- 1 &- rest.low)
          if least > most { return nil }
          let (low, high) =
            c > 0
            ? (ceilDivide(least, c), floorDivide(most, c)) : (ceilDivide(-most, -c), floorDivide(-least, -c))
          box[axis].low = max(box[axis].low, low)
          box[axis].high = min(box[axis].high, high)
          if box[axis].low > box[axis].high { return nil }
        }
        if let range = g.expression.range(in: box), range.high < 0 || range.low >= g.bound { return nil }
      }
    }
    return box
  }

  /// How often a guard's expression may stand in an address: by each of its coordinates and digits.
  private static func factors(of condition: AffineExpression, in element: AffineExpression) -> [Int] {
    let digits = condition.digits.map { own in
      (element.digits.first(where: own.isSame)?.coefficient ?? 0, own.coefficient)
    }
    return (zip(element.coefficients, condition.coefficients) + digits).compactMap { coefficient, own in
      own == 0 || coefficient == 0 || coefficient % own != 0 ? nil : coefficient / own
    }
  }

  /// The elements that `access` reaches over `box`.
  ///
  /// Where a guard bounds a sum of coordinates that the address holds a multiple of, as in a convolution's padding,
  /// that multiple of the guard's own range takes the place of the coordinates'; so with digits. Each guard is tried on
  /// the address as it is, and on what earlier ones have left of it.
  private static func reach(_ access: Access, _ box: [ClosedInterval], _ ranges: ValueRanges) -> ClosedInterval? {
    guard let whole = access.element.range(in: box) else { return nil }
    var best = whole
    var rest = (element: access.element, base: ClosedInterval(0, 0), reach: whole)
    for g in access.guards {
      for factor in factors(of: g.expression, in: access.element) {
        guard let (_, _, reach) = replaced(g, factor, access.element, ClosedInterval(0, 0), box) else { continue }
        best = best.cut(to: reach)
      }
      for factor in factors(of: g.expression, in: rest.element) {
        guard let next = replaced(g, factor, rest.element, rest.base, box) else { continue }
        best = best.cut(to: next.reach)
        if next.reach.high &- next.reach.low <= rest.reach.high &- rest.reach.low {
          rest = next
          break
        }
      }
    }
    for index in access.indices {
      guard let share = ranges.intervals[index.value].multiplied(by: index.stride), let sum = best.adding(share) else {
        return nil
      }
      best = sum
    }
    return best
  }

  /// `element` and `base` with `factor` times the range of a guard in place of that multiple of its expression, and what
  /// they reach together.
  private static func replaced(
    _ g: AffineGuard, _ factor: Int, _ element: AffineExpression, _ base: ClosedInterval, _ box: [ClosedInterval]
  ) -> (element: AffineExpression, base: ClosedInterval, reach: ClosedInterval)? {
    guard let share = ClosedInterval(0, g.bound - 1).multiplied(by: factor), let newBase = base.adding(share),
      let residual = element.subtracting(factor, times: g.expression),
      let reach = residual.range(in: box)?.adding(newBase)
    else { return nil }
    return (residual, newBase, reach)
  }
}

extension ClosedInterval {
  /// What lies in both, which hold; where they exclude each other, what is bounded by them never happens.
  fileprivate func cut(to other: ClosedInterval) -> ClosedInterval {
    let low = Swift.max(low, other.low)
    return ClosedInterval(low, Swift.max(low, Swift.min(high, other.high)))
  }
}
