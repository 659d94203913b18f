import FraguaSource
import FraguaTensors

/// Numbers that become elements.
extension Dictionary where Key == String, Value == Attribute {
  /// Checks that the float attributes `names`, which become elements of type `element`, fit: that none overflows, and
  /// that integers are whole numbers in range.
  /// - Requires: a schema has accepted the attributes.
  public func requireFit(_ names: [String], _ element: ElementType, of owner: String) throws(Diagnostic) {
    for name in names {
      let value = float(name)
      if element.holds(value) { continue }
      let isTooLong = element == .i64 && value.magnitude < 0x1p63 && value == value.rounded()
      let reason = isTooLong ? "attributes count to 2^53" : Diagnostic.noElement("\(value)", of: element).message
      throw Diagnostic("the attribute '\(name)' of '\(owner)' does not fit: \(reason)")
    }
  }

  /// Checks that the float attributes `low` and `high` fit type `element`, as their difference does, and that the first
  /// is not above the second.
  /// - Requires: a schema has accepted the attributes.
  public func requireInterval(
    _ low: String, _ high: String, _ element: ElementType, of owner: String
  ) throws(Diagnostic) {
    try requireFit([low, high], element, of: owner)
    let (first, last) = (float(low), float(high))
    if first > last {
      throw Diagnostic("the attribute '\(low)' of '\(owner)' is \(first), above '\(high)', which is \(last)")
    }
    guard (last - first).isFinite, element.holds(last - first) else {
      throw Diagnostic(
        "the attributes '\(low)' and '\(high)' of '\(owner)' are \(first) and \(last), whose difference overflows "
          + element.rawValue)
    }
  }
}

extension Optimizer {
  /// Checks that the numbers of a training fit the parameters that it trains, whose elements are of the types
  /// `elements`.
  public func check(_ attributes: Attributes, training elements: Set<ElementType>) throws(Diagnostic) {
    let numbers = schema.map(\.name).filter { if case .float? = attributes[$0] { true } else { false } }
    for element in elements.sorted(by: { $0.byteCount < $1.byteCount }) {
      try attributes.requireFit(numbers, element, of: name)
    }
  }
}
