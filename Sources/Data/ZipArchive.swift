import CZlib
import FraguaSource
import FraguaTensors

/// A zip archive in memory: enough of one to read NumPy's `.npz` files.
///
/// The central directory says what is inside; members are stored or deflated. Encrypted members and archives beyond 4
/// GB (zip64) are refused. See PKWARE's APPNOTE.TXT.
struct ZipArchive {
  /// A file in the archive.
  struct Member {
    let name: String
    /// 0 is stored, 8 is deflated.
    let method: UInt16
    let isEncrypted: Bool
    let checksum: UInt32
    let compressedBytes: Int
    let bytes: Int
    /// Where the member's own header starts.
    let offset: Int
  }

  /// The archive's path, for the messages.
  private let path: String
  private let archive: [UInt8]
  /// In the order of the central directory.
  private(set) var members = [Member]()

  /// Reads the central directory of `archive`.
  init(_ archive: [UInt8], path: String) throws(Diagnostic) {
    self.path = path
    self.archive = archive
    guard !archive.isEmpty else { throw Diagnostic("'\(path)' is empty, expected a zip archive") }
    // The end record is last but for a comment of up to 65535 bytes.
    let last = archive.count - 22
    guard last >= 0, let end = (max(0, last - 65535)...last).last(where: { starts("PK\u{5}\u{6}", at: $0) }) else {
      throw Diagnostic("'\(path)' is truncated or not a zip archive: it has no central directory")
    }
    guard let count = archive.little(UInt16.self, at: end + 10), let start = archive.little(UInt32.self, at: end + 16)
    else {
      throw corrupt("its end record is damaged")
    }
    guard count != .max, start != .max else {
      throw Diagnostic("'\(path)' is a zip archive of more than 4 GB (zip64), which cannot be read")
        .noting("save the arrays as .npy files")
    }
    var position = Int(start)
    for _ in 0..<count { members.append(try readMember(&position)) }
  }

  /// The bytes of `member`, whose checksum is verified, or the first `limit` of more.
  func contents(of member: Member, atMost limit: Int = .max) throws(Diagnostic) -> [UInt8] {
    guard !member.isEncrypted else { throw Diagnostic("'\(member.name)' in '\(path)' is encrypted") }
    guard starts("PK\u{3}\u{4}", at: member.offset),
      let nameBytes = archive.little(UInt16.self, at: member.offset + 26),
      let extraBytes = archive.little(UInt16.self, at: member.offset + 28)
    else { throw corrupt("'\(member.name)' is not where the directory says") }
    let start = member.offset + 30 + Int(nameBytes) + Int(extraBytes)
    let end = start + member.compressedBytes
    guard end <= archive.count else { throw corrupt("'\(member.name)' reaches beyond the end of the file") }
    try ProcessLimits.require(min(limit, member.bytes)) {
      "'\(member.name)' in '\(path)' has \(member.bytes) bytes, more than the \($0) of memory that there is"
    }
    var output = [UInt8]()
    switch member.method {
    case 0: output = Array(archive[start..<end].prefix(limit))
    case 8:
      switch Inflater().run(archive, from: start, to: end, into: &output, atMost: min(limit, member.bytes)) {
      case .complete: break
      case .full where limit < member.bytes: break
      case .full: throw corrupt("'\(member.name)' is larger than the directory says")
      case .truncated: throw corrupt("'\(member.name)' is truncated")
      case .corrupt(let reason): throw corrupt("'\(member.name)': \(reason)")
      }
    case let method:
      throw Diagnostic("'\(member.name)' in '\(path)' is compressed by method \(method), expected 0 or 8 (deflate)")
    }
    if limit < member.bytes, output.count == limit { return output }
    let checksum = output.withUnsafeBufferPointer { crc32_z(0, $0.baseAddress, $0.count) }
    guard output.count == member.bytes, output.isEmpty || checksum == UInt(member.checksum) else {
      throw corrupt("the checksum of '\(member.name)' does not agree")
    }
    return output
  }

  /// Reads the directory's entry at `position` and moves on to the next.
  private func readMember(_ position: inout Int) throws(Diagnostic) -> Member {
    guard starts("PK\u{1}\u{2}", at: position),
      let flags = archive.little(UInt16.self, at: position + 8),
      let method = archive.little(UInt16.self, at: position + 10),
      let checksum = archive.little(UInt32.self, at: position + 16),
      let compressed = archive.little(UInt32.self, at: position + 20),
      let size = archive.little(UInt32.self, at: position + 24),
      let nameBytes = archive.little(UInt16.self, at: position + 28).map(Int.init),
      let extraBytes = archive.little(UInt16.self, at: position + 30).map(Int.init),
      let commentBytes = archive.little(UInt16.self, at: position + 32).map(Int.init),
      let offset = archive.little(UInt32.self, at: position + 42), archive.count - position - 46 >= nameBytes
    else { throw corrupt("its central directory is damaged") }
    let name = String(decoding: archive[position + 46..<position + 46 + nameBytes], as: UTF8.self)
    guard compressed != .max, size != .max, offset != .max else {
      throw Diagnostic("'\(name)' in '\(path)' has more than 4 GB (zip64), which cannot be read")
        .noting("save the arrays as .npy files")
    }
    position += 46 + nameBytes + extraBytes + commentBytes
    return Member(
      name: name, method: method, isEncrypted: flags & 1 != 0, checksum: checksum, compressedBytes: Int(compressed),
      bytes: Int(size), offset: Int(offset))
  }

  /// Whether the four characters of `signature` stand at `offset`.
  private func starts(_ signature: String, at offset: Int) -> Bool {
    offset >= 0 && offset <= archive.count - 4 && archive[offset..<offset + 4].elementsEqual(signature.utf8)
  }

  private func corrupt(_ reason: String) -> Diagnostic { Diagnostic("'\(path)' is corrupt: \(reason)") }
}
