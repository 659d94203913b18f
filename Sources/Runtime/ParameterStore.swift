import FraguaSource
import FraguaTensors

/// The parameters and states of a model in memory, shared by all functions that are run with it.
///
/// Not for use by several threads at once.
public final class ParameterStore: @unchecked Sendable {
  private var entries: [String: (type: TensorType, memory: AlignedMemory)] = [:]

  public init() {}

  /// The names, sorted.
  public var names: [String] { entries.keys.sorted() }

  /// The tensor of that name; setting one copies it, in place where the type is the same.
  public subscript(_ name: String) -> Tensor? {
    get {
      guard let entry = entries[name] else { return nil }
      return Tensor(entry.type, bytes: UnsafeRawBufferPointer(start: entry.memory.start, count: entry.type.byteCount))
    }
    set {
      guard let tensor = newValue else {
        entries[name] = nil
        return
      }
      if entries[name]?.type != tensor.type {
        entries[name] = (tensor.type, AlignedMemory(byteCount: tensor.type.byteCount))
      }
      tensor.withBytes {
        entries[name]!.memory.start.copyMemory(
          from: $0.baseAddress ?? UnsafeRawPointer(entries[name]!.memory.start), byteCount: $0.count)
      }
    }
  }

  /// The memory of parameter `name`.
  /// - Throws: where there is none, or of another type.
  func memory(of name: String, _ type: TensorType) throws(Diagnostic) -> AlignedMemory {
    guard let entry = entries[name] else { throw Diagnostic("there is no value for the parameter '@\(name)'") }
    guard entry.type == type else {
      throw Diagnostic("the value of the parameter '@\(name)' is \(entry.type), expected \(type)")
    }
    return entry.memory
  }
}
