import FraguaGraph
import FraguaRuntime
import FraguaSource
import FraguaTensors
import FraguaTransforms

/// What parameters and states start with: initializers, or the tensors of a checkpoint.
package struct InitialParameters {
  /// A tensor for every parameter.
  package private(set) var tensors: [String: Tensor] = [:]
  /// Whether the states of the training came from the checkpoint, so that it goes on rather than starts anew.
  package private(set) var resumes = false
  /// What the user should know.
  package private(set) var remarks: [String] = []

  /// Tensors for the parameters of `graph` and for `states`, which a training adds.
  ///
  /// The states of a training are its slots, which its step updates, and its hyper-parameters, which it only reads. A
  /// checkpoint's slots are taken all or none; the hyper-parameters are what the text says.
  /// - Parameters:
  ///   - training: the training that is run, and the parameters and states that its step updates; the states of others
  ///     are all taken for slots.
  ///   - checkpoint: a checkpoint with the path it came from. It must have every `param` and `state` that the graph
  ///     declares.
  ///   - kept: the hyper-parameters that are taken from the checkpoint all the same.
  /// - Throws: a tensor that is missing, unknown, or of another type; a checkpoint of another graph; parameters that
  ///   exceed the memory.
  package init(
    _ graph: Graph, states: [Parameter], training: (name: String, updated: Set<String>)? = nil, seed: UInt64,
    vocabulary: Vocabulary,
    checkpoint: (checkpoint: Checkpoint, path: String)? = nil, keeping kept: Set<String> = []
  ) throws(Diagnostic) {
    let declared = Set(graph.parameters.map(\.name))
    let all = graph.parameters + states.filter { !declared.contains($0.name) }
    try Self.checkSize(all)
    let trainings = graph.trainings.map(\.name) + graph.functions.filter { $0.role == .train }.map(\.name)
    /// Whether a name is that of a state which a training keeps, or the random state.
    func isOfTraining(_ name: String) -> Bool {
      name == Self.randomState || trainings.contains { name.hasPrefix($0 + ".") }
    }
    /// Whether a parameter is a hyper-parameter of a training, whose value is that of the text.
    func isHyperparameter(_ parameter: Parameter) -> Bool {
      guard let training, parameter.name.hasPrefix(training.name + "."), !parameter.isTrainable else { return false }
      return !training.updated.contains(parameter.name) && !kept.contains(parameter.name)
    }
    let given = checkpoint?.checkpoint.parameters ?? [:]
    if let checkpoint {
      // A dump has only the parameters of its functions, not all that were trained.
      try Self.checkTypes(given, checkpoint.path, all) { graph.stage != nil || isOfTraining($0) }
      try checkpoint.checkpoint.checkGraph(graph.name, path: checkpoint.path)
      let missing = all.filter { given[$0.name] == nil && !isHyperparameter($0) }
      if let first = missing.first(where: { !isOfTraining($0.name) }) {
        let count = missing.count { !isOfTraining($0.name) }
        let others = count > 1 ? " (and \(count - 1) more)" : ""
        throw Diagnostic("'\(checkpoint.path)' lacks the parameter '@\(first.name)', a \(first.type)\(others)")
      }
      let ofTraining = all.filter { isOfTraining($0.name) && !isHyperparameter($0) }
      resumes = missing.isEmpty && !ofTraining.isEmpty
      if !missing.isEmpty, missing.count < ofTraining.count {
        remarks.append(
          "'\(checkpoint.path)' lacks the state '@\(missing[0].name)': the optimizer starts anew")
      }
    }
    for parameter in all {
      if let tensor = given[parameter.name], resumes || !isOfTraining(parameter.name), !isHyperparameter(parameter) {
        tensors[parameter.name] = tensor
      } else if parameter.name == Self.randomState {
        tensors[parameter.name] = Tensor([2], [Int64(bitPattern: seed), 0])
      } else {
        do throws(Diagnostic) {
          tensors[parameter.name] = try Self.initialized(parameter, seed: seed, vocabulary)
        } catch { throw error.located(at: parameter.origin.location) }
      }
      guard let checkpoint, isHyperparameter(parameter), let before = given[parameter.name] else { continue }
      remarks += Self.change(of: parameter.name, from: before, to: tensors[parameter.name]!, checkpoint.path)
    }
  }

  /// What is said where the text has another value of a hyper-parameter than the checkpoint from `path`.
  private static func change(of name: String, from before: Tensor, to now: Tensor, _ path: String) -> [String] {
    if now.hasSameBits(as: before) { return [] }
    guard now.count == 1 else { return ["'@\(name)' is as the graph says, no longer as in '\(path)'"] }
    return ["'@\(name)' is \(now[0].text), as the graph says; it was \(before[0].text) in '\(path)'"]
  }

  /// What the initializer of `parameter` makes; its attributes are checked, for a graph may be built in Swift.
  private static func initialized(
    _ parameter: Parameter, seed: UInt64, _ vocabulary: Vocabulary
  ) throws(Diagnostic) -> Tensor {
    let use = parameter.initializer
    guard let initializer = vocabulary.initializers[use.name] else {
      throw Diagnostic("there is no initializer '\(use.name)'")
    }
    let attributes = try initializer.checked(use.attributes, parameter.type)
    return initializer.make(parameter.type, attributes, seed: seed, parameter: parameter.name)
  }

  /// The state (seed, step) of random operations.
  private static let randomState = "rng"

  /// Checks that the parameters together fit in the memory.
  private static func checkSize(_ parameters: [Parameter]) throws(Diagnostic) {
    let memory = ProcessLimits.memoryBytes
    var total = 0
    for parameter in parameters {
      guard let bytes = parameter.type.checkedByteCount else {
        throw Diagnostic(
          "the size of '@\(parameter.name)', a \(parameter.type), cannot be counted", at: parameter.origin.location)
      }
      let (sum, overflow) = total.addingReportingOverflow(bytes)
      guard !overflow, sum <= memory else {
        throw Diagnostic(
          "the parameters exceed the \(ProcessLimits.words(memory)) of memory that there is: '@\(parameter.name)', which is \(parameter.type), takes \(ProcessLimits.words(bytes))",
          at: parameter.origin.location)
      }
      total = sum
    }
    try ProcessLimits.require(total) {
      "the parameters take \(ProcessLimits.words(total)), more than the \($0) of memory that there is"
    }
  }

  /// Checks the tensors of a checkpoint that have a parameter, and that the others may be there.
  private static func checkTypes(
    _ tensors: [String: Tensor], _ path: String, _ parameters: [Parameter], mayIgnore: (String) -> Bool
  ) throws(Diagnostic) {
    let types = Dictionary(parameters.map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })
    for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
      guard let type = types[name] else {
        if mayIgnore(name) { continue }
        let error = Diagnostic("'\(path)' has a tensor '\(name)', but the graph has no parameter '@\(name)'")
        let lacking = types.keys.filter { tensors[$0] == nil }.sorted()
        guard let near = nearestName(to: name, among: lacking) else { throw error }
        throw error.noting("did you mean '@\(near)'?")
      }
      guard tensor.type == type else {
        throw Diagnostic("'\(path)' has '\(name)' as \(tensor.type), but the graph declares '@\(name)' as \(type)")
      }
    }
  }
}
