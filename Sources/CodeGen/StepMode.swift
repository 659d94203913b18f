import CLLVM
import FraguaKernels

/// Emits what a step does to the processor's floating-point mode: it makes denormals zeros (x86: DAZ and FTZ, aarch64:
/// FZ) and at its end goes back. The register is written only where the mode differs.
struct StepMode {
  private let function: FunctionEmitter
  /// The register as it was, and as memory where the processor wants it there.
  private let before: LLVMValueRef
  private let memory: LLVMValueRef?
  /// Whether the mode differs.
  private let differs: LLVMValueRef

  private static let x86Bits = 0x8040
  private static let aarch64Bits = 1 << 24

  /// Emits setting the mode.
  init(setIn function: FunctionEmitter) {
    self.function = function
    let builder = function.builder
    let isAArch64 = function.target.instructionSet == .neon
    let wanted: LLVMValueRef
    if isAArch64 {
      memory = nil
      before = function.intrinsic("llvm.aarch64.get.fpcr", [], [])!
      wanted = LLVMBuildOr(builder, before, function.int64(Self.aarch64Bits), "")
    } else {
      let word = LLVMInt32TypeInContext(function.context)!
      memory = LLVMBuildAlloca(builder, word, "")
      _ = function.intrinsic("llvm.x86.sse.stmxcsr", [], [memory!])
      before = function.load(word, memory!, alignment: 4)
      wanted = LLVMBuildOr(builder, before, function.int32(Self.x86Bits), "")
    }
    differs = LLVMBuildICmp(builder, LLVMIntNE, before, wanted, "")
    function.when(differs) { [self] in write(wanted) }
  }

  /// Emits going back.
  func restore() { function.when(differs) { write(before) } }

  private func write(_ value: LLVMValueRef) {
    guard let memory else {
      _ = function.intrinsic("llvm.aarch64.set.fpcr", [], [value])
      return
    }
    function.store(value, memory, alignment: 4)
    _ = function.intrinsic("llvm.x86.sse.ldmxcsr", [], [memory])
  }
}
