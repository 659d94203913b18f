import FraguaSource
import FraguaTensors

/// Numbers that become elements.
extension Dictionary where Key == String, Value == Attribute {
  /// Checks that the float attributes `names`, which are rounded to elements of the float type `element`, do not
  /// overflow it.
  /// - Requires: a schema has accepted the attributes.
  public func requireFit(_ names: [String], _ element: ElementType, of owner: String) throws(Diagnostic) {
    for name in names {
      let value = float(name)
      if element.holds(value) { continue }
      throw .unfit(name, of: owner, .noElement("\(value)", of: element))
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

extension Diagnostic {
  /// The number of the attribute `name` of `owner` is no element: `reason`.
  public static func unfit(_ name: String, of owner: String, _ reason: Diagnostic) -> Diagnostic {
    Diagnostic("the attribute '\(name)' of '\(owner)' does not fit: \(reason.message)", notes: reason.notes)
  }
}
