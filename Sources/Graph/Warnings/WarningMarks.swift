/// What operations say of themselves for ``GraphWarnings``.

/// An operation that applies a softmax or a logistic function itself: it takes logits.
public protocol LogitsOperation: Operation {
  /// The position of the operand that is the logits.
  var logitsOperand: Int { get }
  /// The function that it applies to them, such as `softmax`.
  var logitsFunction: String { get }
}

/// An operation whose results may be probabilities.
public protocol ProbabilityOperation: Operation {
  /// The function that makes them so, such as `softmax`; `nil` where these attributes make no probabilities.
  func probabilityFunction(_ attributes: Attributes) -> String?
}

/// An operation whose result has the elements of its only operand, in another order or shape.
public protocol RearrangingOperation: Operation {}
