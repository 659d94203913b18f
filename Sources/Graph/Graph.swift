import FraguaSource
import FraguaTensors

/// An SSA value of a function: what an argument, a parameter's value at entry, or a result of a node is.
public struct Value: Sendable, Hashable {
  /// Unique in its function (the bodies of its regions have ids of their own), its numbers dense from 0.
  public let id: ValueID
  public let type: TensorType

  public init(id: ValueID, type: TensorType) {
    self.id = id
    self.type = type
  }
}

/// An operation applied to values.
public struct Node: Sendable {
  public enum Kind: Sendable {
    case operation(any Operation)
    /// `call @name`.
    case call(String)
    /// `fused @name {...}`: a region that becomes one kernel. Its operands are the region's arguments in order; the
    /// region reads no parameters of its own, they are operands too.
    case fused(String, Region)
  }

  public var kind: Kind
  public var operands: [Value]
  public var attributes: Attributes
  public var results: [Value]
  public var origin: Origin

  public init(
    _ kind: Kind, operands: [Value], attributes: Attributes = [:], results: [Value], origin: Origin = .unknown
  ) {
    self.kind = kind
    self.operands = operands
    self.attributes = attributes
    self.results = results
    self.origin = origin
  }

  /// The operation, where the node is one.
  public var operation: (any Operation)? { if case .operation(let operation) = kind { operation } else { nil } }

  /// The operation's name, `call` or `fused`.
  public var name: String {
    switch kind {
    case .operation(let operation): operation.name
    case .call: "call"
    case .fused: "fused"
    }
  }
}

/// The body of a fused node: a function without parameters and updates, boxed because nodes contain it.
public final class Region: Sendable {
  public let function: Function

  public init(_ function: Function) { self.function = function }
}

/// `update @parameter, %value`: takes effect when the function returns.
public struct Update: Sendable {
  public var parameter: String
  public var value: Value
  public var origin: Origin

  public init(parameter: String, value: Value, origin: Origin = .unknown) {
    self.parameter = parameter
    self.value = value
    self.origin = origin
  }
}

/// A function of the graph: arguments, nodes in execution order, results.
public struct Function: Sendable {
  /// A read of a parameter or state: its value at function entry.
  public struct ParameterRead: Sendable {
    public var parameter: String
    public var value: Value

    public init(parameter: String, value: Value) {
      self.parameter = parameter
      self.value = value
    }
  }

  /// What a result means, printed as `{loss}` or `{metric = "accuracy"}`.
  public enum ResultRole: Sendable, Hashable {
    case plain
    case loss
    case metric(String)
  }

  /// `train` compiles in training mode.
  public enum Role: String, Sendable, Hashable {
    case plain, train
  }

  /// Without the `@`.
  public var name: String
  public var arguments: [Value]
  public var parameterReads: [ParameterRead]
  public var nodes: [Node]
  public var updates: [Update]
  public var results: [Value]
  public var resultRoles: [ResultRole]
  public var role: Role
  public var origin: Origin
  /// The names that values have in the text, without the `%`; values without one get a number.
  public var valueNames: [ValueID: String]
  /// One more than the number of the largest value id.
  public var valueCount: Int

  public init(
    name: String, arguments: [Value] = [], parameterReads: [ParameterRead] = [], nodes: [Node] = [],
    updates: [Update] = [], results: [Value] = [], resultRoles: [ResultRole] = [], role: Role = .plain,
    origin: Origin = .unknown, valueNames: [ValueID: String] = [:], valueCount: Int = 0
  ) {
    self.name = name
    self.arguments = arguments
    self.parameterReads = parameterReads
    self.nodes = nodes
    self.updates = updates
    self.results = results
    self.resultRoles = resultRoles
    self.role = role
    self.origin = origin
    self.valueNames = valueNames
    self.valueCount = valueCount
  }

  /// The names of the arguments, in order.
  public var argumentNames: [String] { arguments.enumerated().map { valueNames[$1.id] ?? "arg\($0)" } }
}

/// A tensor that lives across calls: `param` (trained) or `state`.
public struct Parameter: Sendable {
  public var name: String
  public var type: TensorType
  /// How it starts.
  public var initializer: InitializerUse
  /// Whether `train` may update it by gradients; `state` may not.
  public var isTrainable: Bool
  public var origin: Origin

  public init(
    name: String, type: TensorType, initializer: InitializerUse, isTrainable: Bool, origin: Origin = .unknown
  ) {
    self.name = name
    self.type = type
    self.initializer = initializer
    self.isTrainable = isTrainable
    self.origin = origin
  }
}

/// An initializer by name with its attributes: `normal(stddev = 0.5)`.
public struct InitializerUse: Sendable, Hashable {
  public var name: String
  public var attributes: Attributes

  public init(_ name: String, _ attributes: Attributes = [:]) {
    self.name = name
    self.attributes = attributes
  }
}

/// `gradient @name of @function wrt %x, @w`: a function that the pass `differentiate` writes.
public struct GradientDeclaration: Sendable {
  public enum Variable: Sendable, Hashable {
    /// An argument's name, without the `%`.
    case argument(String)
    /// A parameter's name, without the `@`.
    case parameter(String)
  }

  public var name: String
  public var function: String
  public var variables: [Variable]
  public var origin: Origin

  public init(name: String, function: String, variables: [Variable], origin: Origin = .unknown) {
    self.name = name
    self.function = function
    self.variables = variables
    self.origin = origin
  }
}

/// `train @name minimize @loss {...}`: a function that the pass `expand-optimizers` writes.
public struct TrainDeclaration: Sendable {
  public var name: String
  /// The function to minimize; its first result is the loss.
  public var loss: String
  public var optimizer: String
  public var optimizerAttributes: Attributes
  /// What rewrites gradients before the optimizer sees them, in order.
  public var links: [LinkUse]
  /// Functions called with the same arguments, whose scalar results are reported.
  public var metrics: [String]
  /// Parameters that are not updated.
  public var frozen: [String]
  public var origin: Origin

  public init(
    name: String, loss: String, optimizer: String, optimizerAttributes: Attributes, links: [LinkUse] = [],
    metrics: [String] = [], frozen: [String] = [], origin: Origin = .unknown
  ) {
    self.name = name
    self.loss = loss
    self.optimizer = optimizer
    self.optimizerAttributes = optimizerAttributes
    self.links = links
    self.metrics = metrics
    self.frozen = frozen
    self.origin = origin
  }
}

/// A link that a training names in a clause: `clip = global_norm(maximum = 1.0)`.
public struct LinkUse: Sendable, Hashable {
  public var clause: String
  public var name: String
  public var attributes: Attributes

  public init(clause: String, name: String, attributes: Attributes) {
    self.clause = clause
    self.name = name
    self.attributes = attributes
  }
}

/// Whether random regularisation such as dropout acts.
public enum Mode: String, Sendable, Hashable {
  case train, inference
}

/// A graph file: parameters, functions, derivatives, training declarations.
///
/// A value type: a pass takes one and returns another.
public struct Graph: Sendable {
  public var name: String
  /// The pass after which this is a dump; `nil` for what people write.
  public var stage: String?
  /// The mode that a dump was specialized for.
  public var mode: Mode?
  /// What symbols were bound to, in a dump.
  public var bindings: [String: Int]
  /// In the order of the text.
  public var parameters: [Parameter]
  public var functions: [Function]
  public var gradients: [GradientDeclaration]
  public var trainings: [TrainDeclaration]

  public init(
    name: String, stage: String? = nil, mode: Mode? = nil, bindings: [String: Int] = [:],
    parameters: [Parameter] = [], functions: [Function] = [], gradients: [GradientDeclaration] = [],
    trainings: [TrainDeclaration] = []
  ) {
    self.name = name
    self.stage = stage
    self.mode = mode
    self.bindings = bindings
    self.parameters = parameters
    self.functions = functions
    self.gradients = gradients
    self.trainings = trainings
  }

  /// The function of that name, in O(functions).
  public func function(named name: String) -> Function? { functions.first { $0.name == name } }

  /// The parameter or state of that name, in O(parameters).
  public func parameter(named name: String) -> Parameter? { parameters.first { $0.name == name } }
}
