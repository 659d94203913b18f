import FraguaSource
import FraguaTensors

/// Reading and writing NPY files, NumPy's format for one array.
///
/// All versions, both byte orders and both storage orders are read; an array in Fortran order is transposed to
/// row-major. Signed bytes, shorts and unsigned integers are read as the smallest integer type of tensors that holds
/// them. Version 1, little-endian and row-major, is written. See NumPy's `numpy.lib.format`.
public enum NPY {
  /// The tensor in the file at `path`, gzipped or not.
  public static func read(_ path: String) throws(Diagnostic) -> Tensor {
    try tensor(in: readMaybeGzipped(path), path: path)
  }

  /// Writes `tensor` to a file at `path`, whole or not at all.
  public static func write(_ tensor: Tensor, to path: String) throws(Diagnostic) {
    let header = header(of: tensor.type)
    try writeAtomically(to: path) { append in
      header.withUnsafeBytes(append)
      tensor.withBytes(append)
    }
  }

  /// The array that an NPY file's bytes hold, none of them missing or left.
  static func tensor(in bytes: [UInt8], path: String) throws(Diagnostic) -> Tensor {
    let header = try NPYHeader(bytes, path: path)
    guard let dataBytes = checkedByteCount(header.extents, header.element.byteCount) else {
      throw Diagnostic("'\(path)' is corrupt: the shape \(header.extents) has more elements than can be counted")
    }
    let present = bytes.count - header.dataOffset
    guard present >= dataBytes else {
      throw Diagnostic(
        "'\(path)' is truncated: the shape \(header.extents) takes \(dataBytes) bytes, but there are \(present)")
    }
    guard present == dataBytes else {
      let rest = present - dataBytes
      throw Diagnostic("'\(path)' is corrupt: \(rest == 1 ? "1 byte follows" : "\(rest) bytes follow") its data")
    }
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
    let descr =
      switch type.element {
      case .f32: "<f4"
      case .f64: "<f8"
      case .i32: "<i4"
      case .i64: "<i8"
      case .ui8: "|u1"
      case .i1: "|b1"
      }
    let shape = type.extents.map(String.init).joined(separator: ", ") + (type.rank == 1 ? "," : "")
    var text = "{'descr': '\(descr)', 'fortran_order': False, 'shape': (\(shape)), }"
    text += String(repeating: " ", count: 63 - (10 + text.utf8.count) % 64) + "\n"
    let length = UInt16(clamping: text.utf8.count)
    precondition(text.utf8.count < 1 << 16, "a tensor of rank \(type.rank) has no NPY header of version 1")
    return [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 0xFF), UInt8(length >> 8)] + Array(text.utf8)
  }
}
