import FraguaSource
import FraguaTensors

/// What an operation is, in one file: name, documentation, types, oracle, derivative, and either a role or a
/// decomposition.
///
/// Conform to ``PrimitiveOperation`` or ``CompositeOperation``. Nothing has a default, so a half-made operation does
/// not compile.
public protocol Operation: Sendable {
  /// The name in the text.
  var name: String { get }
  var documentation: OperationDocumentation { get }
  /// The attributes it takes.
  var schema: [AttributeSchema] { get }
  /// The operands it takes.
  var operandRule: OperandRule { get }

  /// The types of the results, extents possibly symbolic.
  /// - Requires: `operands` obey ``operandRule`` and `attributes` the schema.
  /// - Throws: a diagnostic with the facts and no place; the caller adds it.
  func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType]

  /// The results, computed naively: floats in `Double`, rounded once to the element type. The oracle of the tests;
  /// never derived from the role. Denormals are what ``DenormalMode`` says, which whoever calls it sets; only copies
  /// and changes of the sign keep them.
  /// - Requires: operands and attributes that ``inferTypes(_:_:)`` accepts, all extents fixed.
  func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor]

  /// The vector-Jacobian product: for each operand the cotangent, or `nil` where none flows.
  func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?]

  /// Uses that the law tests run: types, attributes, and where needed the range of the operands' values.
  var examples: [OperationExample] { get }
}

extension Operation {
  /// `attributes` checked against the schema, with defaults, for operands of the given types.
  /// - Throws: see ``AttributeSchema/check(_:against:of:element:)``.
  public func checked(_ attributes: Attributes, _ operands: [TensorType]) throws(Diagnostic) -> Attributes {
    try AttributeSchema.check(attributes, against: schema, of: name, element: operands.first?.element)
  }
}

/// An operation that fusion and lowering see.
public protocol PrimitiveOperation: Operation {
  /// What it is for lowering.
  /// - Requires: types that ``Operation/inferTypes(_:_:)`` accepts, all extents fixed.
  func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role
}

/// An operation written in terms of others; fusion sees none.
public protocol CompositeOperation: Operation {
  /// The results, built from other operations.
  func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value]
}

/// An operation that means something else in training and in inference, such as dropout; `specialize` asks.
public protocol ModalOperation: Operation {
  /// The results in `mode`, built from other operations.
  func specialize(
    _ operands: [Value], _ attributes: Attributes, _ mode: Mode, _ builder: inout FunctionBuilder
  ) -> [Value]
}

/// An operation that draws random numbers: the front end gives each use a `stream` attribute, and its last operand is
/// the state `@rng`.
public protocol RandomOperation: Operation {}

/// How many operands an operation takes, and what the front end does with them.
public struct OperandRule: Sendable {
  /// The operands' names, in order.
  public let names: [String]
  /// Whether they are broadcast to a common shape (NumPy's rule) by explicit nodes before type inference.
  public let broadcasts: Bool
  /// How many of the last operands may be left out.
  public let optional: Int
  /// Whether the last name stands for one operand or more.
  public let isVariadic: Bool

  /// - Requires: a variadic rule has a name and no optional operands.
  public init(_ names: [String], broadcasts: Bool = false, optional: Int = 0, variadic: Bool = false) {
    precondition(!variadic || (optional == 0 && !names.isEmpty), "a variadic operand is named and not optional")
    self.names = names
    self.broadcasts = broadcasts
    self.optional = optional
    isVariadic = variadic
  }

  /// What messages call operand `index`: its name, with a number where one name stands for several.
  public func name(of index: Int) -> String {
    let first = names.count - 1
    return isVariadic && index >= first ? "\(names[first])[\(index - first)]" : names[index]
  }

  /// The names as documentation lists them: what may be left out in brackets, what may be repeated with dots.
  public var listedNames: [String] {
    names.enumerated().map { index, name in
      if isVariadic, index == names.count - 1 { return name + "..." }
      return index >= names.count - optional ? "[\(name)]" : name
    }
  }

  /// Checks that `count` operands of the operation `owner` are neither too few nor too many.
  public func check(count: Int, of owner: String) throws(Diagnostic) {
    let least = names.count - optional
    if count >= least, count <= names.count || isVariadic { return }
    let wanted = isVariadic ? "\(least) or more" : least == names.count ? "\(least)" : "\(least) to \(names.count)"
    let list = names.isEmpty ? "" : " (\((isVariadic ? listedNames : names).joined(separator: ", ")))"
    let (noun, verb) = (names.count == 1 && !isVariadic ? "operand" : "operands", count == 1 ? "is" : "are")
    throw Diagnostic("'\(owner)' takes \(wanted) \(noun)\(list), but \(count) \(verb) given")
  }
}

/// What people read about an operation.
public struct OperationDocumentation: Sendable {
  /// One sentence.
  public let summary: String
  /// The formula, derivative, numerical behaviour (NaN, overflow, accumulation), source.
  public let details: String
  /// A use in the language, with shapes.
  public let example: String
  /// The heading under which `docs/operations.md` lists it.
  public let group: String

  public init(_ summary: String, group: String, example: String, details: String) {
    self.summary = summary
    self.group = group
    self.example = example
    self.details = details
  }
}

/// A node whose derivative is taken.
public struct Pullback: Sendable {
  public let operands: [Value]
  public let results: [Value]
  /// For each result its cotangent; `nil` where none arrives. At least one is there.
  public let cotangents: [Value?]
  public let attributes: Attributes

  public init(operands: [Value], results: [Value], cotangents: [Value?], attributes: Attributes) {
    self.operands = operands
    self.results = results
    self.cotangents = cotangents
    self.attributes = attributes
  }

  /// The cotangent of the only result.
  public var cotangent: Value {
    guard results.count == 1, let cotangent = cotangents[0] else {
      preconditionFailure("the node has \(results.count) results")
    }
    return cotangent
  }
}

/// A use of an operation for the law tests.
public struct OperationExample: Sendable {
  /// Where an operand's random elements come from.
  public enum Values: Sendable {
    /// Uniform in the range; integers round down.
    case uniform(ClosedRange<Double>)
    /// These, repeated.
    case cycle([Double])
  }

  public let operands: [TensorType]
  public let values: [Values]
  public let attributes: Attributes
  /// Whether the derivative is compared with central differences: off where a kink lies within a step of the values.
  public let checksDerivative: Bool

  public init(
    _ operands: [TensorType], values: [Values]? = nil, attributes: Attributes = [:], checksDerivative: Bool = true
  ) {
    self.operands = operands
    self.values = values ?? operands.map { _ in .uniform(-2...2) }
    self.attributes = attributes
    self.checksDerivative = checksDerivative
  }
}
