import Foundation
import FraguaSource

/// Writes a file whole or not at all.
///
/// `body` gets a function that appends bytes. They go to a temporary file in the same folder, which is flushed to the
/// disk and renamed to `path` at the end: whoever looks sees the old file or the new one, and a failure leaves the old
/// one and nothing else. A symbolic link is followed. What is no regular file, such as `/dev/null` or a pipe, is
/// written directly.
package func writeAtomically(
  to path: String, _ body: (_ append: (UnsafeRawBufferPointer) -> Void) -> Void
) throws(Diagnostic) {
  var status = stat()
  let exists = stat(path, &status) == 0
  let isDirectory = exists && status.st_mode & S_IFMT == S_IFDIR
  guard !isDirectory, !path.isEmpty, !path.hasSuffix("/") else {
    throw .unwritable(path, path.isEmpty ? ENOENT : EISDIR)
  }
  if exists, status.st_mode & S_IFMT != S_IFREG {
    try writeFile(path, asked: path, flags: O_WRONLY, synchronize: false, body)
    return
  }
  if exists, access(path, W_OK) != 0 { throw .unwritable(path, errno) }
  let target = exists ? URL(fileURLWithPath: path).resolvingSymlinksInPath().path : path
  let slash = target.lastIndex(of: "/")
  let folder = slash.map { String(target[...$0]) } ?? "./"
  let name = slash.map { target[target.index(after: $0)...] } ?? target[...]
  let temporary = folder + ".\(name.prefix(80)).\(getpid()).\(UInt32.random(in: 0...(.max))).tmp"
  do throws(Diagnostic) {
    try writeFile(temporary, asked: path, flags: O_WRONLY | O_CREAT | O_EXCL, synchronize: true, body)
    // The new file is as accessible as the one it replaces.
    if exists { chmod(temporary, status.st_mode & 0o7777) }
    guard rename(temporary, target) == 0 else { throw .unwritable(path, errno) }
  } catch {
    unlink(temporary)
    throw error
  }
  // The rename itself reaches the disk with the folder; not every file system lets a folder be flushed.
  let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
  if descriptor >= 0 {
    fsync(descriptor)
    close(descriptor)
  }
}

/// Opens `path`, runs `body` on it, and closes it; the first failure is reported for the path that was `asked` for.
private func writeFile(
  _ path: String, asked: String, flags: Int32, synchronize: Bool,
  _ body: (_ append: (UnsafeRawBufferPointer) -> Void) -> Void
) throws(Diagnostic) {
  let descriptor = open(path, flags | O_CLOEXEC, 0o666)
  guard descriptor >= 0 else { throw .unwritable(asked, errno) }
  var failure: Int32 = 0
  body { bytes in
    var written = 0
    while failure == 0, written < bytes.count {
      let n = write(descriptor, bytes.baseAddress! + written, min(bytes.count - written, 1 << 30))
      if n < 0, errno == EINTR { continue }
      if n <= 0 { failure = n < 0 ? errno : EIO } else { written += n }
    }
  }
  if failure == 0, synchronize, fsync(descriptor) != 0 { failure = errno }
  if close(descriptor) != 0, failure == 0 { failure = errno }
  if failure != 0 { throw .unwritable(asked, failure) }
}

extension Diagnostic {
  /// `path` cannot be written; `code` is the system's reason.
  static func unwritable(_ path: String, _ code: Int32) -> Diagnostic {
    Diagnostic("cannot write '\(path)': \(reason(code))")
  }
}
