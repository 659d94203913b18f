import FraguaSource
import FraguaTensors

/// Reading and writing NPY files, NumPy's format for one array.
///
/// All versions, both byte orders and both storage orders are read; an array in Fortran order is transposed to
/// row-major. Version 1, little-endian and row-major, is written. See NumPy's `numpy.lib.format`.
public enum NPY {
  /// The tensor in the file at `path`, gzipped or not.
  public static func read(_ path: String) throws(Diagnostic) -> Tensor {
    let file = try FileContents(path)
    try file.read(upTo: headerBytes)
    let header = try NPYHeader(file.bytes, path: path)
    let size = try size(header, path)
    if let count = file.count { try check(count - header.dataOffset, against: size, header, path) }
    try file.read(upTo: header.dataOffset + size + 1)
    guard file.isAtEnd else { throw Diagnostic("'\(path)' is corrupt: more bytes follow its data") }
    return try tensor(in: file.bytes, header, path)
  }

  /// No header of numbers is longer; what a file says there is checked before more of it is read.
  static let headerBytes = 1 << 20

  /// Writes `tensor` to a file at `path`, whole or not at all; `bf16`, which NumPy does not know, as `f32`.
  public static func write(_ tensor: Tensor, to path: String) throws(Diagnostic) {
    let tensor = tensor.element.npyName == nil ? tensor.arithmetic : tensor
    let header = header(of: tensor.type)
    try writeAtomically(to: path) { append in
      header.withUnsafeBytes(append)
      tensor.withBytes(append)
    }
  }

  /// The array that an NPY file's bytes hold, none of them missing or left.
  static func tensor(in bytes: [UInt8], path: String) throws(Diagnostic) -> Tensor {
    try tensor(in: bytes, NPYHeader(bytes, path: path), path)
  }

  /// The size of the data that `header` describes.
  static func size(_ header: NPYHeader, _ path: String) throws(Diagnostic) -> Int {
    guard let bytes = checkedByteCount(header.extents, header.element.byteCount), bytes < Int.max - 2 * headerBytes
    else {
      throw Diagnostic("'\(path)' is corrupt: the shape \(header.extents) has more elements than can be counted")
    }
    return bytes
  }

  /// Checks that `present` bytes of data are the `dataBytes` that the header's shape takes.
  private static func check(
    _ present: Int, against dataBytes: Int, _ header: NPYHeader, _ path: String
  ) throws(Diagnostic) {
    guard present >= dataBytes else {
      throw Diagnostic(
        "'\(path)' is truncated: the shape \(header.extents) takes \(dataBytes) bytes, but there are \(present)")
    }
    guard present == dataBytes else {
      let rest = present - dataBytes
      throw Diagnostic("'\(path)' is corrupt: \(rest == 1 ? "1 byte follows" : "\(rest) bytes follow") its data")
    }
  }

  /// The array whose data stand behind `header` in `bytes`.
  private static func tensor(in bytes: [UInt8], _ header: NPYHeader, _ path: String) throws(Diagnostic) -> Tensor {
    try check(bytes.count - header.dataOffset, against: size(header, path), header, path)
    try header.element.requireMemory(header.extents, path)
    let data =
      header.fortranOrder
      ? rowMajor(bytes[header.dataOffset...], header.extents, header.element.byteCount) : bytes
    return data.withUnsafeBytes {
      let start = header.fortranOrder ? 0 : header.dataOffset
      return header.element.tensor(
        header.extents, UnsafeRawBufferPointer(rebasing: $0[start...]), bigEndian: header.bigEndian)
    }
  }

  /// Elements of `size` bytes whose first axis varies fastest, in row-major order.
  private static func rowMajor(_ data: ArraySlice<UInt8>, _ extents: [Int], _ size: Int) -> [UInt8] {
    var strides = [Int]()
    var count = size
    for extent in extents {
      strides.append(count)
      count *= extent
    }
    return [UInt8](unsafeUninitializedCapacity: data.count) { output, filled in
      data.withUnsafeBufferPointer { input in
        var index = [Int](repeating: 0, count: extents.count)
        var source = 0
        for target in stride(from: 0, to: input.count, by: size) {
          for byte in 0..<size { output.initializeElement(at: target + byte, to: input[source + byte]) }
          // The next index in row-major order, like an odometer.
          var axis = extents.count - 1
          while axis >= 0 {
            index[axis] += 1
            source += strides[axis]
            if index[axis] < extents[axis] { break }
            source -= strides[axis] * extents[axis]
            index[axis] = 0
            axis -= 1
          }
        }
      }
      filled = data.count
    }
  }

  /// The bytes before the data of a tensor of `type`, a multiple of 64 of them.
  private static func header(of type: TensorType) -> [UInt8] {
    guard let name = type.element.npyName else {
      preconditionFailure("\(type.element.rawValue) is written as another type")
    }
    let descr = (type.element.byteCount == 1 ? "|" : "<") + name
    let shape = type.extents.map(String.init).joined(separator: ", ") + (type.rank == 1 ? "," : "")
    var text = "{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(shape)), }"
    text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
    let length = UInt16(clamping: text.utf8.count)
    precondition(text.utf8.count < 1 << 16, "a tensor of rank \(type.rank) has no NPY header of version 1")
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
  }
}
