import FraguaKernels
import FraguaTensors

/// A kernel while it is written: its buffers, and which buffers of the program they are bound to.
struct KernelDraft {
  private(set) var buffers: [KernelBuffer] = []
  /// For each buffer of the kernel, the program's buffer.
  private(set) var bindings: [Int] = []
  private var known: [Int: Int] = [:]

  /// The kernel's buffer that is bound to `programBuffer`; a buffer that is read and written is an `update`.
  mutating func buffer(_ programBuffer: Int, _ type: TensorType, _ use: KernelBuffer.Use) -> Int {
    if let index = known[programBuffer] {
      if buffers[index].use != use { buffers[index].use = .update }
      return index
    }
    buffers.append(KernelBuffer(type.element, count: type.elementCount, use: use))
    bindings.append(programBuffer)
    known[programBuffer] = buffers.count - 1
    return buffers.count - 1
  }
}
