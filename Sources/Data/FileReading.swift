import Foundation
import FraguaSource

/// Reads the whole file at `path`, gzipped or not, as it lies there.
///
/// What is not there, is a folder, cannot be read, or does not fit in memory is a `Diagnostic` that names the path. A
/// pipe is read to its end.
package func readFile(_ path: String) throws(Diagnostic) -> [UInt8] {
  let file = try FileContents(path, inflates: false)
  try file.readAll()
  return file.bytes
}

/// The text file at `path`, gzipped or not, as diagnostics show it: without a byte order mark.
///
/// A file whose first 64 KB hold a byte 0 is refused before the rest is read. Diagnostics of CSV data have locations;
/// with this file `Diagnostic.rendered(files:)` shows their lines.
public func readSourceFile(_ path: String) throws(Diagnostic) -> SourceFile {
  let (file, start) = try FileContents.text(path)
  try file.readAll()
  return SourceFile(path: path, bytes: start == 0 ? file.bytes : Array(file.bytes.dropFirst(start)))
}

/// Whether there is a folder at `path`.
func isFolder(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
}

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
    let files = contents.filter { !$0.hasPrefix(".") }.sorted().lazy.filter { !isFolder(path + "/" + $0) }.prefix(3)
    guard !files.isEmpty else { return "name a file in it" }
    let slash = path.hasSuffix("/") ? "" : "/"
    let list = files.map { "'\(path)\(slash)\($0)'" }.joined(separator: ", ")
    return "name a file in it, such as \(list)"
  }

  /// The system's words for an error code, as diagnostics write them.
  static func reason(_ code: Int32) -> String { String(cString: strerror(code)).lowercased() }
}
