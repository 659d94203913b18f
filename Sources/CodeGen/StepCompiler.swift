import CLLVM
import FraguaKernels
import FraguaScheduling
import FraguaSource
import FraguaTensors
import Synchronization

/// Compiles a scheduled kernel program to machine code.
public enum StepCompiler {
  /// What the symbols of a step begin with where nobody says otherwise.
  public static let prefix = "fragua"

  /// What can be read instead of run.
  public enum Listing: Sendable {
    case assembly, llvm
  }

  /// The step function of `program` with all its kernels, each once: object files to be linked together.
  /// - Parameters:
  ///   - instrumentation: what the step does besides.
  ///   - workers: the most threads that generate code; fewer do where the system refuses some.
  ///   - cache: where objects may lie already, and are stored. Where they do, no code is generated.
  ///   - prefix: what the names of all symbols begin with.
  public static func compile(
    _ program: KernelProgram, _ schedule: Schedule, _ plan: MemoryPlan, _ processor: Processor,
    _ instrumentation: StepInstrumentation = StepInstrumentation(), workers: Int = 1, cache: ObjectCache? = nil,
    prefix: String = prefix
  ) -> StepObjects {
    let parts = StepParts(program, schedule, plan, instrumentation, prefix: prefix)
    guard let cache, let key = ObjectCache.key(parts, processor) else {
      return StepObjects(generate(parts, processor, workers), prefix: prefix)
    }
    if let files = cache.objects(for: key) { return StepObjects(files, prefix: prefix, isFromCache: true) }
    let files = generate(parts, processor, workers)
    cache.store(files, for: key)
    return StepObjects(files, prefix: prefix)
  }

  private static func generate(_ parts: StepParts, _ processor: Processor, _ workers: Int) -> [[UInt8]] {
    // How long LLVM takes for a function is known only roughly: of several shares for each worker, who is done takes the
    // next.
    let modules = parts.shares(atMost: workers == 1 ? 1 : 4 * workers).flatMap(StepParts.modules)
    let objects = Mutex([[UInt8]](repeating: [], count: modules.count))
    let next = Atomic(0)
    let work = { @Sendable (_: Int) in
      while true {
        let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
        guard index < modules.count else { return }
        let made = emit(modules[index], of: parts, processor, LLVMObjectFile, isAlone: modules.count == 1)
        objects.withLock { $0[index] = made }
      }
    }
    let helpers = SystemThread.start(
      atMost: min(workers, modules.count) - 1, stackBytes: SystemThread.compilerStackBytes, work)
    work(0)
    for helper in helpers { helper.join() }
    return objects.withLock { $0 }
  }

  /// The step function of `program` with all its kernels, as text; assembly is that of each object, one after the other.
  public static func text(
    _ program: KernelProgram, _ schedule: Schedule, _ plan: MemoryPlan, _ processor: Processor, _ listing: Listing,
    _ instrumentation: StepInstrumentation = StepInstrumentation(), prefix: String = prefix
  ) -> String {
    let parts = StepParts(program, schedule, plan, instrumentation, prefix: prefix)
    let modules = listing == .assembly ? StepParts.modules(of: parts.all) : [parts.all]
    let kind = listing == .assembly ? LLVMAssemblyFile : nil
    let texts = modules.map { emit($0, of: parts, processor, kind, isAlone: modules.count == 1) }
    return texts.map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
  }

  /// A module with some functions of a step, as `kind` or, without one, as LLVM IR.
  /// - Parameter isAlone: whether no other module needs the functions.
  private static func emit(
    _ share: [StepParts.Part], of parts: StepParts, _ processor: Processor, _ kind: LLVMCodeGenFileType?, isAlone: Bool
  ) -> [UInt8] {
    CodeGenDefect.generating(parts.dump) { build(share, of: parts, processor, kind, isAlone: isAlone) }
  }

  private static func build(
    _ share: [StepParts.Part], of parts: StepParts, _ processor: Processor, _ kind: LLVMCodeGenFileType?, isAlone: Bool
  ) -> [UInt8] {
    let context = LLVMContextOwner()
    let machine = LLVMTargetMachineOwner(processor, isOptimizing: share.contains(where: \.isOptimized))
    let module = LLVMModuleOwner(name: parts.program.name, in: context)
    machine.prepare(module)
    let builder = LLVMBuilderOwner(in: context)
    for part in share {
      let function = FunctionEmitter(
        context: context, module: module, builder: builder, processor: processor, name: part.name,
        pointers: parts.pointerCount(of: part), integers: parts.integerCount(of: part))
      if isAlone && part.name != parts.symbols.step { LLVMSetLinkage(function.function, LLVMInternalLinkage) }
      parts.emit(part, function)
    }
    guard let kind else {
      module.verify()
      return Array(module.text.utf8)
    }
    return machine.emit(module, kind)
  }
}
