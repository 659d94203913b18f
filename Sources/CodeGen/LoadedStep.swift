import CLLVM
import FraguaScheduling

/// Object files of a step linked into this process.
public final class LoadedStep: StepCode {
  /// The address of the step function.
  public let address: UInt64
  /// Touched when it is made and when it goes.
  private nonisolated(unsafe) let jit: LLVMOrcLLJITRef

  /// Links `objects`, which ``StepCompiler`` made.
  public init(_ objects: StepObjects) {
    LLVMRuntime.initialize()
    var jit: LLVMOrcLLJITRef?
    Self.check(LLVMOrcCreateLLJIT(&jit, nil))
    self.jit = jit!
    for object in objects.files {
      let buffer = object.withUnsafeBytes { bytes in
        LLVMCreateMemoryBufferWithMemoryRangeCopy(
          bytes.baseAddress!.assumingMemoryBound(to: CChar.self), bytes.count, "fragua")
      }
      Self.check(LLVMOrcLLJITAddObjectFile(jit, LLVMOrcLLJITGetMainJITDylib(jit), buffer))
    }
    var address: LLVMOrcExecutorAddress = 0
    // An undefined symbol, such as a call of libm that LLVM slipped in, is reported here.
    Self.check(LLVMOrcLLJITLookup(jit, &address, objects.stepName))
    self.address = address
  }

  deinit { if let error = LLVMOrcDisposeLLJIT(jit) { LLVMConsumeError(error) } }

  /// Stops on an error of the linker, which is a defect of the code generator.
  private static func check(_ error: LLVMErrorRef?) {
    guard let error else { return }
    let message = LLVMGetErrorMessage(error)
    CodeGenDefect.stop("LLVM's linker: \(message.map { String(cString: $0) } ?? "?")")
  }
}
