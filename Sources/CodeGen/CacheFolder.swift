#if canImport(Glibc)
  import Glibc
#endif

/// A folder that nobody but the user can have written to, held open: what is done in it is done there, wherever its
/// path leads afterwards.
///
/// No symbolic link is followed, neither in place of the folder nor in it. A folder that is not the user's own, or that
/// others may write to, is none.
struct CacheFolder: ~Copyable {
  private let descriptor: Int32

  /// Opens the folder at `path`.
  /// - Parameter makes: whether it is made where it is not there, with those that it lies in.
  init?(_ path: String, makes: Bool) {
    // Behind a slash a link would be followed.
    let path = String(path.reversed().drop { $0 == "/" }.reversed())
    if makes, !Self.make(path) { return nil }
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    var status = stat()
    guard fstat(descriptor, &status) == 0, Self.isOwn(status) else {
      close(descriptor)
      return nil
    }
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Whether a file or folder is the user's and only the user may write to it.
  private static func isOwn(_ status: stat) -> Bool { status.st_uid == geteuid() && status.st_mode & 0o022 == 0 }

  /// Makes the folder `path` and those it lies in; whether it is there now.
  private static func make(_ path: String) -> Bool {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return true }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return false }
    return make(String(path[..<slash])) && (mkdir(path, 0o700) == 0 || errno == EEXIST)
  }

  // MARK: The secret

  private static let secretName = "key"

  /// What entries are signed with: random numbers that were drawn when the folder was first used.
  /// - Parameter makes: whether they are drawn now where there are none.
  func secret(makes: Bool) -> SipHash.Words? {
    if let bytes = read(Self.secretName, limitBytes: 16, isPrivate: true) { return SipHash.Words(bytes) }
    var bytes = [UInt8](repeating: 0, count: 16)
    guard makes, getentropy(&bytes, bytes.count) == 0 else { return nil }
    // The name appears with the whole secret behind it, and is never replaced: another process may have been faster.
    let temporary = temporaryName(for: Self.secretName)
    defer { remove(temporary) }
    guard create(temporary, bytes) else { return nil }
    _ = linkat(descriptor, temporary, descriptor, Self.secretName, 0)
    return read(Self.secretName, limitBytes: 16, isPrivate: true).flatMap { SipHash.Words($0) }
  }

  // MARK: Files

  /// The bytes of the file `name` if only the user can have written it, and nobody else read it where it `isPrivate`;
  /// `nil` where there is none, or one of more than `limitBytes`.
  /// - Parameter marksUse: whether the file's time becomes that of now.
  func read(_ name: String, limitBytes: Int, isPrivate: Bool = false, marksUse: Bool = false) -> [UInt8]? {
    let file = openat(descriptor, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0, status.st_mode & S_IFMT == S_IFREG, Self.isOwn(status),
      status.st_size <= limitBytes,
      !isPrivate || status.st_mode & 0o077 == 0
    else { return nil }
    if marksUse { _ = futimens(file, nil) }
    let size = Int(status.st_size)
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = Glibc.read(file, buffer.baseAddress! + count, size - count)
        if got < 0, errno == EINTR { continue }
        if got <= 0 { return }
        count += got
      }
    }
  }

  /// Writes the file `name` whole or not at all; whether it did.
  func write(_ name: String, _ bytes: [UInt8]) -> Bool {
    let temporary = temporaryName(for: name)
    if create(temporary, bytes), renameat(descriptor, temporary, descriptor, name) == 0 { return true }
    remove(temporary)
    return false
  }

  func remove(_ name: String) { unlinkat(descriptor, name, 0) }

  private func temporaryName(for name: String) -> String { "\(name).\(getpid()).\(UInt32.random(in: 0 ... .max))" }

  /// Makes the file `name`, which is not there, with `bytes`; whether all were written.
  private func create(_ name: String, _ bytes: [UInt8]) -> Bool {
    let file = openat(descriptor, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
    guard file >= 0 else { return false }
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(file, $0.baseAddress!, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { break }
      rest = rest.dropFirst(written)
    }
    return close(file) == 0 && rest.isEmpty
  }

  /// A file with its size and the time of its last use.
  struct Entry {
    let name: String
    let bytes: Int
    let time: timespec
  }

  /// The regular files whose names `isWanted` accepts.
  func entries(_ isWanted: (String) -> Bool) -> [Entry] {
    let copy = openat(descriptor, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard copy >= 0 else { return [] }
    guard let folder = fdopendir(copy) else {
      close(copy)
      return []
    }
    defer { closedir(folder) }
    var entries: [Entry] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      var status = stat()
      guard isWanted(name), fstatat(descriptor, name, &status, AT_SYMLINK_NOFOLLOW) == 0,
        status.st_mode & S_IFMT == S_IFREG
      else { continue }
      entries.append(Entry(name: name, bytes: Int(status.st_size), time: status.st_mtim))
    }
    return entries
  }
}
