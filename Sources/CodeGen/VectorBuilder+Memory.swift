import CLLVM
import FraguaTensors

/// Values as they lie in memory, where an `i1` is a byte.
extension VectorBuilder {
  /// `value` as it is stored.
  func toMemory(_ value: VectorValue) -> LLVMValueRef {
    value.type == .i1
      ? LLVMBuildZExt(function.builder, value.reference, memoryType(.i1), "") : value.reference
  }

  /// What `loaded` means: a byte that is not 0 is true.
  func fromMemory(_ loaded: LLVMValueRef, _ type: ElementType) -> VectorValue {
    guard type == .i1 else { return VectorValue(reference: loaded, type: type) }
    let zero = LLVMConstNull(memoryType(.i1))
    return VectorValue(reference: LLVMBuildICmp(function.builder, LLVMIntNE, loaded, zero, ""), type: .i1)
  }

  /// The lanes at `pointer`, side by side.
  func load(_ type: ElementType, _ pointer: LLVMValueRef) -> VectorValue {
    fromMemory(function.load(memoryType(type), pointer, alignment: type.byteCount), type)
  }

  /// Stores the lanes of `value` at `pointer`, side by side.
  func store(_ value: VectorValue, _ pointer: LLVMValueRef) {
    function.store(toMemory(value), pointer, alignment: value.type.byteCount)
  }
}
