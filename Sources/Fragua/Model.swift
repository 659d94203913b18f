import FraguaCompiler
import FraguaData
import FraguaGraph
import FraguaRuntime
import FraguaSource
import FraguaTensors
import FraguaTraining
import FraguaTransforms

/// A graph with the values of its parameters: what an app trains and predicts with.
///
/// Belongs to one task at a time; a server's tasks share a ``Predictor`` of ``checkpoint``'s parameters.
public final class Model {
  public let graph: Graph
  /// The values of the parameters and states, and how far a training was.
  public private(set) var checkpoint: Checkpoint
  /// The operations, initializers and optimizers that there are.
  private let vocabulary: Vocabulary
  /// The states whose values were set here, which count before what the graph says.
  private var assigned: Set<String> = []
  /// The functions that have been run with the present parameters.
  private var predictors: [String: Predictor] = [:]

  /// A model of a graph file, with its parameters from a file, or else from their initializers.
  ///
  /// - Parameters:
  ///   - parameters: the path of a safetensors file such as a training saves.
  ///   - seed: what random initializers draw from.
  public convenience init(
    contentsOf path: String, parameters: String? = nil, seed: UInt64 = 0, vocabulary: Vocabulary = .standard
  ) throws(Diagnostics) {
    let graph = try Graph(contentsOf: path, vocabulary: vocabulary)
    try self.init(checked: graph, parameters: parameters, seed: seed, vocabulary: vocabulary)
  }

  /// A model of a graph that was built in Swift, which is verified.
  public convenience init(
    _ graph: Graph, parameters: String? = nil, seed: UInt64 = 0, vocabulary: Vocabulary = .standard
  ) throws(Diagnostics) {
    try GraphVerifier.check(graph)
    try self.init(checked: graph, parameters: parameters, seed: seed, vocabulary: vocabulary)
  }

  private init(checked graph: Graph, parameters: String?, seed: UInt64, vocabulary: Vocabulary) throws(Diagnostics) {
    self.graph = graph
    self.vocabulary = vocabulary
    checkpoint = try collecting { () throws(Diagnostic) in
      var checkpoint =
        try parameters.map { path throws(Diagnostic) in try Checkpoint(contentsOf: path) }
        ?? Checkpoint(parameters: [:])
      let initial = try InitialParameters(
        graph, states: [], seed: seed, vocabulary: vocabulary,
        checkpoint: parameters.map { (checkpoint, $0) })
      checkpoint.parameters.merge(initial.tensors) { _, new in new }
      return checkpoint
    }
  }

  /// The value of a parameter or state, by its name without the `@`; `nil` where there is none.
  public subscript(parameter name: String) -> Tensor? { checkpoint.parameters[name] }

  /// Changes the value of a parameter or state.
  /// - Throws: where the graph declares no such parameter, or one of another type.
  public func setParameter(_ name: String, to tensor: Tensor) throws(Diagnostic) {
    guard let type = graph.parameter(named: name)?.type ?? checkpoint.parameters[name]?.type else {
      let error = Diagnostic("there is no parameter '@\(name)'")
      throw nearestName(to: name, among: graph.parameters.map(\.name)).map { error.noting("did you mean '@\($0)'?") }
        ?? error
    }
    guard tensor.type == type else {
      throw Diagnostic("the value for '@\(name)' is \(tensor.type), expected \(type)")
    }
    checkpoint.parameters[name] = tensor
    assigned.insert(name)
    predictors = [:]
  }

  /// Writes the parameters, with the state of the training if there was one, as a safetensors file.
  public func save(to path: String) throws(Diagnostic) { try checkpoint.write(to: path) }

  // MARK: Training and running

  /// Trains the parameters on data; goes on where an earlier training stopped.
  ///
  /// - Parameters:
  ///   - data: a tensor for each argument of the loss, by name; the leading axis is the rows.
  ///   - report: told about every epoch, and about steps some ten times a second.
  ///   - isCancelled: asked after every step; `true` stops the training, and the model keeps what it has learned.
  /// - Throws: where a checkpoint could not be saved to the folder of the options, too; the model keeps what it learned.
  @discardableResult
  public func train(
    on data: [String: Tensor], validation: [String: Tensor]? = nil, options: TrainingOptions = TrainingOptions(),
    report: (TrainingEvent) -> Void = { _ in }, isCancelled: () -> Bool = { false }
  ) throws(Diagnostics) -> TrainingSummary {
    var options = options
    options.vocabulary = vocabulary
    let trainer = try Trainer(
      graph, training: Self.dataset(data), validation: validation.map(Self.dataset),
      initial: (checkpoint, "the model"), keeping: assigned, options: options)
    let summary = try trainer.train(report: report, isCancelled: isCancelled)
    checkpoint = summary.checkpoint
    predictors = [:]
    if let failure = summary.saveFailure { throw Diagnostics(failure) }
    return summary
  }

  /// The result of a function for each row of the data, with the present parameters.
  ///
  /// - Parameter data: a tensor for each argument, by name; the leading axis is the rows.
  /// - Throws: where the function has several results, too; ``results(of:_:options:)`` returns them.
  public func predict(
    _ data: [String: Tensor], function: String = "predict", options: ExecutionOptions = ExecutionOptions()
  ) throws(Diagnostics) -> Tensor {
    let results = try results(of: function, data, options: options)
    guard results.count == 1 else {
      throw Diagnostics([Diagnostic("'@\(function)' has \(results.count) results, expected one")])
    }
    return results[0]
  }

  /// All results of a function for each row of the data.
  public func results(
    of function: String, _ data: [String: Tensor], options: ExecutionOptions = ExecutionOptions()
  ) throws(Diagnostics) -> [Tensor] {
    try predictor(function, options).predict(Self.dataset(data))
  }

  /// The means of a function's scalar results over the rows of the data: of a loss, of a metric.
  public func means(
    of function: String, _ data: [String: Tensor], options: ExecutionOptions = ExecutionOptions()
  ) throws(Diagnostics) -> [Double] {
    try predictor(function, options).means(Self.dataset(data))
  }

  /// The predictor of a function with the present parameters; compiled versions are kept from call to call.
  private func predictor(_ function: String, _ options: ExecutionOptions) throws(Diagnostics) -> Predictor {
    var options = options
    options.vocabulary = vocabulary
    if let known = predictors[function], known.options.isSame(as: options) { return known }
    let predictor = try Predictor(graph, function: function, parameters: checkpoint.parameters, options: options)
    predictors[function] = predictor
    return predictor
  }

  /// The data set of named tensors.
  private static func dataset(_ data: [String: Tensor]) throws(Diagnostics) -> Dataset {
    try collecting { () throws(Diagnostic) in
      for (name, tensor) in data where tensor.extents.isEmpty {
        throw Diagnostic("the data for '\(name)' are a scalar, which has no rows")
      }
      return try Dataset(data.sorted { $0.key < $1.key }.map { Dataset.Column($0.key, $0.value) })
    }
  }
}
