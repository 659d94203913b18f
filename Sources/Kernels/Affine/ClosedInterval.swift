import FraguaTensors

/// The integers from `low` to `high`, both included; arithmetic gives `nil` where a bound leaves 64 bits.
package struct ClosedInterval: Equatable, Sendable {
  package var low: Int
  package var high: Int

  /// - Requires: `low <= high`.
  package init(_ low: Int, _ high: Int) {
    self.low = low
    self.high = high
  }

  /// How many integers there are.
  /// - Requires: the bounds are far from those of 64 bits, as elements of buffers are.
  package var count: Int { high - low + 1 }

  /// Every value of an integer type or of `i1`; of a float all that there is.
  package static func all(of type: ElementType) -> ClosedInterval {
    type.isFloat
      ? ClosedInterval(.min, .max) : ClosedInterval(Int(type.lowest.integer), Int(type.highest.integer))
  }

  /// Whether all of `other` lies inside.
  package func contains(_ other: ClosedInterval) -> Bool { low <= other.low && other.high <= high }

  /// The smallest interval that holds both.
  package func union(_ other: ClosedInterval) -> ClosedInterval {
    ClosedInterval(Swift.min(low, other.low), Swift.max(high, other.high))
  }

  /// Sums.
  package func adding(_ other: ClosedInterval) -> ClosedInterval? {
    let (a, overflowA) = low.addingReportingOverflow(other.low)
    let (b, overflowB) = high.addingReportingOverflow(other.high)
    return overflowA || overflowB ? nil : ClosedInterval(a, b)
  }

  /// Negatives.
  var negated: ClosedInterval? { low == .min ? nil : ClosedInterval(-high, -low) }

  /// Products.
  package func multiplied(by other: ClosedInterval) -> ClosedInterval? {
    var products: [Int] = []
    for a in [low, high] {
      for b in [other.low, other.high] {
        let (product, overflow) = a.multipliedReportingOverflow(by: b)
        if overflow { return nil }
        products.append(product)
      }
    }
    return ClosedInterval(products.min()!, products.max()!)
  }

  /// Products with one number.
  package func multiplied(by factor: Int) -> ClosedInterval? { multiplied(by: ClosedInterval(factor, factor)) }
}
