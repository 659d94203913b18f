import Foundation
import FraguaSource
import FraguaTensors

/// The contents of a file, of which no more is read, and inflated where it is gzipped, than is asked for.
///
/// So what is wrong at a file's start is found before the rest costs anything, whatever its size and whatever it
/// inflates to. Memory is asked for before it is taken.
final class FileContents {
  /// As the user wrote it.
  let path: String
  /// What has been read so far.
  private(set) var bytes: [UInt8] = []
  /// Whether `bytes` is all there is.
  private(set) var isAtEnd = false
  /// The size of a regular file as it lies there; `nil` of a pipe and the like.
  private(set) var fileBytes: Int?
  private let descriptor: Int32
  private var gzip: GzipStream?

  /// Opens the file at `path`.
  ///
  /// - Parameter inflates: whether a gzip file's contents are what it inflates to.
  /// - Throws: where it is not there, is a folder, or cannot be read.
  init(_ path: String, inflates: Bool = true) throws(Diagnostic) {
    self.path = path
    descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path, errno) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { throw .unreadable(path, errno) }
    guard status.st_mode & S_IFMT != S_IFDIR else { throw .unreadable(path, EISDIR) }
    // The kernel's own files say that they are empty.
    if status.st_mode & S_IFMT == S_IFREG, status.st_size > 0 { fileBytes = Int(status.st_size) }
    guard inflates else { return }
    try read(upTo: 2)
    guard isGzip(bytes) else { return }
    gzip = GzipStream(path, startingWith: bytes)
    bytes = []
    isAtEnd = false
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  /// Whether the contents are inflated.
  var isGzipped: Bool { gzip != nil }

  /// How many bytes there are in all, where that is known without reading them.
  var count: Int? { isAtEnd ? bytes.count : isGzipped ? nil : fileBytes }

  /// Reads on until there are `count` bytes, or all.
  /// - Throws: where they exceed the memory, or cannot be read.
  func read(upTo count: Int) throws(Diagnostic) {
    // One byte more than a regular file has shows its end.
    let target = isGzipped ? count : min(count, fileBytes.map { max($0, bytes.count) + 1 } ?? count)
    guard !isAtEnd, bytes.count < target else { return }
    try ProcessLimits.require(target) { memory in
      isGzipped
        ? "'\(path)' inflates to more than the \(memory) of memory that there is"
        : "'\(path)' has \(fileBytes.map { "\($0)" } ?? "more than \(bytes.count)") bytes, more than the \(memory) of memory that there is"
    }
    var failure: Diagnostic?
    let grown = [UInt8](unsafeUninitializedCapacity: target) { buffer, filled in
      _ = buffer.update(fromContentsOf: bytes)
      filled = bytes.count
      do throws(Diagnostic) {
        while filled < target {
          let rest = UnsafeMutableBufferPointer(rebasing: buffer[filled...])
          let count =
            if let gzip { try gzip.read(into: rest, from: descriptor, of: fileBytes) } else {
              try readBytes(descriptor, rest, of: path)
            }
          if count == 0 { break }
          filled += count
        }
      } catch { failure = error }
    }
    if let failure { throw failure }
    bytes = grown
    // A file that grew meanwhile is read as far as it went.
    isAtEnd = bytes.count < target || (!isGzipped && fileBytes.map { bytes.count > $0 } ?? false)
  }

  /// Reads everything.
  func readAll() throws(Diagnostic) {
    if !isGzipped, let fileBytes { try read(upTo: fileBytes + 1) }
    while !isAtEnd { try read(upTo: max(1 << 16, 2 * bytes.count)) }
  }
}

/// Reads from `descriptor` what fits in `buffer`; 0 at the end.
func readBytes(
  _ descriptor: Int32, _ buffer: UnsafeMutableBufferPointer<UInt8>, of path: String
) throws(Diagnostic) -> Int {
  while true {
    let count = read(descriptor, buffer.baseAddress!, min(buffer.count, 1 << 30))
    if count >= 0 { return count }
    if errno != EINTR { throw .unreadable(path, errno) }
  }
}

extension FileContents {
  /// The first bytes of a file that is a text, or at least starts like one.
  ///
  /// - Returns: a file whose first 64 KB are read, and how long its byte order mark is.
  static func text(_ path: String) throws(Diagnostic) -> (file: FileContents, start: Int) {
    let file = try FileContents(path)
    try file.read(upTo: 1 << 16)
    let bytes = file.bytes
    if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
      throw Diagnostic("'\(path)' is UTF-16 text, expected UTF-8").noting("save the file as UTF-8")
    }
    if let foreign = ForeignFile(contents: bytes) { throw foreign.diagnostic(path) }
    let start = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    if let place = bytes.firstIndex(of: 0) {
      throw Diagnostic("the byte 0x00 is no text", at: location(of: place, in: bytes, from: start, path: path))
        .noting("is this another kind of file?")
    }
    return (file, start)
  }

  /// The place of byte `offset` of a text that starts at byte `start` of `bytes`.
  static func location(of offset: Int, in bytes: [UInt8], from start: Int, path: String) -> SourceLocation {
    var line = 1
    var lineStart = start
    for index in start..<max(start, min(offset, bytes.count)) where bytes[index] == UInt8(ascii: "\n") {
      line += 1
      lineStart = index + 1
    }
    let column = bytes[lineStart..<max(lineStart, min(offset, bytes.count))].count { $0 & 0xC0 != 0x80 } + 1
    return SourceLocation(file: path, line: line, column: column)
  }
}

/// What stands at a place of a text file; `nil` where the file is none that can be read again, or has no such line in
/// its first 64 MB.
package func readExcerpt(at place: SourceLocation) -> SourceExcerpt? {
  guard place.line >= 1, let (file, start) = try? openRegular(place.file) else { return nil }
  var position = start
  var line = 1
  while true {
    while line < place.line, position < file.bytes.count {
      if file.bytes[position] == UInt8(ascii: "\n") { line += 1 }
      position += 1
    }
    if line == place.line {
      // As much as is shown, at up to four bytes a scalar.
      try? file.read(upTo: position + 4 * (min(place.column, 1 << 22) + 200))
      let rest = file.bytes[position...]
      return SourceExcerpt(line: rest.prefix { $0 != UInt8(ascii: "\n") }, column: place.column)
    }
    guard !file.isAtEnd, file.bytes.count < 64 << 20, (try? file.read(upTo: 2 * file.bytes.count)) != nil else {
      return nil
    }
  }
}

/// The regular file at `path`, of which the first 64 KB are read, and the length of its byte order mark.
private func openRegular(_ path: String) throws(Diagnostic) -> (FileContents, start: Int)? {
  var status = stat()
  guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
  let file = try FileContents(path)
  try file.read(upTo: 1 << 16)
  return (file, file.bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0)
}
