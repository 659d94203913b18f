import FraguaSource
import FraguaTensors

/// What data files call an element type.
extension ElementType {
  /// NumPy's name, behind the sign of the byte order, Safetensors' name, and the code of an IDX file; `nil` where a
  /// format has no such type.
  private var names: (npy: String?, safetensors: String, idx: UInt8?) {
    switch self {
    case .f32: ("f4", "F32", 0x0D)
    case .f64: ("f8", "F64", 0x0E)
    case .i32: ("i4", "I32", 0x0C)
    case .i64: ("i8", "I64", nil)
    case .ui8: ("u1", "U8", 0x08)
    case .i1: ("b1", "BOOL", nil)
    case .f16: ("f2", "F16", nil)
    case .bf16: (nil, "BF16", nil)
    case .i8: ("i1", "I8", 0x09)
    case .i16: ("i2", "I16", 0x0B)
    case .ui16: ("u2", "U16", nil)
    case .ui32: ("u4", "U32", nil)
    }
  }

  var npyName: String? { names.npy }
  var safetensorsName: String { names.safetensors }

  init?(npyName name: String) { self.init { $0.npy == name } }
  init?(safetensorsName name: String) { self.init { $0.safetensors == name } }
  init?(idxCode code: UInt8) { self.init { $0.idx == code } }

  private init?(where matches: ((npy: String?, safetensors: String, idx: UInt8?)) -> Bool) {
    guard let type = Self.allCases.first(where: { matches($0.names) }) else { return nil }
    self = type
  }
}

/// Elements as they lie in data files.
extension ElementType {
  /// Checks that there is memory for a tensor of `extents` that was read from the file at `path`.
  func requireMemory(_ extents: [Int], _ path: String) throws(Diagnostic) {
    try ProcessLimits.require(checkedByteCount(extents, byteCount) ?? .max) {
      "the data in '\(path)', of the shape \(extents), exceed the \($0) of memory that there is"
    }
  }

  /// The tensor of `extents` in row-major `bytes`.
  /// - Requires: `bytes` holds exactly its elements, as ``checkedByteCount(_:_:)`` counts them.
  func tensor(_ extents: [Int], _ bytes: UnsafeRawBufferPointer, bigEndian: Bool) -> Tensor {
    let type = TensorType(extents, self)
    if !bigEndian || byteCount == 1 { return Tensor(type, bytes: bytes) }
    let size = byteCount
    return [UInt8](unsafeUninitializedCapacity: bytes.count) { swapped, count in
      for start in stride(from: 0, to: bytes.count, by: size) {
        for i in 0..<size { swapped[start + i] = bytes[start + size - 1 - i] }
      }
      count = bytes.count
    }.withUnsafeBytes { Tensor(type, bytes: $0) }
  }
}

/// The size of a tensor with these extents, or `nil` where an extent is negative or the size does not fit.
///
/// Extents of 0 are counted as 1 for the overflow, so that strides of an accepted tensor fit as well.
func checkedByteCount(_ extents: [Int], _ elementBytes: Int) -> Int? {
  var bytes = elementBytes
  for extent in extents {
    let (product, overflow) = bytes.multipliedReportingOverflow(by: max(extent, 1))
    if overflow || extent < 0 { return nil }
    bytes = product
  }
  return extents.contains(0) ? 0 : bytes
}

extension [UInt8] {
  /// The little-endian integer at byte `offset`, or `nil` where the bytes end before it does.
  func little<T: FixedWidthInteger>(_: T.Type, at offset: Int) -> T? {
    guard offset >= 0, offset <= count - MemoryLayout<T>.size else { return nil }
    return (0..<MemoryLayout<T>.size).reversed().reduce(T(0)) { $0 << 8 | T(truncatingIfNeeded: self[offset + $1]) }
  }

  /// The big-endian integer at byte `offset`, or `nil` where the bytes end before it does.
  func big<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) -> T? { little(type, at: offset).map(\.byteSwapped) }
}

extension TensorType {
  /// The type's shape as data messages print it: `[60000, 28, 28]`.
  static func list(_ shape: Shape) -> String { "[" + shape.map(\.description).joined(separator: ", ") + "]" }
}
