import Foundation
import FraguaSource

/// Writes a file whole or not at all.
///
/// `body` gets a function that appends bytes. They go to a temporary file in the same folder, which is flushed to the
/// disk and renamed to `path` at the end: whoever looks sees the old file or the new one, and a failure leaves the old
/// one and nothing else. What a killed save to the same path left is removed first. A symbolic link is followed. What is
/// no regular file, such as `/dev/null` or a pipe, is written directly.
package func writeAtomically(
  to path: String, _ body: (_ append: (UnsafeRawBufferPointer) -> Void) -> Void
) throws(Diagnostic) {
  var status = stat()
  let exists = stat(path, &status) == 0
  let isDirectory = exists && status.st_mode & S_IFMT == S_IFDIR
  guard !isDirectory, !path.isEmpty, !path.hasSuffix("/") else {
    throw .unwritable(path, path.isEmpty ? ENOENT : EISDIR)
  }
  if exists, status.st_mode & S_IFMT != S_IFREG { return try writeDirectly(to: path, body) }
  if exists, access(path, W_OK) != 0 { throw .unwritable(path, errno) }
  let target = exists ? URL(fileURLWithPath: path).resolvingSymlinksInPath().path : path
  let slash = target.lastIndex(of: "/")
  let folder = slash.map { String(target[...$0]) } ?? "./"
  let name = slash.map { target[target.index(after: $0)...] } ?? target[...]
  TemporaryFile.removeAbandoned(in: folder, of: name)
  let temporary = try TemporaryFile(in: folder, of: name, asked: path)
  defer { temporary.close() }
  var failure = append(to: temporary.descriptor, body)
  if failure == 0, fsync(temporary.descriptor) != 0 { failure = errno }
  // The new file is as accessible as the one it replaces.
  if exists { fchmod(temporary.descriptor, status.st_mode & 0o7777) }
  if failure == 0, rename(temporary.path, target) != 0 { failure = errno }
  if failure != 0 {
    unlink(temporary.path)
    throw .unwritable(path, failure)
  }
  // The rename itself reaches the disk with the folder; not every file system lets a folder be flushed.
  let descriptor = open(folder, O_RDONLY | O_CLOEXEC)
  if descriptor >= 0 {
    fsync(descriptor)
    close(descriptor)
  }
}

/// Writes to what is no regular file.
private func writeDirectly(
  to path: String, _ body: (_ append: (UnsafeRawBufferPointer) -> Void) -> Void
) throws(Diagnostic) {
  let descriptor = open(path, O_WRONLY | O_CLOEXEC)
  guard descriptor >= 0 else { throw .unwritable(path, errno) }
  var failure = append(to: descriptor, body)
  if close(descriptor) != 0, failure == 0 { failure = errno }
  if failure != 0 { throw .unwritable(path, failure) }
}

/// Appends what `body` gives to an open file.
/// - Returns: the system's reason for the first failure, or 0.
private func append(to descriptor: Int32, _ body: (_ append: (UnsafeRawBufferPointer) -> Void) -> Void) -> Int32 {
  var failure: Int32 = 0
  body { bytes in
    var written = 0
    while failure == 0, written < bytes.count {
      let n = write(descriptor, bytes.baseAddress! + written, min(bytes.count - written, 1 << 30))
      if n < 0, errno == EINTR { continue }
      if n <= 0 { failure = n < 0 ? errno : EIO } else { written += n }
    }
  }
  return failure
}

extension Diagnostic {
  /// `path` cannot be written; `code` is the system's reason.
  static func unwritable(_ path: String, _ code: Int32) -> Diagnostic {
    Diagnostic("cannot write '\(path)': \(reason(code))")
  }
}
