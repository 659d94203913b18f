import FraguaSource
import FraguaTensors

extension Safetensors {
  /// Writes the tensors and metadata to a file at `path`, whole or not at all.
  ///
  /// The bytes depend on the contents only, not on their order: the tensors stand by falling size of their elements, so
  /// that each is aligned, then by name; metadata by key. This is the order of the format's own library.
  public func write(to path: String) throws(Diagnostic) {
    if self["__metadata__"] != nil {
      throw Diagnostic("cannot write '\(path)': a safetensors file has no tensor called '__metadata__'")
    }
    let ordered = entries.sorted {
      let sizes = ($0.tensor.element.byteCount, $1.tensor.element.byteCount)
      return sizes.0 != sizes.1 ? sizes.0 > sizes.1 : $0.name.utf8.lexicographicallyPrecedes($1.name.utf8)
    }
    let header = header(of: ordered)
    try writeAtomically(to: path) { append in
      withUnsafeBytes(of: UInt64(header.count).littleEndian, append)
      header.withUnsafeBytes(append)
      for entry in ordered { entry.tensor.withBytes(append) }
    }
  }

  /// The header, padded with spaces so that the data starts at a multiple of 8 bytes.
  private func header(of ordered: [Entry]) -> [UInt8] {
    var fields = [String]()
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
      fields.append("\"__metadata__\":{" + pairs.map { "\(quoted($0)):\(quoted($1))" }.joined(separator: ",") + "}")
    }
    var position = 0
    for entry in ordered {
      let type = entry.tensor.type
      let shape = type.extents.map(String.init).joined(separator: ",")
      let end = position + type.byteCount
      fields.append(
        "\(quoted(entry.name)):{\"dtype\":\"\(type.element.safetensorsName)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(position),\(end)]}")
      position = end
    }
    var header = Array(("{" + fields.joined(separator: ",") + "}").utf8)
    while header.count % 8 != 0 { header.append(UInt8(ascii: " ")) }
    return header
  }

  /// The checksum of the tensors, which ``read(_:)`` checks where the metadata have it as ``TensorChecksum/key``.
  package var checksum: String {
    var result = TensorChecksum()
    for entry in entries.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
      let type = entry.tensor.type
      entry.tensor.withBytes { result.add(entry.name, type.element.safetensorsName, type.extents, $0) }
    }
    return result.text
  }

  /// `text` as a JSON string.
  private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case "\u{0}"..<"\u{20}":
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
