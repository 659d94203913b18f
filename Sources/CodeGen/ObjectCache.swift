import CLLVM
import FraguaKernels

#if canImport(Glibc)
  import Glibc
#endif

/// Object files of steps that were compiled before, in a folder on disk.
///
/// An entry is a file that holds the text of all that its code depends on: it is used only where that text is the same,
/// so a collision of names or damage gives no wrong code. What somebody else could have written is not used: the file
/// must belong to the user, and only the user may write to it. Files are written beside and renamed, so several
/// processes may share a folder. Whatever goes wrong with the folder, the step is compiled.
public struct ObjectCache: Sendable {
  /// Where entries lie.
  public let directory: String
  /// The bytes that all entries may take; of more, those not used for longest are removed.
  public let limitBytes: Int

  public init(directory: String, limitBytes: Int = 256 << 20) {
    self.directory = directory
    self.limitBytes = limitBytes
  }

  /// `fragua` in the user's folder for caches: `$XDG_CACHE_HOME`, or `~/.cache`; `nil` where there is neither.
  public static let standard: ObjectCache? = {
    let variable = { (name: String) in getenv(name).map { String(cString: $0) } ?? "" }
    let (caches, home) = (variable("XDG_CACHE_HOME"), variable("HOME"))
    // The specification has relative paths ignored.
    if caches.hasPrefix("/") { return ObjectCache(directory: caches + "/fragua") }
    return home.hasPrefix("/") ? ObjectCache(directory: home + "/.cache/fragua") : nil
  }()

  // MARK: Keys

  /// All that the code of a step depends on; `nil` where the code generator cannot be told from others.
  static func key(_ parts: StepParts, _ processor: Processor) -> String? {
    guard let generator else { return nil }
    return """
      code generator \(generator)
      \(processor.description)
      profiled \(parts.instrumentation.isProfiled), poisons \(parts.instrumentation.poisonsDeadBytes)
      \(parts.text)
      """
  }

  /// What tells this build of the code generator from others: size, number and times of the program it is part of.
  private static let generator: String? = {
    var version: (UInt32, UInt32, UInt32) = (0, 0, 0)
    LLVMGetVersion(&version.0, &version.1, &version.2)
    var status = stat()
    guard stat("/proc/self/exe", &status) == 0 else { return nil }
    let (written, changed) = (status.st_mtim, status.st_ctim)
    return "\(status.st_size) \(status.st_ino) \(written.tv_sec).\(written.tv_nsec) "
      + "\(changed.tv_sec).\(changed.tv_nsec), LLVM \(version.0).\(version.1).\(version.2)"
  }()

  // MARK: Entries

  /// The objects that were stored with `key`.
  func objects(for key: String) -> [[UInt8]]? {
    let path = path(of: key)
    guard let bytes = Self.read(path, limitBytes), let objects = Self.decode(bytes, key) else { return nil }
    // What was used last is removed last.
    _ = utimensat(AT_FDCWD, path, nil, 0)
    return objects
  }

  /// Stores `objects` with `key`, and removes old entries where they take too much.
  func store(_ objects: [[UInt8]], for key: String) {
    let bytes = Self.encode(objects, key)
    guard bytes.count <= limitBytes / 4, Self.makeDirectories(directory) else { return }
    let path = path(of: key)
    let temporary = path + ".\(getpid()).\(UInt32.random(in: 0 ... .max))"
    if Self.write(bytes, temporary), rename(temporary, path) == 0 { removeOldest() } else { unlink(temporary) }
  }

  private func path(of key: String) -> String {
    let name = String(Self.hash(key.utf8), radix: 16)
    return directory + "/" + String(repeating: "0", count: 16 - name.count) + name + Self.suffix
  }

  private static let suffix = ".fragua-step"
  private static let magic = Array("fragua step 1\n".utf8)

  /// FNV-1a: names files and finds damage; it need not withstand anybody.
  private static func hash(_ bytes: some Sequence<UInt8>) -> UInt64 {
    bytes.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
  }

  /// Magic; hash of all behind it; length and bytes of the key; number of objects; length and bytes of each.
  private static func encode(_ objects: [[UInt8]], _ key: String) -> [UInt8] {
    var rest = number(UInt64(key.utf8.count)) + Array(key.utf8) + number(UInt64(objects.count))
    for object in objects { rest += number(UInt64(object.count)) + object }
    return magic + number(hash(rest)) + rest
  }

  /// The objects of an entry; `nil` where it is damaged or another key's.
  private static func decode(_ bytes: [UInt8], _ key: String) -> [[UInt8]]? {
    var position = magic.count
    func take(_ count: UInt64) -> ArraySlice<UInt8>? {
      guard count <= UInt64(bytes.count - position) else { return nil }
      defer { position += Int(count) }
      return bytes[position..<position + Int(count)]
    }
    func takeNumber() -> UInt64? {
      take(8).map { $0.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    }
    guard bytes.starts(with: magic), let sum = takeNumber(), sum == hash(bytes[position...]),
      let keyCount = takeNumber(), let stored = take(keyCount), stored.elementsEqual(key.utf8),
      let count = takeNumber(), count > 0
    else { return nil }
    var objects: [[UInt8]] = []
    for _ in 0..<count {
      guard let length = takeNumber(), length > 0, let object = take(length) else { return nil }
      objects.append(Array(object))
    }
    return position == bytes.count ? objects : nil
  }

  /// Little-endian.
  private static func number(_ value: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// Removes the entries not used for longest until the others take no more than the limit.
  private func removeOldest() {
    guard let folder = opendir(directory) else { return }
    var entries: [(path: String, bytes: Int, seconds: Int, nanoseconds: Int)] = []
    while let entry = readdir(folder) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      var status = stat()
      // Those that a process did not live to rename have something behind the suffix, and go the same way.
      guard name.dropFirst(16).hasPrefix(Self.suffix), stat(directory + "/" + name, &status) == 0 else { continue }
      entries.append(
        (directory + "/" + name, Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec))
    }
    closedir(folder)
    var total = entries.reduce(0) { $0 + $1.bytes }
    for entry in entries.sorted(by: { ($0.seconds, $0.nanoseconds) < ($1.seconds, $1.nanoseconds) }) {
      if total <= limitBytes { return }
      unlink(entry.path)
      total -= entry.bytes
    }
  }

  // MARK: Files

  /// The bytes of a file that only the user can have written; `nil` where there is none, or one larger than the limit.
  private static func read(_ path: String, _ limitBytes: Int) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_uid == geteuid(),
      status.st_mode & 0o022 == 0, status.st_size <= limitBytes
    else { return nil }
    let size = Int(status.st_size)
    return [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
      while count < size {
        let got = Glibc.read(descriptor, buffer.baseAddress! + count, size - count)
        if got < 0, errno == EINTR { continue }
        if got <= 0 { return }
        count += got
      }
    }
  }

  /// Whether all was written.
  private static func write(_ bytes: [UInt8], _ path: String) -> Bool {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return false }
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress!, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { break }
      rest = rest.dropFirst(written)
    }
    return close(descriptor) == 0 && rest.isEmpty
  }

  /// Makes `path` and the folders it lies in; whether it is there now.
  private static func makeDirectories(_ path: String) -> Bool {
    if mkdir(path, 0o700) == 0 || errno == EEXIST { return true }
    guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return false }
    return makeDirectories(String(path[..<slash])) && (mkdir(path, 0o700) == 0 || errno == EEXIST)
  }
}
