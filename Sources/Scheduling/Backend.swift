import FraguaKernels
import FraguaSource

/// What makes kernels run on one kind of machine: it schedules them, plans their memory, and makes and links their code.
///
/// What comes before, up to the kernels, and the runtime behind know nothing else of it.
public protocol Backend: Sendable {
  /// What costs are estimated by, those of fusion too.
  var target: Target { get }

  /// Checks that this machine can run the code.
  /// - Throws: where it cannot.
  func checkRuns() throws(Diagnostic)

  /// How the kernels of `program` are to run, on `threads` threads at most.
  func schedule(_ program: KernelProgram, threads: Int) -> Schedule

  /// Where the buffers of `program` lie; each in memory of its own without `reusesMemory`.
  func plan(_ program: KernelProgram, _ schedule: Schedule, reusesMemory: Bool) -> MemoryPlan

  /// The code of a step.
  /// - Parameter workers: the most threads that make it.
  func compile(
    _ program: KernelProgram, _ schedule: Schedule, _ plan: MemoryPlan, _ instrumentation: StepInstrumentation,
    workers: Int
  ) -> StepObjects

  /// `objects`, made by ``compile(_:_:_:_:workers:)``, in this process.
  func link(_ objects: StepObjects) -> any StepCode
}

/// The code of a step as files.
public struct StepObjects: Sendable {
  /// Object files to be linked together.
  public let files: [[UInt8]]
  /// What the names of all symbols begin with; the step function is called so, and `_step`.
  public let prefix: String
  /// Whether it was there already.
  public let isFromCache: Bool

  public init(_ files: [[UInt8]], prefix: String, isFromCache: Bool = false) {
    (self.files, self.prefix, self.isFromCache) = (files, prefix, isFromCache)
  }

  /// The name of the step function: a `FraguaStep`.
  public var stepName: String { prefix + "_step" }
}

/// A step function in this process.
public protocol StepCode: AnyObject, Sendable {
  /// The address of a `FraguaStep`, which holds as long as this.
  var address: UInt64 { get }
}
