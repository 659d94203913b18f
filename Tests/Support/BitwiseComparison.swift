import FraguaTensors

extension Tensor {
  /// The first element whose bits differ from `other`'s, in words; `nil` where none does. Any NaN equals any other.
  public func firstDifference(from other: Tensor) -> String? {
    if type != other.type { return "\(type) and \(other.type)" }
    for i in 0..<count {
      let (a, b) = (self[i], other[i])
      if a == b || (element.isFloat && a.asDouble.isNaN && b.asDouble.isNaN) { continue }
      return "element \(i) of \(type): \(a.type.isFloat ? "\(a.asDouble)" : "\(a.integer)") and "
        + "\(b.type.isFloat ? "\(b.asDouble)" : "\(b.integer)")"
    }
    return nil
  }
}
