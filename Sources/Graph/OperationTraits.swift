import FraguaTensors

/// What operations say of themselves to passes and warnings: an operation conforms to what holds for it, so that no list
/// of names stands elsewhere.

/// An operation whose oracle gives the bits that compiled code gives: `constant-fold` may compute it.
public protocol FoldableOperation: PrimitiveOperation {
  var folding: Folding { get }
}

/// Of which elements an operation may be computed beforehand.
public enum Folding: Sendable {
  /// Of all: floats are rounded once, or not at all.
  case allElements
  /// Of integers and truth values: of floats the order of terms or the sign of a zero may be another.
  case integers
}

/// An operation of two operands that may be swapped: no bit of the result changes.
public protocol CommutativeOperation: Operation {
  func isCommutative(_ attributes: Attributes) -> Bool
}

extension CommutativeOperation {
  public func isCommutative(_ attributes: Attributes) -> Bool { true }
}

/// An operation whose result has the elements of its only operand, in another order or shape, or repeated.
public protocol RearrangingOperation: Operation {}

/// An operation whose result has the elements of its only operand in another element type.
public protocol ConvertingOperation: Operation {}

/// An operation one operand of which is labels.
public protocol LabelOperation: Operation {
  /// Which operand is labels, and of what kind; `nil` where these types say nothing about them.
  func labels(_ operands: [TensorType], _ attributes: Attributes) -> (operand: Int, kind: LabelKind)?
}

/// What labels are.
public enum LabelKind: Sendable, Hashable {
  /// Numbers of classes: integers from 0 to the count, without it.
  case classes(Int)
  /// Numbers from 0 to 1, usually one of the two.
  case probabilities
}

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
