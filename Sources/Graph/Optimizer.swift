import FraguaSource
import FraguaTensors

/// How parameters follow their gradients: a chain of links, after Optax (DeepMind), each a rewrite of the updates of all
/// parameters, which start as the gradients. What comes out of the last is subtracted from the parameters.
///
/// The pass `expand-optimizers` writes the chain as graph operations.
public protocol Optimizer: Sendable {
  var name: String { get }
  var documentation: OptimizerDocumentation { get }
  var schema: [AttributeSchema] { get }
  /// The value of the state `@fit.learning_rate` at the start: the attribute `learning_rate`.
  func learningRate(_ attributes: Attributes) -> Double
  /// The links, first to last.
  func chain(_ attributes: Attributes) -> [any OptimizerLink]
}

extension Optimizer {
  /// Checks that the numbers of a training fit the parameters that it trains, whose elements are of the types
  /// `elements`.
  public func check(_ attributes: Attributes, training elements: Set<ElementType>) throws(Diagnostic) {
    try attributes.requireFit(schema, training: elements, of: name)
  }
}

/// A rewrite of the updates of all parameters: clipping, momentum, a scale, decay.
public protocol OptimizerLink: Sendable {
  /// What takes the place of `updates`, one for each of ``OptimizerStep/parameters``.
  func rewrite(_ updates: [Value], in step: inout OptimizerStep) -> [Value]
}

/// A link that looks at one parameter at a time; neighbouring ones are written parameter by parameter.
public protocol ParameterLink: OptimizerLink {
  /// What takes the place of `update`, that of parameter `index`.
  func rewrite(_ update: Value, of index: Int, in step: inout OptimizerStep) -> Value
}

extension ParameterLink {
  public func rewrite(_ updates: [Value], in step: inout OptimizerStep) -> [Value] {
    updates.enumerated().map { rewrite($1, of: $0, in: &step) }
  }
}

/// A link that a training names in a clause of its own, such as `clip = global_norm(maximum = 1.0)`.
public protocol NamedLink: Sendable {
  var name: String { get }
  /// The clause of `train` that it belongs to: `clip`.
  var clause: String { get }
  var documentation: OptimizerDocumentation { get }
  var schema: [AttributeSchema] { get }
  func link(_ attributes: Attributes) -> any OptimizerLink
}

extension NamedLink {
  /// Checks that its numbers fit parameters whose elements are of the types `elements`.
  public func check(_ attributes: Attributes, training elements: Set<ElementType>) throws(Diagnostic) {
    try attributes.requireFit(schema, training: elements, of: name)
  }
}

extension Dictionary where Key == String, Value == Attribute {
  /// Checks that every float is one of each of the types `elements`.
  fileprivate func requireFit(
    _ schema: [AttributeSchema], training elements: Set<ElementType>, of owner: String
  ) throws(Diagnostic) {
    let numbers = schema.map(\.name).filter { if case .float? = self[$0] { true } else { false } }
    for element in elements.sorted(by: { $0.byteCount < $1.byteCount }) {
      try requireFit(numbers, element, of: owner)
    }
  }
}

/// What people read about an optimizer or a link.
public struct OptimizerDocumentation: Sendable {
  public let summary: String
  /// The update as equations.
  public let equations: String
  public let source: String

  public init(summary: String, equations: String, source: String) {
    self.summary = summary
    self.equations = equations
    self.source = source
  }
}

/// The optimizers that a parser knows.
public struct OptimizerTable: Sendable {
  public let all: [any Optimizer]

  public init(_ all: [any Optimizer]) { self.all = all }

  public subscript(_ name: String) -> (any Optimizer)? { all.first { $0.name == name } }
}

/// The links that a parser knows by name.
public struct LinkTable: Sendable {
  public let all: [any NamedLink]

  public init(_ all: [any NamedLink]) { self.all = all }

  /// The link `name` of a clause.
  public subscript(_ clause: String, _ name: String) -> (any NamedLink)? {
    all.first { $0.clause == clause && $0.name == name }
  }

  /// The links of a clause.
  public func links(of clause: String) -> [any NamedLink] { all.filter { $0.clause == clause } }
}
