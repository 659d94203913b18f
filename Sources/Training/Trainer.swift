import FraguaCompiler
import FraguaData
import FraguaGraph
import FraguaRuntime
import FraguaSource
import FraguaTensors
import FraguaTransforms
import Synchronization

/// Trains the parameters of a graph on data, epoch by epoch.
///
/// What ``init(_:training:validation:initial:keeping:options:)`` accepts is compiled and checked: from there on only
/// numbers that are not finite stop a training. The same graph, seed and data give the same bits at any number of
/// threads and after any resumption.
///
/// Several tasks may have one: a second training that begins while one runs is refused.
public final class Trainer: @unchecked Sendable {  // What is not constant belongs to whoever made `isTraining` true.
  /// The training, without the `@`.
  public let name: String
  let options: TrainingOptions
  let graph: Graph
  let seed: UInt64
  let target: TrainingTarget
  let loop: BatchLoop
  let store = ParameterStore()
  /// The positions of the loss and of the metrics among the results, and the metrics' names.
  let lossResult: Int
  let metricResults: [(result: Int, name: String)]
  /// The parameters that a step changes, without states.
  let trainedParameters: [String]
  /// The loss and the metrics over the validation data, in inference mode.
  let validation: BatchLoop?
  let folder: OutputFolder?
  /// Whether ``train(report:isCancelled:)`` runs.
  let isTraining = Atomic(false)
  /// How far the training was before this run.
  let start: (epochs: Int, steps: Int)
  /// The number of threads that a step runs on.
  private let stepThreads: Int
  /// What the user should know before the first epoch.
  let remarks: [String]
  /// What is probably wrong with the data.
  let warnings: [Diagnostic]

  /// Checks everything and compiles the step.
  ///
  /// - Parameters:
  ///   - training: a column for each argument of the loss.
  ///   - validation: the same of other data, if any.
  ///   - initial: parameters to start from in place of the initializers. Where they are a checkpoint of the same
  ///     training, its optimizer's slots and its count of epochs go on. Hyper-parameters, such as the learning rate, are
  ///     what the graph says.
  ///   - kept: the hyper-parameters that are taken from `initial` all the same, such as `fit.learning_rate`.
  public init(
    _ graph: Graph, training: Dataset, validation: Dataset? = nil,
    initial: (checkpoint: Checkpoint, path: String)? = nil, keeping kept: Set<String> = [],
    options: TrainingOptions = TrainingOptions()
  ) throws(Diagnostics) {
    do throws(Diagnostic) {
      try Self.check(options)
      folder = try options.directory.map { path throws(Diagnostic) in
        try OutputFolder(path, for: Checkpoint.fileName)
      }
      target = try TrainingTarget(graph, named: options.function)
    } catch { throw Diagnostics(error) }
    self.graph = graph
    self.options = options
    name = target.name
    seed = options.seed ?? initial?.checkpoint.progress?.seed ?? 0
    loop = try Self.loop(graph, target.name, target, training, options, store, "training")
    let step = try loop.compiled()
    guard let loss = step.resultRoles.firstIndex(of: .loss) else {
      throw Diagnostics(Diagnostic("no result of '@\(target.name)' is marked as the loss", at: target.location))
    }
    lossResult = loss
    stepThreads = step.executable.threads
    trainedParameters = step.parameters.filter(\.isTrainable).map(\.name).filter(step.updatedParameters.contains)
    metricResults = step.resultRoles.enumerated().compactMap { index, role in
      if case .metric(let name) = role { (index, name) } else { nil }
    }
    self.validation = try Self.validation(graph, target, validation, options, store)
    let ranges = LabelRanges(of: target.function, in: graph)
    warnings =
      loop.layout.labelWarnings(ranges)
      + (self.validation?.layout.labelWarnings(ranges) ?? []).map { $0.noting("in the validation data") }
    let parameters = try collecting { [target, seed] () throws(Diagnostic) in
      let parameters = try InitialParameters(
        graph, states: step.parameters, training: (target.name, step.updatedParameters), seed: seed,
        vocabulary: options.vocabulary, checkpoint: initial, keeping: kept)
      if let path = initial?.path { try Self.checkFinite(parameters.tensors, of: graph.parameters, path: path) }
      return parameters
    }
    for (name, tensor) in parameters.tensors { store[name] = tensor }
    let progress = parameters.resumes ? initial?.checkpoint.progress : nil
    (start, remarks) = Self.start(
      progress, loop, parameters.remarks + Self.remarks(onThreadsOf: step.executable))
  }

  /// Checks the options that are wrong whatever the graph is; the initializer does too.
  public static func check(_ options: TrainingOptions) throws(Diagnostic) {
    try options.check()
    if let directory = options.directory { _ = try OutputFolder(directory, for: Checkpoint.fileName) }
  }

  /// The rows of the training data and of a step, and the threads that a step runs on.
  public var size: (rows: Int, batch: Int, threads: Int) { (loop.layout.rows, loop.batch, stepThreads) }

  /// What the user should know about the threads of a step.
  private static func remarks(onThreadsOf step: Executable) -> [String] {
    guard step.refusedThreads > 0 else { return [] }
    let (got, wanted) = (step.threads, step.threads + step.refusedThreads)
    return [
      "the system gives \(got) of \(wanted) threads: 'ulimit -u', the control group's pids.max and the memory for stacks limit them"
    ]
  }

  /// Where to go on after `progress`.
  private static func start(
    _ progress: Checkpoint.Progress?, _ loop: BatchLoop, _ remarks: [String]
  ) -> (start: (epochs: Int, steps: Int), remarks: [String]) {
    guard let progress else { return ((0, 0), remarks) }
    if progress.steps == 0 { return ((progress.epochs, 0), remarks) }
    if progress.batch == loop.batch, progress.rows == loop.layout.rows, progress.steps < loop.count {
      return ((progress.epochs, progress.steps), remarks)
    }
    let remark =
      "epoch \(progress.epochs + 1) starts over: it was interrupted with batches of \(progress.batch) of \(progress.rows) rows"
    return ((progress.epochs, 0), remarks + [remark])
  }

  /// The loop of `entry`, which takes the arguments of `target`, over the `purpose` data.
  private static func loop(
    _ graph: Graph, _ entry: String, _ target: TrainingTarget, _ data: Dataset, _ options: TrainingOptions,
    _ store: ParameterStore, _ purpose: String
  ) throws(Diagnostics) -> BatchLoop {
    let layout: BatchLayout
    do throws(Diagnostic) {
      layout = try BatchLayout(
        target.function, symbol: graph.batchSymbol(of: target.name), dataset: data, bindings: options.bindings)
      try layout.checkLabels(LabelRanges(of: target.function, in: graph))
    } catch { throw Diagnostics([error.noting("in the \(purpose) data")]) }
    let batch = try collecting { () throws(Diagnostic) in try layout.batch(options.batch, usual: 32) }
    let execution = options.execution
    let versions = Specializations { bindings throws(Diagnostics) in
      try Compiler.compile(graph, entry: entry, execution.compilerOptions(bindings))
    }
    return BatchLoop(layout, batch: batch, versions: versions, store.block)
  }

  /// The loop over the validation data, compiled, if there are any.
  private static func validation(
    _ graph: Graph, _ target: TrainingTarget, _ data: Dataset?, _ options: TrainingOptions,
    _ store: ParameterStore
  ) throws(Diagnostics) -> BatchLoop? {
    guard let data else { return nil }
    guard let (graph, name) = graph.withValidation(of: target) else {
      throw Diagnostics([
        Diagnostic("the dump has no function that the validation could run", at: target.location)
          .noting("train the graph that the dump was made from")
      ])
    }
    let loop = try loop(graph, name, target, data, options, store, "validation")
    _ = try loop.compiled()
    return loop
  }
}
