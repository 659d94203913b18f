import FraguaSource
import FraguaTensors

extension Safetensors {
  /// The tensors and metadata in the file at `path`.
  ///
  /// Everything the header says is checked before a tensor is made: types, shapes, that the tensors fill the file without
  /// gaps or overlaps, and the checksum if it has one.
  public static func read(_ path: String) throws(Diagnostic) -> Safetensors {
    let (layout, file) = try contents(path)
    var result = Safetensors()
    result.metadata = layout.metadata
    try ProcessLimits.require(file.count) {
      "the tensors in '\(path)', \(file.count) bytes, exceed the \($0) of memory that there is"
    }
    for entry in layout.entries {
      result[entry.name] = tensor(entry, in: file, layout.dataOffset)
    }
    return result
  }

  /// The one tensor called `key` in the file at `path`; without a key, the only one there is.
  static func read(_ path: String, key: String?) throws(Diagnostic) -> Tensor {
    let (layout, file) = try contents(path)
    let name = try choose(key, among: layout.entries.map(\.name), path: path)
    guard let entry = layout.entries.first(where: { $0.name == name }) else {
      preconditionFailure("the chosen key is one of the names")
    }
    try entry.element.requireMemory(entry.extents, path)
    return tensor(entry, in: file, layout.dataOffset)
  }

  /// The header of the file at `path`, checked before the rest is read, and the whole file.
  private static func contents(_ path: String) throws(Diagnostic) -> (SafetensorsLayout, [UInt8]) {
    let file = try FileContents(path, inflates: false)
    try file.read(upTo: 9)
    if let length = file.bytes.little(UInt64.self, at: 0), length <= SafetensorsLayout.headerMaximumBytes,
      file.bytes.last == UInt8(ascii: "{")
    {
      try file.read(upTo: 8 + Int(length))
    }
    // A pipe does not say how much it holds.
    if file.count == nil { try file.readAll() }
    let layout = try SafetensorsLayout(file.bytes, of: file.count ?? file.bytes.count, path: path)
    try file.readAll()
    try layout.checkSum(of: file.bytes, path)
    return (layout, file.bytes)
  }

  /// The tensor that a checked entry describes.
  private static func tensor(_ entry: SafetensorsLayout.Entry, in file: [UInt8], _ dataOffset: Int) -> Tensor {
    file.withUnsafeBytes { bytes in
      let data = UnsafeRawBufferPointer(rebasing: bytes[dataOffset + entry.begin..<dataOffset + entry.end])
      return entry.element.tensor(entry.extents, data, bigEndian: false)
    }
  }
}

/// What the header of a safetensors file says, checked against the file.
struct SafetensorsLayout {
  /// A tensor's place in the data.
  struct Entry {
    var name: String
    var element = ElementType.ui8
    /// The format's name of the type.
    var dtype = ""
    var extents = [Int]()
    /// The half-open range of its bytes, counted from the start of the data.
    var begin = 0, end = 0
  }

  /// In the order of the data.
  private(set) var entries = [Entry]()
  private(set) var metadata: [String: String] = [:]
  /// Where the data starts in the file.
  let dataOffset: Int

  /// The longest header that the format allows.
  static let headerMaximumBytes = 100_000_000

  /// Reads and checks the header at the start of `file`, which has `count` bytes in all; `path` is for the messages.
  init(_ file: [UInt8], of count: Int, path: String) throws(Diagnostic) {
    guard !file.isEmpty else { throw Diagnostic("'\(path)' is empty, expected a safetensors file") }
    guard let length = file.little(UInt64.self, at: 0) else {
      throw Diagnostic("'\(path)' is truncated: a safetensors file has at least 8 bytes, this one \(count)")
    }
    guard length <= Self.headerMaximumBytes, count == 8 || file[8] == UInt8(ascii: "{") else {
      let error = Diagnostic("'\(path)' is not a safetensors file: it does not start with a header")
      guard let foreign = ForeignFile(contents: file) ?? ForeignFile(path: path[...]) else { throw error }
      throw foreign.parametersDiagnostic(path)
    }
    dataOffset = 8 + Int(length)
    guard dataOffset <= count, dataOffset <= file.count else {
      throw Diagnostic("'\(path)' is truncated: its header takes \(length) bytes, but \(count - 8) are there")
    }
    var json = HeaderJSON(bytes: file, position: 8, end: dataOffset, path: path)
    var seen = Set<String>()
    try json.object { json, name throws(Diagnostic) in
      guard seen.insert(name).inserted else { throw json.malformed("'\(name)' stands there twice") }
      if name == "__metadata__" {
        try json.object { json, key throws(Diagnostic) in metadata[key] = try json.string() }
      } else {
        entries.append(try Self.entry(name, &json))
      }
    }
    guard json.isAtEnd else { throw json.malformed("something follows the object") }
    entries.sort { ($0.begin, $0.end, $0.name) < ($1.begin, $1.end, $1.name) }
    try checkCoverage(of: count - dataOffset, path)
  }

  /// Reads the description of the tensor called `name`.
  private static func entry(_ name: String, _ json: inout HeaderJSON) throws(Diagnostic) -> Entry {
    var entry = Entry(name: name)
    var seen = Set<String>()
    try json.object { json, field throws(Diagnostic) in
      guard seen.insert(field).inserted else { throw json.malformed("'\(field)' of '\(name)' stands there twice") }
      switch field {
      case "dtype":
        let dtype = try json.string()
        guard let element = ElementType(safetensorsName: dtype) else {
          throw Diagnostic("'\(name)' in '\(json.path)' has elements of type \(dtype), which cannot be read")
            .noting("convert them to one of \(ElementType.allCases.map(\.safetensorsName).joined(separator: ", "))")
        }
        (entry.element, entry.dtype) = (element, dtype)
      case "shape": entry.extents = try json.integers()
      case "data_offsets":
        let offsets = try json.integers()
        guard offsets.count == 2 else { throw json.malformed("'data_offsets' of '\(name)' are not two numbers") }
        (entry.begin, entry.end) = (offsets[0], offsets[1])
      default: throw json.malformed("'\(name)' has an unknown field '\(field)'")
      }
    }
    for field in ["dtype", "shape", "data_offsets"] where !seen.contains(field) {
      throw json.malformed("'\(field)' of '\(name)' is missing")
    }
    return entry
  }

  /// Checks that every tensor has the bytes its type takes, and that together they are the data, each byte once.
  private func checkCoverage(of dataBytes: Int, _ path: String) throws(Diagnostic) {
    var position = 0
    for entry in entries {
      guard entry.begin <= entry.end, let bytes = checkedByteCount(entry.extents, entry.element.byteCount),
        bytes == entry.end - entry.begin
      else {
        throw Diagnostic(
          "'\(path)' is corrupt: the bytes \(entry.begin) to \(entry.end) of '\(entry.name)' "
            + "do not fit its shape \(entry.extents)")
      }
      guard entry.end <= dataBytes else {
        throw Diagnostic(
          "'\(path)' is truncated: '\(entry.name)' ends at byte \(entry.end) of its data, "
            + "but there are \(dataBytes)")
      }
      guard entry.begin == position else {
        throw Diagnostic(
          "'\(path)' is corrupt: '\(entry.name)' starts at byte \(entry.begin) of its data, "
            + "but what is before it ends at \(position)")
      }
      position = entry.end
    }
    guard position == dataBytes else {
      let rest = dataBytes - position
      throw Diagnostic("'\(path)' is corrupt: \(rest == 1 ? "1 byte follows" : "\(rest) bytes follow") its tensors")
    }
  }

  /// Checks that the tensors are those that were written, where the metadata have their checksum.
  func checkSum(of file: [UInt8], _ path: String) throws(Diagnostic) {
    guard let expected = metadata[TensorChecksum.key], TensorChecksum.isOne(expected) else { return }
    var checksum = TensorChecksum()
    for entry in entries.sorted(by: { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }) {
      file.withUnsafeBytes { bytes in
        let data = UnsafeRawBufferPointer(rebasing: bytes[dataOffset + entry.begin..<dataOffset + entry.end])
        checksum.add(entry.name, entry.dtype, entry.extents, data)
      }
    }
    guard checksum.text == expected else {
      throw Diagnostic(
        "'\(path)' is corrupt: the checksum of its tensors is \(checksum.text), but its metadata say \(expected)"
      )
      .noting("where the tensors were changed on purpose, '\(TensorChecksum.key)' must leave the metadata")
    }
  }
}
