import FraguaSource
import FraguaTensors

/// Named tensors and remarks, as a safetensors file holds them: parameters, checkpoints.
///
/// The format (https://github.com/huggingface/safetensors): the header's length as a 64-bit little-endian integer, the
/// header in JSON, then the tensors' bytes without gaps. Types are F32, F64, I32, I64, U8 and BOOL.
public struct Safetensors: Sendable, Equatable {
  /// A tensor with its name.
  public struct Entry: Sendable, Equatable {
    public let name: String
    public var tensor: Tensor

    public init(_ name: String, _ tensor: Tensor) {
      self.name = name
      self.tensor = tensor
    }
  }

  /// The tensors; after reading, in the order in which they stand in the file.
  public private(set) var entries: [Entry] = []
  /// Remarks about the whole, the header's `__metadata__`.
  public var metadata: [String: String]
  /// Where in `entries` each name is.
  private var positions: [String: Int] = [:]

  /// Tensors in the order given; of equal names the last counts.
  public init(_ entries: [Entry] = [], metadata: [String: String] = [:]) {
    self.metadata = metadata
    for entry in entries { self[entry.name] = entry.tensor }
  }

  /// The names, in the order of `entries`.
  public var names: [String] { entries.map(\.name) }

  /// The tensors by name.
  public var tensors: [String: Tensor] { positions.mapValues { entries[$0].tensor } }

  /// The tensor called `name`, in constant time; setting adds it at the end, or replaces it where it is.
  public subscript(name: String) -> Tensor? {
    get { positions[name].map { entries[$0].tensor } }
    set {
      if let position = positions[name] {
        if let newValue { entries[position].tensor = newValue } else { remove(at: position) }
      } else if let newValue {
        positions[name] = entries.count
        entries.append(Entry(name, newValue))
      }
    }
  }

  /// Drops an entry; those after it move up.
  private mutating func remove(at position: Int) {
    positions[entries.remove(at: position).name] = nil
    for later in position..<entries.count { positions[entries[later].name] = later }
  }
}

/// The tensors of the safetensors file at `path`, by name; ``Safetensors/read(_:)`` keeps their order and the metadata.
public func readSafetensors(_ path: String) throws(Diagnostic) -> [String: Tensor] {
  try Safetensors.read(path).tensors
}
