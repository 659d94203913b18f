/// What is proved of one access: the points where it happens, and the elements that it can reach.
struct AccessBounds {
  /// For each axis of the kernel, the coordinates at which the guards can hold; `nil` where they never can.
  let box: [ClosedInterval]?
  /// The elements reached, all bounds taken together; `nil` where they are not bounded.
  let elements: ClosedInterval?
  /// Whether computing the address cannot overflow.
  let isSafe: Bool
  /// The address without index terms over `box`.
  let form: AffineForm

  /// Analyses `access` at the points of `axes` in a kernel of extents `extents`.
  /// - Requires: as many strides and coefficients as extents; index values are in `ranges`.
  init(_ access: Access, axes: [Int], extents: [Int], _ ranges: ValueRanges) {
    let whole = extents.enumerated().map { axes.contains($0) ? ClosedInterval(0, $1 - 1) : ClosedInterval(0, 0) }
    let guards = access.guards.map { Self.form($0.offset, $0.coefficients, whole) }
    var terms = Self.form(access.offset, access.strides, whole)
    for index in access.indices {
      terms.terms.append(AffineForm.Term(index.stride, ranges.intervals[index.value]))
    }
    isSafe = terms.isSafe && guards.allSatisfy(\.isSafe)
    guard isSafe, let box = Self.narrow(whole, access.guards) else {
      self.box = isSafe ? nil : whole
      elements = nil
      form = Self.form(access.offset, access.strides, whole)
      return
    }
    self.box = box
    form = Self.form(access.offset, access.strides, box)
    elements = Self.reach(access, box, ranges)
  }

  /// Whether different points of the axes reach different elements.
  ///
  /// Proved as for a number system: each stride is larger than all that the smaller ones can add up to.
  func isInjective(over axes: [Int], _ strides: [Int]) -> Bool {
    guard let box else { return true }
    let digits = axes.filter { box[$0].high > box[$0].low }
      .map { (stride: strides[$0].magnitude, count: UInt(box[$0].high - box[$0].low)) }
      .sorted { $0.stride < $1.stride }
    var sum: UInt = 0
    for digit in digits {
      if digit.stride <= sum { return false }
      sum += digit.stride * digit.count
    }
    return true
  }

  /// At how many points of `axes` the access happens; `nil` where a guard bounds a sum of coordinates, so that its points
  /// are no box.
  func pointCount(over axes: [Int], _ guards: [AccessGuard]) -> Int? {
    guard let box else { return 0 }
    if guards.contains(where: { $0.coefficients.count { $0 != 0 } > 1 }) { return nil }
    return axes.reduce(1) { $0 * box[$1].count }
  }

  /// The affine form of an offset and coefficients over a box.
  private static func form(_ offset: Int, _ coefficients: [Int], _ box: [ClosedInterval]) -> AffineForm {
    AffineForm(
      offset: offset,
      terms: zip(coefficients, box).filter { $0.0 != 0 }.map { AffineForm.Term($0.0, $0.1) })
  }

  /// `box` without the coordinates at which a guard cannot hold: each axis in turn against the range of the others,
  /// twice.
  private static func narrow(_ box: [ClosedInterval], _ guards: [AccessGuard]) -> [ClosedInterval]? {
    var box = box
    for _ in 0..<2 {
      for g in guards {
        for axis in box.indices where g.coefficients[axis] != 0 {
          var others = g.coefficients
          others[axis] = 0
          guard let rest = form(g.offset, others, box).range else { continue }
          // 0 <= c x + rest < bound for some rest.
          let c = g.coefficients[axis]
          let (least, most) = (-rest.high, g.bound &- 1 &- rest.low)
          if least > most { return nil }
          let (low, high) =
            c > 0
            ? (ceilDivide(least, c), floorDivide(most, c)) : (ceilDivide(-most, -c), floorDivide(-least, -c))
          box[axis].low = max(box[axis].low, low)
          box[axis].high = min(box[axis].high, high)
          if box[axis].low > box[axis].high { return nil }
        }
        if g.coefficients.allSatisfy({ $0 == 0 }), g.offset < 0 || g.offset >= g.bound { return nil }
      }
    }
    return box
  }

  /// The elements that `access` reaches over `box`.
  ///
  /// Where a guard bounds a sum of coordinates that the address holds a multiple of, as in a convolution's padding,
  /// that multiple of the guard's own range takes the place of the coordinates'.
  private static func reach(_ access: Access, _ box: [ClosedInterval], _ ranges: ValueRanges) -> ClosedInterval? {
    var strides = access.strides
    var base = ClosedInterval(access.offset, access.offset)
    guard var narrowest = form(0, strides, box).range?.adding(base) else { return nil }
    var best = narrowest
    for g in access.guards {
      for axis in box.indices where g.coefficients[axis] != 0 && strides[axis] % g.coefficients[axis] == 0 {
        let factor = strides[axis] / g.coefficients[axis]
        if factor == 0 { continue }
        let residual = zip(strides, g.coefficients).compactMap { difference($0, factor, $1) }
        guard residual.count == strides.count,
          let share = ClosedInterval(0, g.bound - 1).multiplied(by: factor),
          let offset = ClosedInterval(g.offset, g.offset).multiplied(by: -factor),
          let newBase = base.adding(share)?.adding(offset), let rest = form(0, residual, box).range,
          let candidate = rest.adding(newBase)
        else { continue }
        // Both bounds hold; where they exclude each other, the access never happens.
        best.low = max(best.low, candidate.low)
        best.high = max(best.low, min(best.high, candidate.high))
        if candidate.high &- candidate.low <= narrowest.high &- narrowest.low {
          (narrowest, base, strides) = (candidate, newBase, residual)
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

  /// `a - factor * b`, or `nil` where that is out of all proportion.
  private static func difference(_ a: Int, _ factor: Int, _ b: Int) -> Int? {
    let (product, overflow) = factor.multipliedReportingOverflow(by: b)
    if overflow { return nil }
    let (result, overflowToo) = a.subtractingReportingOverflow(product)
    return overflowToo || result.magnitude > 1 << 58 ? nil : result
  }
}
