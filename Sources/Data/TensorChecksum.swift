import CZlib

/// The checksum over the tensors of a parameters file: their names, types, shapes and bytes, by name.
///
/// It is the CRC-32 of gzip, which finds what disks, networks and interrupted copies do to a file; it does not depend on
/// the order in which the tensors stand there.
package struct TensorChecksum {
  /// The key of the metadata that holds it.
  package static let key = "checksum"
  private static let prefix = "crc32:"
  private var sum: UInt = 0

  /// Adds a tensor; those of a file come in the order of their names.
  /// - Parameter dtype: the format's name of the element type.
  mutating func add(_ name: String, _ dtype: String, _ extents: [Int], _ bytes: UnsafeRawBufferPointer) {
    Array("\(name)\0\(dtype)\(extents)\0".utf8).withUnsafeBytes { add($0) }
    add(bytes)
  }

  private mutating func add(_ bytes: UnsafeRawBufferPointer) {
    guard let start = bytes.baseAddress else { return }
    sum = crc32_z(sum, start.assumingMemoryBound(to: UInt8.self), bytes.count)
  }

  /// The checksum as the metadata hold it: `crc32:` and eight hexadecimal digits.
  var text: String {
    let digits = String(sum, radix: 16)
    return Self.prefix + String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// Whether `text` is a checksum of this kind; one of another kind is somebody else's.
  static func isOne(_ text: String) -> Bool { text.hasPrefix(prefix) }
}
