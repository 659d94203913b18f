import CLLVM
import FraguaKernels

/// What a step does to the processor's floating-point mode: it runs where denormals are zeros (x86: DAZ and FTZ,
/// aarch64: FZ), and leaves the mode as it was.
///
/// Reading the mode takes a processor longer than a tiny step can spare, so it is left out where the context says that
/// the caller has set it; writing, which takes longer still, also where the mode is right already.
struct StepMode {
  private let function: FunctionEmitter
  /// The register as it was, and as memory where the processor wants it there.
  private let before: LLVMValueRef
  private let memory: LLVMValueRef?
  /// Whether the mode differs.
  private let differs: LLVMValueRef

  private static let x86Bits = 0x8040
  private static let aarch64Bits = 1 << 24

  /// Emits `step` whole: it sets the mode around a call of another function, its body, which is returned to be filled.
  /// - Parameters:
  ///   - body: what that function is called.
  ///   - denormalsAreZeros: where in the context stands whether the mode is set.
  static func emitStep(_ step: FunctionEmitter, body name: String, denormalsAreZeros: Int) -> FunctionEmitter {
    let entry = LLVMGetInsertBlock(step.builder)!
    let body = FunctionEmitter(
      besides: step, name: name, takes: [step.pointerType],
      returns: LLVMVoidTypeInContext(step.context))
    let start = LLVMGetInsertBlock(step.builder)!
    func callBody() -> LLVMValueRef {
      var arguments: [LLVMValueRef?] = [step.parameter(0)]
      return LLVMBuildCall2(step.builder, LLVMGlobalGetValueType(body.function), body.function, &arguments, 1, "")
    }

    step.position(at: entry)
    let flag = step.load(
      LLVMInt32TypeInContext(step.context), step.address(step.parameter(0), bytes: step.int64(denormalsAreZeros)),
      alignment: 4)
    let (isSet, isNotSet) = (step.block("mode_is_set"), step.block("mode_is_not_set"))
    LLVMBuildCondBr(
      step.builder, LLVMBuildICmp(step.builder, LLVMIntNE, flag, step.int32(0), ""), isSet, isNotSet)
    step.position(at: isSet)
    LLVMSetTailCall(callBody(), 1)
    step.finish()
    step.position(at: isNotSet)
    let mode = StepMode(setIn: step)
    _ = callBody()
    mode.restore()
    step.finish()
    step.position(at: start)
    return body
  }

  /// Emits setting the mode.
  private init(setIn function: FunctionEmitter) {
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
  private func restore() { function.when(differs) { write(before) } }

  private func write(_ value: LLVMValueRef) {
    guard let memory else {
      _ = function.intrinsic("llvm.aarch64.set.fpcr", [], [value])
      return
    }
    function.store(value, memory, alignment: 4)
    _ = function.intrinsic("llvm.x86.sse.ldmxcsr", [], [memory])
  }
}
