import FraguaCodeGen
import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaRuntime
import FraguaSource

/// How a training runs: everything but the graph and the data.
@dynamicMemberLookup
public struct TrainingOptions: Sendable {
  /// The training, without the `@`; `nil` is the only one of the graph.
  public var function: String?
  /// How many epochs this run trains; at least 1.
  public var epochs: Int
  /// How steps run: on how many rows and threads, compiled how. Its properties are those of the options too:
  /// `options.threads`. The rows of a step are 32 unless it says more, or what a dump was made for; more rows than there
  /// are make one step an epoch.
  public var execution: ExecutionOptions
  /// What initializers, shuffling and random operations draw from; `nil` is the checkpoint's, or 0.
  public var seed: UInt64?
  /// Whether every epoch visits the rows in a new order.
  public var shuffles: Bool
  /// The folder for `parameters.safetensors`; `nil` saves nothing.
  public var directory: String?
  /// A checkpoint is also saved after every so many epochs; `nil` is at the end of an epoch where the last one is older
  /// than ``usualIntervalSeconds``: after every epoch where one takes longer.
  public var saveEvery: Int?
  /// How much of a training is lost at most where it is killed, unless an epoch takes longer.
  public static let usualIntervalSeconds = 10.0

  /// - Parameters:
  ///   - batch: the rows of a step, in place of those that `execution` says.
  ///   - threads: the most threads that a step runs on, likewise.
  public init(
    function: String? = nil, epochs: Int = 10, batch: Int? = nil, seed: UInt64? = nil, shuffles: Bool = true,
    threads: Int? = nil, directory: String? = nil, saveEvery: Int? = nil,
    execution: ExecutionOptions = ExecutionOptions()
  ) {
    self.function = function
    self.epochs = epochs
    self.seed = seed
    self.shuffles = shuffles
    self.directory = directory
    self.saveEvery = saveEvery
    self.execution = execution
    if let batch { self.execution.batch = batch }
    if let threads { self.execution.threads = threads }
  }

  public subscript<T>(dynamicMember path: WritableKeyPath<ExecutionOptions, T>) -> T {
    get { execution[keyPath: path] }
    set { execution[keyPath: path] = newValue }
  }

  /// Checks the numbers, which are wrong whatever the graph is.
  public func check() throws(Diagnostic) {
    for (name, value) in [
      ("number of epochs", epochs), ("batch", self.batch ?? 1), ("number of threads", self.threads),
      ("number of epochs from save to save", saveEvery ?? 1),
    ]
    where value < 1 {
      throw Diagnostic("the \(name) is \(value), but must be at least 1")
    }
    guard epochs <= Self.maximumEpochs else {
      throw Diagnostic("the number of epochs is \(epochs), but must be at most \(Self.maximumEpochs)")
    }
  }

  /// The most epochs of a run, and of all runs before it: so many that their steps can be counted.
  static let maximumEpochs = 1_000_000_000
}
