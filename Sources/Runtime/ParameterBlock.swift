import FraguaSource
import FraguaTensors
import Synchronization

/// Named tensors in memory: what a ``ParameterStore`` or a ``ParameterSnapshot`` consists of.
package final class ParameterBlock {
  /// Whether a program that updates parameters is refused.
  let isReadOnly: Bool
  /// A number that stands for where all tensors lie: no other block has it, nor has this one had it before. A caller
  /// that knows it has the right pointers.
  private(set) var identity = ParameterBlock.newIdentity()
  private var entries: [String: (type: TensorType, memory: AlignedMemory)] = [:]

  private static let identities = Atomic<UInt64>(0)

  private static func newIdentity() -> UInt64 { identities.add(1, ordering: .relaxed).newValue }

  init(_ tensors: [String: Tensor], isReadOnly: Bool) {
    self.isReadOnly = isReadOnly
    for (name, tensor) in tensors { self[name] = tensor }
  }

  private init(entries: [String: (type: TensorType, memory: AlignedMemory)], isReadOnly: Bool) {
    self.isReadOnly = isReadOnly
    self.entries = entries
  }

  /// The same tensors in memory of their own.
  func copy(isReadOnly: Bool) -> ParameterBlock {
    let copies = entries.mapValues { entry in
      let memory = AlignedMemory(byteCount: entry.type.byteCount)
      memory.start.copyMemory(from: entry.memory.start, byteCount: entry.type.byteCount)
      return (type: entry.type, memory: memory)
    }
    return ParameterBlock(entries: copies, isReadOnly: isReadOnly)
  }

  /// The names, sorted.
  var names: [String] { entries.keys.sorted() }

  /// The tensor of that name; setting one copies it, in place where the type is the same.
  subscript(_ name: String) -> Tensor? {
    get {
      guard let entry = entries[name] else { return nil }
      return Tensor(entry.type, bytes: UnsafeRawBufferPointer(start: entry.memory.start, count: entry.type.byteCount))
    }
    set {
      guard let tensor = newValue else {
        if entries.removeValue(forKey: name) != nil { identity = Self.newIdentity() }
        return
      }
      if entries[name]?.type != tensor.type {
        entries[name] = (tensor.type, AlignedMemory(byteCount: tensor.type.byteCount))
        identity = Self.newIdentity()
      }
      tensor.withBytes {
        entries[name]!.memory.start.copyMemory(
          from: $0.baseAddress ?? UnsafeRawPointer(entries[name]!.memory.start), byteCount: $0.count)
      }
    }
  }

  /// Where parameter `name` lies.
  /// - Throws: where there is none, or of another type.
  func address(of name: String, _ type: TensorType) throws(Diagnostic) -> UnsafeMutableRawPointer {
    guard let entry = entries[name] else { throw Diagnostic("there is no value for the parameter '@\(name)'") }
    guard entry.type == type else {
      throw Diagnostic("the value of the parameter '@\(name)' is \(entry.type), expected \(type)")
    }
    return entry.memory.start
  }
}
