import FraguaCodeGen
import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaRuntime
import FraguaSource

/// How a training runs: everything but the graph and the data.
public struct TrainingOptions: Sendable {
  /// The training, without the `@`; `nil` is the only one of the graph.
  public var function: String?
  /// How many epochs this run trains; at least 1.
  public var epochs: Int
  /// The rows of a step; `nil` is 32, or what a dump was made for. More rows than there are make one step an epoch.
  public var batch: Int?
  /// What initializers, shuffling and random operations draw from; `nil` is the checkpoint's, or 0.
  public var seed: UInt64?
  /// Whether every epoch visits the rows in a new order.
  public var shuffles: Bool
  /// The most threads that a step runs on.
  public var threads: Int
  /// The instruction set to generate code for; `nil` is the host's best.
  public var cpu: Target.InstructionSet?
  /// Off gives every temporary memory of its own, to find out whether the memory plan is at fault.
  public var usesMemoryPlan: Bool
  /// Whether steps fill memory that holds nothing with 0xFF, so that an error of the plan or a missing barrier shows as
  /// NaN; slow.
  public var poisonsDeadBytes: Bool
  /// Where machine code of earlier compilations lies; `nil` generates it anew.
  public var cache: ObjectCache?
  /// Told the name of each function that has been compiled, and how long it took.
  public var reportTimes: (@Sendable (String, CompilationTimes) -> Void)?
  /// What symbols other than the batch are bound to; symbols of the data's own shapes bind themselves.
  public var bindings: [String: Int]
  /// The folder for `parameters.safetensors`; `nil` saves nothing.
  public var directory: String?
  /// A checkpoint is also saved after every so many epochs; `nil` is at the end of an epoch where the last one is older
  /// than ``usualIntervalSeconds``: after every epoch where one takes longer.
  public var saveEvery: Int?
  /// How much of a training is lost at most where it is killed, unless an epoch takes longer.
  public static let usualIntervalSeconds = 10.0
  /// The operations, initializers and optimizers that there are.
  public var vocabulary: Vocabulary

  public init(
    function: String? = nil, epochs: Int = 10, batch: Int? = nil, seed: UInt64? = nil, shuffles: Bool = true,
    threads: Int = ThreadTeam.processorsAllowed, cpu: Target.InstructionSet? = nil, usesMemoryPlan: Bool = true,
    poisonsDeadBytes: Bool = false, cache: ObjectCache? = nil,
    reportTimes: (@Sendable (String, CompilationTimes) -> Void)? = nil, bindings: [String: Int] = [:],
    directory: String? = nil, saveEvery: Int? = nil, vocabulary: Vocabulary = .standard
  ) {
    self.function = function
    self.epochs = epochs
    self.batch = batch
    self.seed = seed
    self.shuffles = shuffles
    self.threads = threads
    self.cpu = cpu
    self.usesMemoryPlan = usesMemoryPlan
    self.poisonsDeadBytes = poisonsDeadBytes
    self.cache = cache
    self.reportTimes = reportTimes
    self.bindings = bindings
    self.directory = directory
    self.saveEvery = saveEvery
    self.vocabulary = vocabulary
  }

  /// Checks the numbers, which are wrong whatever the graph is.
  public func check() throws(Diagnostic) {
    for (name, value) in [
      ("number of epochs", epochs), ("batch", batch ?? 1), ("number of threads", threads),
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

  /// The part of the options that running a function takes as well.
  var execution: ExecutionOptions {
    ExecutionOptions(
      batch: batch, threads: threads, cpu: cpu, usesMemoryPlan: usesMemoryPlan,
      poisonsDeadBytes: poisonsDeadBytes, cache: cache, reportTimes: reportTimes, bindings: bindings,
      vocabulary: vocabulary)
  }
}
