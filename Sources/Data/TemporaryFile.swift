import Foundation
import FraguaSource

/// The file that a save writes beside the one that it replaces, under a name of its own.
///
/// Its writer keeps it locked. A lock ends with its process, so whoever saves next can tell a file that a killed process
/// left from one that is being written, whichever machine or container the writer runs in.
struct TemporaryFile {
  let path: String
  /// Open for writing, and locked.
  let descriptor: Int32

  /// Makes an empty file for a save to `name` in the folder `folder`, which ends with a slash; `asked` is the path that
  /// the user gave.
  init(in folder: String, of name: Substring, asked: String) throws(Diagnostic) {
    while true {
      let path = folder + Self.prefix(of: name) + "\(getpid()).\(UInt32.random(in: 0...(.max)))" + Self.suffix
      let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
      guard descriptor >= 0 else { throw .unwritable(asked, errno) }
      // Where a file system knows no locks, nobody gets one, and nobody takes the file for abandoned.
      while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
      // Another save may have taken the file for abandoned before it was locked.
      var status = stat()
      if fstat(descriptor, &status) != 0 || status.st_nlink > 0 {
        (self.path, self.descriptor) = (path, descriptor)
        return
      }
      Foundation.close(descriptor)
    }
  }

  /// Lets go of the file, which has its new name by now or is of no use.
  func close() { Foundation.close(descriptor) }

  /// Removes the files that killed saves to `name` left in `folder`.
  static func removeAbandoned(in folder: String, of name: Substring) {
    guard let stream = opendir(folder) else { return }
    defer { closedir(stream) }
    while let entry = readdir(stream) {
      let start = UnsafeRawPointer(entry) + MemoryLayout<dirent>.offset(of: \.d_name)!
      let candidate = String(cString: start.assumingMemoryBound(to: CChar.self))
      if isTemporary(candidate, of: name) { removeIfAbandoned(folder + candidate) }
    }
  }

  /// Whether a file called `candidate` is one that a save to `name` writes.
  private static func isTemporary(_ candidate: String, of name: Substring) -> Bool {
    let prefix = prefix(of: name)
    guard candidate.hasPrefix(prefix), candidate.hasSuffix(suffix), candidate.utf8.count > prefix.utf8.count else {
      return false
    }
    let numbers = candidate.dropFirst(prefix.count).dropLast(suffix.count)
      .split(separator: ".", omittingEmptySubsequences: false)
    return numbers.count == 2 && numbers.allSatisfy { UInt32($0) != nil }
  }

  /// Removes the regular file at `path` where nobody has it locked.
  private static func removeIfAbandoned(_ path: String) {
    let descriptor = open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { return }
    defer { Foundation.close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { unlink(path) }
  }

  private static func prefix(of name: Substring) -> String { ".\(name.prefix(80))." }
  private static let suffix = ".tmp"
}
