import FraguaSource
import FraguaTensors

/// Reading IDX files, the format of the MNIST data sets, gzipped or not.
///
/// Two zero bytes, the element type, the rank, the extents as big-endian 32-bit integers, then the elements, big-endian
/// and row-major (http://yann.lecun.com/exdb/mnist).
public enum IDX {
  /// What an IDX file says about its data.
  private struct Header {
    let element: ElementType
    let extents: [Int]
    /// The size of the header, and of header and data together.
    let dataOffset: Int, fileBytes: Int
  }

  /// The tensor in the file at `path`.
  public static func read(_ path: String) throws(Diagnostic) -> Tensor {
    let file = try FileContents(path)
    // The largest header there can be comes first; the sizes it claims are checked before the rest is read.
    try file.read(upTo: 4 + 4 * 255)
    if file.bytes.isEmpty { throw Diagnostic("'\(path)' is empty, expected an IDX file") }
    let header = try header(file.bytes, path)
    if file.isGzipped, let count = file.fileBytes, header.fileBytes / deflateMaximumRatio > count {
      throw Diagnostic(
        "'\(path)' is truncated: its header promises \(header.fileBytes) bytes, "
          + "more than \(count) gzipped bytes can hold")
    }
    if let count = file.count, count < header.fileBytes {
      throw .truncatedIDX(path, "the shape \(header.extents)", header.fileBytes, count)
    }
    try file.read(upTo: header.fileBytes + 1)
    return try tensor(in: file.bytes, header: header, path)
  }

  /// The header at the start of `bytes`, checked.
  private static func header(_ bytes: [UInt8], _ path: String) throws(Diagnostic) -> Header {
    guard bytes.count >= 4 else { throw .truncatedIDX(path, "its header", 4, bytes.count) }
    guard bytes[0] == 0, bytes[1] == 0 else {
      throw Diagnostic("'\(path)' is not an IDX file: it does not start with two zero bytes")
        .noting("SOURCE is file.csv:COLUMN,…, file.npy, file.npz:KEY, file.safetensors:KEY or an IDX file")
    }
    guard let element = ElementType(idxCode: bytes[2]) else {
      throw Diagnostic("'\(path)' is not an IDX file: there is no element type \(bytes[2])")
    }
    let rank = Int(bytes[3])
    let dataOffset = 4 + 4 * rank
    var extents = [Int]()
    for axis in 0..<rank {
      guard let extent = bytes.big(UInt32.self, at: 4 + 4 * axis) else {
        throw .truncatedIDX(path, "its header", dataOffset, bytes.count)
      }
      extents.append(Int(extent))
    }
    guard let dataBytes = checkedByteCount(extents, element.byteCount), dataBytes <= Int.max - dataOffset - 1 else {
      throw Diagnostic("'\(path)' is corrupt: the extents \(extents) have more elements than can be counted")
    }
    return Header(element: element, extents: extents, dataOffset: dataOffset, fileBytes: dataOffset + dataBytes)
  }

  /// The tensor that `header` describes in the file's bytes, none of them missing or left.
  private static func tensor(in bytes: [UInt8], header: Header, _ path: String) throws(Diagnostic) -> Tensor {
    guard bytes.count >= header.fileBytes else {
      throw .truncatedIDX(path, "the shape \(header.extents)", header.fileBytes, bytes.count)
    }
    guard bytes.count == header.fileBytes else {
      throw Diagnostic(
        "'\(path)' is corrupt: the extents \(header.extents) take \(header.fileBytes) bytes, but more follow")
    }
    try header.element.requireMemory(header.extents, path)
    return bytes.withUnsafeBytes {
      header.element.tensor(header.extents, UnsafeRawBufferPointer(rebasing: $0[header.dataOffset...]), bigEndian: true)
    }
  }
}

extension Diagnostic {
  /// An IDX file that ends too early for `part`.
  fileprivate static func truncatedIDX(_ path: String, _ part: String, _ needed: Int, _ present: Int) -> Diagnostic {
    Diagnostic("'\(path)' is truncated: \(part) takes \(needed) bytes, but there are \(present)")
  }
}
