import CLLVM
import FraguaKernels
import FraguaTensors

/// Compiles a scheduled kernel program to machine code.
public enum StepCompiler {
  /// The name of the step function in an object.
  public static let stepName = "fragua_step"

  /// What to write.
  public enum Output: Sendable {
    case object, assembly, llvm
  }

  /// The step function of `program` with all its kernels, each once.
  public static func compile(
    _ program: KernelProgram, _ schedule: Schedule, _ plan: MemoryPlan, _ processor: Processor,
    _ output: Output = .object
  ) -> [UInt8] {
    let context = LLVMContextOwner()
    let machine = LLVMTargetMachineOwner(processor)
    let module = LLVMModuleOwner(name: program.name, in: context)
    machine.prepare(module)
    let builder = LLVMBuilderOwner(in: context)
    var names: [KernelVariant: String] = [:]
    var kernelNames: [String] = []
    for (call, schedule) in zip(program.calls, schedule.calls) {
      let variant = KernelVariant(kernel: call.kernel, schedule: schedule)
      if let known = names[variant] {
        kernelNames.append(known)
        continue
      }
      let name = "fragua_kernel_\(names.count)"
      names[variant] = name
      kernelNames.append(name)
      let kernel = program.kernels[call.kernel]
      let function = FunctionEmitter(
        context: context, module: module, builder: builder, processor: processor, name: name,
        pointers: kernel.buffers.count + 1, integers: 2)
      LLVMSetLinkage(function.function, LLVMInternalLinkage)
      // A kernel that thread 0 runs alone owns all of every axis, whatever its bounds say.
      KernelEmitter(function, kernel, schedule).emit()
    }
    func step(_ name: String) -> StepEmitter {
      let function = FunctionEmitter(
        context: context, module: module, builder: builder, processor: processor, name: name, pointers: 1, integers: 0)
      if name != stepName { LLVMSetLinkage(function.function, LLVMInternalLinkage) }
      return StepEmitter(function, program, schedule, plan, kernelNames: kernelNames)
    }
    let count = program.calls.count
    if count <= StepEmitter.callsPerPart {
      step(stepName).emit(0..<count)
    } else {
      var parts: [String] = []
      for start in stride(from: 0, to: count, by: StepEmitter.callsPerPart) {
        parts.append("fragua_part_\(parts.count)")
        step(parts.last!).emit(start..<min(start + StepEmitter.callsPerPart, count))
      }
      step(stepName).emit(parts: parts)
    }
    switch output {
    case .object: return machine.emit(module, LLVMObjectFile)
    case .assembly: return machine.emit(module, LLVMAssemblyFile)
    case .llvm:
      module.verify()
      return Array(module.text.utf8)
    }
  }

  /// What makes two calls share code: the kernel and how it runs.
  private struct KernelVariant: Hashable {
    let kernel: Int
    let schedule: CallSchedule
  }
}

/// An object file linked into this process.
public final class LoadedStep: @unchecked Sendable {
  /// The address of the step function.
  public let address: UInt64
  private let jit: LLVMOrcLLJITRef

  /// Links `object`, which ``StepCompiler/compile(_:_:_:_:_:)`` made.
  public init(_ object: [UInt8]) {
    LLVMRuntime.initialize()
    var jit: LLVMOrcLLJITRef?
    Self.check(LLVMOrcCreateLLJIT(&jit, nil))
    self.jit = jit!
    let buffer = object.withUnsafeBytes { bytes in
      LLVMCreateMemoryBufferWithMemoryRangeCopy(
        bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count, "fragua")
    }
    Self.check(LLVMOrcLLJITAddObjectFile(jit, LLVMOrcLLJITGetMainJITDylib(jit), buffer))
    var address: LLVMOrcExecutorAddress = 0
    // An undefined symbol, such as a call of libm that LLVM slipped in, is reported here.
    Self.check(LLVMOrcLLJITLookup(jit, &address, StepCompiler.stepName))
    self.address = address
  }

  deinit { if let error = LLVMOrcDisposeLLJIT(jit) { LLVMConsumeError(error) } }

  /// Stops on an error of the linker, which is a defect of the code generator.
  private static func check(_ error: LLVMErrorRef?) {
    guard let error else { return }
    let message = LLVMGetErrorMessage(error)
    preconditionFailure("LLVM's linker: \(message.map { String(cString: $0) } ?? "?")")
  }
}
