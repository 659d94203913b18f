import FraguaTensors

/// An operation that knows when something simpler gives the same bits.
///
/// Its rules stand beside it; the pass `simplify` asks them, and so does `constant-fold`.
public protocol SimplifiableOperation: Operation {
  /// For each result a simpler value than the operation applied to `x`; `nil` where nothing simpler is known.
  ///
  /// What remains where arithmetic goes must hold no denormals, which arithmetic would make zeros: see
  /// ``Simplification/holdsNoDenormals(_:)``.
  /// - Requires: operands and attributes that ``Operation/inferTypes(_:_:)`` accepts, all extents fixed.
  func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]?
}

/// What rules of simplification see of the function that is rebuilt, and how they add to it.
public protocol Simplification {
  /// The results of `operation` applied to `operands`, or of something simpler.
  mutating func makeAll(_ operation: any Operation, _ operands: [Value], _ attributes: Attributes) -> [Value]

  /// The node that defines `value`, if it is an operation of type `O`.
  func definition<O: Operation>(of value: Value, as operation: O.Type) -> Node?

  /// The constant that `value` is.
  func constant(_ value: Value) -> ConstantValue?

  /// Whether no element of `value` can be denormal: it is computed, not an argument, a parameter, or a copy of one, so
  /// that arithmetic which would keep every other number keeps it.
  func holdsNoDenormals(_ value: Value) -> Bool

  /// Whether operand `index` of what is simplified has no other reader.
  func isOnlyReader(ofOperand index: Int) -> Bool
}

extension Simplification {
  /// `operation`, which has one result, applied to `operands`, or something simpler.
  public mutating func make(
    _ operation: any Operation, _ operands: [Value], _ attributes: Attributes = [:]
  ) -> Value {
    makeAll(operation, operands, attributes)[0]
  }

  /// The first operand of the node that defines `value`, if it is an operation of type `O`.
  public func operand<O: Operation>(of value: Value, as operation: O.Type) -> Value? {
    definition(of: value, as: operation)?.operands[0]
  }

  /// The element that all elements of `value` are, if it is a constant.
  public func splat(_ value: Value) -> Scalar? { constant(value)?.splat }
}
