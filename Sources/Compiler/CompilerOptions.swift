import FraguaCodeGen
import FraguaGraph
import FraguaKernels
import FraguaScheduling
import FraguaTensors
import FraguaTransforms

/// What a compilation may be told.
public struct CompilerOptions: Sendable {
  /// What symbols are bound to: `["B": 32]`.
  public var bindings: [String: Int]
  /// The mode to compile for; `nil` is `train` for a training, `inference` for everything else.
  public var mode: Mode?
  /// What makes code of kernels.
  public var backend: any Backend
  /// The most threads that a step runs on.
  public var threads: Int
  /// Off gives every temporary memory of its own, to find out whether the memory plan is at fault.
  public var usesMemoryPlan: Bool
  /// Whether the step notes when each kernel call begins and ends, for ``StepProfile``.
  public var isProfiled: Bool
  /// Told the name of each function that has been compiled, and how long it took.
  public var reportTimes: (@Sendable (String, CompilationTimes) -> Void)?
  /// Whether steps fill memory that holds nothing with 0xFF, so that an error of the plan or a missing barrier shows as
  /// NaN; slow.
  public var poisonsDeadBytes: Bool
  /// The operations, initializers and optimizers that there are.
  public var vocabulary: Vocabulary
  /// What the memory of a function may take; beyond it a compilation is refused before anything is allocated.
  public var memoryLimitBytes: Int
  /// Whether a function with an `argmax` of floats gets one more result: 1.0 where an argmax has met NaN, else 0.0.
  public var watchesArgmax: Bool
  /// Whether the graph is verified after every pass.
  public var verifiesAfterEachPass: Bool

  public init(
    bindings: [String: Int] = [:], mode: Mode? = nil, backend: any Backend = LLVMBackend(), threads: Int = 1,
    usesMemoryPlan: Bool = true, isProfiled: Bool = false, poisonsDeadBytes: Bool = false,
    reportTimes: (@Sendable (String, CompilationTimes) -> Void)? = nil, vocabulary: Vocabulary,
    memoryLimitBytes: Int = ProcessLimits.memoryBytes, watchesArgmax: Bool = false, verifiesAfterEachPass: Bool = false
  ) {
    self.bindings = bindings
    self.mode = mode
    self.backend = backend
    self.threads = threads
    self.usesMemoryPlan = usesMemoryPlan
    self.isProfiled = isProfiled
    self.reportTimes = reportTimes
    self.poisonsDeadBytes = poisonsDeadBytes
    self.vocabulary = vocabulary
    self.memoryLimitBytes = memoryLimitBytes
    self.watchesArgmax = watchesArgmax
    self.verifiesAfterEachPass = verifiesAfterEachPass
  }
}
