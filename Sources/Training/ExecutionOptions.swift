import FraguaCodeGen
import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaRuntime
import FraguaScheduling

/// How a function runs over data.
public struct ExecutionOptions: Sendable {
  /// The rows of a batch; `nil` lets the library choose.
  public var batch: Int?
  /// The most threads to run on.
  public var threads: Int
  /// The instruction set to generate code for; `nil` is the host's best.
  public var cpu: Target.InstructionSet?
  /// Off gives every temporary memory of its own, to find out whether the memory plan is at fault.
  public var usesMemoryPlan: Bool
  /// Where machine code of earlier compilations lies; `nil` generates it anew.
  public var cache: ObjectCache?
  /// Told the name of each function that has been compiled, and how long it took.
  public var reportTimes: (@Sendable (String, CompilationTimes) -> Void)?
  /// Whether steps fill memory that holds nothing with 0xFF, so that an error of the plan or a missing barrier shows as
  /// NaN; slow.
  public var poisonsDeadBytes: Bool
  /// What symbols other than the batch are bound to; symbols of the data's own shapes bind themselves.
  public var bindings: [String: Int]
  /// The operations, initializers and optimizers that there are.
  public var vocabulary: Vocabulary

  public init(
    batch: Int? = nil, threads: Int = ThreadTeam.processorsAllowed, cpu: Target.InstructionSet? = nil,
    usesMemoryPlan: Bool = true, poisonsDeadBytes: Bool = false, cache: ObjectCache? = nil,
    reportTimes: (@Sendable (String, CompilationTimes) -> Void)? = nil, bindings: [String: Int] = [:],
    vocabulary: Vocabulary = .standard
  ) {
    self.batch = batch
    self.threads = threads
    self.cpu = cpu
    self.usesMemoryPlan = usesMemoryPlan
    self.cache = cache
    self.reportTimes = reportTimes
    self.poisonsDeadBytes = poisonsDeadBytes
    self.bindings = bindings
    self.vocabulary = vocabulary
  }

  /// What the compiler is told to make a function with its symbols bound to `bindings`.
  package func compilerOptions(_ bindings: [String: Int]) -> CompilerOptions {
    CompilerOptions(
      bindings: bindings, backend: LLVMBackend(Processor(cpu), cache: cache), threads: threads,
      usesMemoryPlan: usesMemoryPlan, poisonsDeadBytes: poisonsDeadBytes, reportTimes: reportTimes,
      vocabulary: vocabulary)
  }

  /// Whether both would run a function alike, where both know the same vocabulary.
  package func isSame(as other: ExecutionOptions) -> Bool {
    batch == other.batch && threads == other.threads && cpu == other.cpu
      && usesMemoryPlan == other.usesMemoryPlan && poisonsDeadBytes == other.poisonsDeadBytes
      && bindings == other.bindings
  }
}
