import FraguaKernels
import FraguaTensors

/// A kernel while it is written: its buffers, and what they are bound to.
struct KernelDraft {
  /// What a kernel's buffer is bound to.
  enum Source: Hashable {
    /// A buffer of the program.
    case program(Int)
    /// What receives a result of the region: which buffer that is, is decided when the kernel is there.
    case destination(Int)
  }

  private(set) var buffers: [KernelBuffer] = []
  /// For each buffer of the kernel, what it is bound to.
  private(set) var bindings: [Source] = []
  private var known: [Source: Int] = [:]

  /// The kernel's buffer that is bound to `source`.
  mutating func buffer(_ source: Source, _ type: TensorType, _ use: KernelBuffer.Use) -> Int {
    if let index = known[source] { return index }
    buffers.append(KernelBuffer(type.element, count: type.elementCount, use: use))
    bindings.append(source)
    known[source] = buffers.count - 1
    return buffers.count - 1
  }
}
