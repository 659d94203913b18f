import FraguaSource
import FraguaTensors

/// How a parameter starts: zeros, a constant, random numbers.
public protocol Initializer: Sendable {
  var name: String { get }
  /// One sentence, with the formula.
  var summary: String { get }
  var schema: [AttributeSchema] { get }
  /// Checks that the initializer can make a tensor of `type`.
  func check(_ type: TensorType, _ attributes: Attributes) throws(Diagnostic)
  /// The tensor for a parameter: random ones are keyed by `seed` and the parameter's name, so that no other parameter
  /// changes them.
  func make(_ type: TensorType, _ attributes: Attributes, seed: UInt64, parameter: String) -> Tensor
}

extension Initializer {
  /// `attributes` checked against the schema, with defaults, for a parameter of type `type`.
  /// - Throws: see ``AttributeSchema/check(_:against:of:element:)``, or that there can be no such tensor.
  public func checked(_ attributes: Attributes, _ type: TensorType) throws(Diagnostic) -> Attributes {
    let checked = try AttributeSchema.check(attributes, against: schema, of: name, element: type.element)
    try check(type, checked)
    return checked
  }
}

/// The initializers that a parser knows.
public struct InitializerTable: Sendable {
  public let all: [any Initializer]

  public init(_ all: [any Initializer]) { self.all = all }

  public subscript(_ name: String) -> (any Initializer)? { all.first { $0.name == name } }
}

/// An optimizer as the front end knows it; the pass `expand-optimizers` asks it for the update as graph operations.
public protocol Optimizer: Sendable {
  var name: String { get }
  var documentation: OptimizerDocumentation { get }
  var schema: [AttributeSchema] { get }
  /// The value of the state `@fit.learning_rate` at the start: the attribute `learning_rate`.
  func learningRate(_ attributes: Attributes) -> Double
  /// The slots (moments, accumulators) that each parameter has, and how they start.
  func slots(_ attributes: Attributes) -> [OptimizerSlot]
  /// The new value of a parameter and of its slots, as graph operations.
  ///
  /// - Parameter context: values of one element type: the parameter, its gradient, its slots in order, the learning
  ///   rate and the step counter (this step's number, from 1), both of rank 0 and of the parameter's element type.
  func update(
    _ context: OptimizerContext, _ attributes: Attributes, _ builder: inout FunctionBuilder
  ) -> (parameter: Value, slots: [Value])
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

/// A tensor that an optimizer keeps beside each parameter.
public struct OptimizerSlot: Sendable {
  /// The name in `@fit.adam.NAME.w1`.
  public let name: String
  /// The value of all elements at the start.
  public let initialValue: Double

  public init(_ name: String, initialValue: Double = 0) {
    self.name = name
    self.initialValue = initialValue
  }
}

/// What an optimizer's update is made of.
public struct OptimizerContext: Sendable {
  public let parameter: Value
  public let gradient: Value
  public let slots: [Value]
  public let learningRate: Value
  public let step: Value

  public init(parameter: Value, gradient: Value, slots: [Value], learningRate: Value, step: Value) {
    self.parameter = parameter
    self.gradient = gradient
    self.slots = slots
    self.learningRate = learningRate
    self.step = step
  }
}

/// What people read about an optimizer.
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
