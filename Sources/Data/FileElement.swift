import FraguaSource
import FraguaTensors

/// A type of elements in a data file: more types than tensors have; each is read as the smallest type that holds it.
enum FileElement: Sendable {
  case bool, u8, i8, i16, u16, i32, u32, i64, f32, f64

  /// The size of one element in the file.
  var byteCount: Int {
    switch self {
    case .bool, .u8, .i8: 1
    case .i16, .u16: 2
    case .i32, .u32, .f32: 4
    case .i64, .f64: 8
    }
  }

  /// Checks that there is memory for a tensor of `extents` with elements that were read from the file at `path`.
  func requireMemory(_ extents: [Int], _ path: String) throws(Diagnostic) {
    let elementBytes =
      switch self {
      case .bool, .u8: 1
      case .i8, .i16, .u16, .i32, .f32: 4
      case .u32, .i64, .f64: 8
      }
    try ProcessLimits.require(checkedByteCount(extents, elementBytes) ?? .max) {
      "the data in '\(path)', of the shape \(extents), exceed the \($0) of memory that there is"
    }
  }

  /// The tensor of `extents` in row-major `bytes`.
  /// - Requires: `bytes` holds exactly its elements, as ``checkedByteCount(_:_:)`` counts them.
  func tensor(_ extents: [Int], _ bytes: UnsafeRawBufferPointer, bigEndian: Bool) -> Tensor {
    switch self {
    case .bool: Tensor(extents, .i1(bytes.map { $0 != 0 }))
    case .u8: Tensor(extents, .ui8(Array(bytes)))
    case .i8: Tensor(extents, .i32(bytes.map { Int32(Int8(bitPattern: $0)) }))
    case .i16: Tensor(extents, .i32(words(bytes, Int16.self, bigEndian).map(Int32.init)))
    case .u16: Tensor(extents, .i32(words(bytes, UInt16.self, bigEndian).map(Int32.init)))
    case .i32: Tensor(extents, .i32(words(bytes, Int32.self, bigEndian)))
    case .u32: Tensor(extents, .i64(words(bytes, UInt32.self, bigEndian).map(Int64.init)))
    case .i64: Tensor(extents, .i64(words(bytes, Int64.self, bigEndian)))
    case .f32: Tensor(extents, .f32(words(bytes, UInt32.self, bigEndian).map(Float.init(bitPattern:))))
    case .f64: Tensor(extents, .f64(words(bytes, UInt64.self, bigEndian).map(Double.init(bitPattern:))))
    }
  }

  /// The integers of type `T` in `bytes`, wherever they are aligned.
  private func words<T: FixedWidthInteger & BitwiseCopyable>(
    _ bytes: UnsafeRawBufferPointer, _: T.Type, _ bigEndian: Bool
  ) -> [T] {
    let size = MemoryLayout<T>.size
    return [T](unsafeUninitializedCapacity: bytes.count / size) { buffer, count in
      count = bytes.count / size
      for i in 0..<count {
        let word = bytes.loadUnaligned(fromByteOffset: i * size, as: T.self)
        buffer.initializeElement(at: i, to: bigEndian ? T(bigEndian: word) : T(littleEndian: word))
      }
    }
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
