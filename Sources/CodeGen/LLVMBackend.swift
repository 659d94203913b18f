import CLLVM
import FraguaKernels
import FraguaScheduling
import FraguaSource

/// Kernels compiled by LLVM for the processors of this project.
public struct LLVMBackend: Backend {
  public let processor: Processor
  /// Where objects may lie already, and are stored; without it code is always generated.
  public let cache: ObjectCache?

  public init(_ processor: Processor = Processor(), cache: ObjectCache? = nil) {
    (self.processor, self.cache) = (processor, cache)
  }

  public var target: Target { processor.target }

  public func checkRuns() throws(Diagnostic) { try processor.checkRuns() }

  public func schedule(_ program: KernelProgram, threads: Int) -> Schedule {
    Scheduler(target, threads: threads).schedule(program)
  }

  public func plan(_ program: KernelProgram, _ schedule: Schedule, reusesMemory: Bool) -> MemoryPlan {
    MemoryPlanner.plan(program, schedule, reusesMemory: reusesMemory)
  }

  public func compile(
    _ program: KernelProgram, _ schedule: Schedule, _ plan: MemoryPlan, _ instrumentation: StepInstrumentation,
    workers: Int
  ) -> StepObjects {
    StepCompiler.compile(program, schedule, plan, processor, instrumentation, workers: workers, cache: cache)
  }

  public func link(_ objects: StepObjects) -> any StepCode { LoadedStep(objects) }
}
