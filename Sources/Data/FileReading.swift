import Foundation
import FraguaSource

/// Reads the whole file at `path`.
///
/// What is not there, is a folder, cannot be read, or does not fit in memory is a `Diagnostic` that names the path. A
/// pipe is read to its end.
package func readFile(_ path: String) throws(Diagnostic) -> [UInt8] {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .unreadable(path, errno) }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0 else { throw .unreadable(path, errno) }
  guard status.st_mode & S_IFMT != S_IFDIR else { throw .unreadable(path, EISDIR) }
  let expected = Int(status.st_size)
  guard expected <= physicalMemoryBytes else {
    throw Diagnostic("'\(path)' has \(expected) bytes, but this machine has \(physicalMemoryBytes) bytes of memory")
  }
  var contents = [UInt8]()
  // One byte more, so that a file of the expected size ends in the same chunk.
  var chunkBytes = max(expected + 1, 1 << 16)
  while true {
    var failure: Int32 = 0
    let chunk = [UInt8](unsafeUninitializedCapacity: chunkBytes) { buffer, filled in
      while filled < buffer.count {
        let n = read(descriptor, buffer.baseAddress! + filled, min(buffer.count - filled, 1 << 30))
        if n < 0, errno == EINTR { continue }
        if n < 0 { failure = errno }
        if n <= 0 { break }
        filled += n
      }
    }
    if failure != 0 { throw .unreadable(path, failure) }
    if contents.isEmpty { contents = chunk } else { contents += chunk }
    if chunk.count < chunkBytes { return contents }
    chunkBytes = 1 << 20
  }
}

/// The text file at `path`, gzipped or not, as diagnostics show it: without a byte order mark.
///
/// Diagnostics of CSV data have locations; with this file `Diagnostic.rendered(files:)` shows their lines.
public func readSourceFile(_ path: String) throws(Diagnostic) -> SourceFile {
  SourceFile(path: path, bytes: try readText(path))
}

/// The bytes of a text file, gzipped or not, without a UTF-8 byte order mark; UTF-16 is refused.
func readText(_ path: String) throws(Diagnostic) -> [UInt8] {
  let bytes = try readMaybeGzipped(path)
  if bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF]) {
    throw Diagnostic("'\(path)' is UTF-16 text, expected UTF-8").noting("save the file as UTF-8")
  }
  return bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? Array(bytes.dropFirst(3)) : bytes
}

/// The file at `path`, inflated if it starts like a gzip file.
func readMaybeGzipped(_ path: String) throws(Diagnostic) -> [UInt8] {
  let bytes = try readFile(path)
  guard isGzip(bytes) else { return bytes }
  let contents = try gunzip(bytes, path: path, atMost: physicalMemoryBytes)
  guard contents.count < physicalMemoryBytes else {
    throw Diagnostic("'\(path)' inflates to more than the \(physicalMemoryBytes) bytes of memory that this machine has")
  }
  return contents
}

/// Whether there is a folder at `path`.
func isFolder(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

/// The machine's memory: a file larger than this is refused before anything is allocated.
let physicalMemoryBytes: Int = {
  let (product, overflow) = sysconf(Int32(_SC_PHYS_PAGES)).multipliedReportingOverflow(by: sysconf(Int32(_SC_PAGESIZE)))
  return overflow || product <= 0 ? .max : product
}()

extension Diagnostic {
  /// `path` cannot be read; `code` is the system's reason. A name near it in the same folder is suggested.
  static func unreadable(_ path: String, _ code: Int32) -> Diagnostic {
    let error = Diagnostic("cannot read '\(path)': \(reason(code))")
    if code == EISDIR { return error.noting(insideHint(path)) }
    guard code == ENOENT else { return error }
    let url = URL(fileURLWithPath: path)
    let siblings = (try? FileManager.default.contentsOfDirectory(atPath: url.deletingLastPathComponent().path)) ?? []
    guard let near = nearestName(to: url.lastPathComponent, among: siblings) else { return error }
    return error.noting("did you mean '\(near)'?")
  }

  /// What to name in place of the folder at `path`.
  private static func insideHint(_ path: String) -> String {
    let contents = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
    let files = contents.filter { !$0.hasPrefix(".") && !isFolder(path + "/" + $0) }.sorted()
    guard !files.isEmpty else { return "name a file in it" }
    let slash = path.hasSuffix("/") ? "" : "/"
    let list = files.prefix(3).map { "'\(path)\(slash)\($0)'" }.joined(separator: ", ")
    return "name a file in it, such as \(list)"
  }

  /// The system's words for an error code, as diagnostics write them.
  static func reason(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }
}
