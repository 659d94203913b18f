import CLLVM
import FraguaKernels
import FraguaScheduling

#if canImport(Glibc)
  import Glibc
#endif

/// Object files of steps that were compiled before, in a folder on disk.
///
/// An entry is a file that holds the text of all that its code depends on, and is used only where that text is the same.
/// It is signed with a secret of the folder's own: an entry of which a bit has flipped, or that somebody else has made
/// up or brought here, is as good as none. The folder and its files must belong to the user, and only the user may
/// write to them (``CacheFolder``). Files are written beside and renamed, so several processes may share a folder.
/// Whatever goes wrong with the folder, the step is compiled.
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
      prefix \(parts.symbols.prefix)
      profiled \(parts.instrumentation.isProfiled), poisons \(parts.instrumentation.poisonsDeadBytes)
      constants \(parts.program.constants.map(digest).joined(separator: " "))
      \(parts.text)
      """
  }

  /// What tells a constant from others, in 128 bits.
  private static func digest(_ constant: ConstantTensor) -> String {
    let words = constant.tensor.withBytes { SipHash.hash($0, key: SipHash.Words(0, 0)) }
    return "\(constant.tensor.type) \(String(words.low, radix: 16)) \(String(words.high, radix: 16))"
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
  package func objects(for key: String) -> [[UInt8]]? {
    guard let folder = CacheFolder(directory, makes: false), let secret = folder.secret(makes: false),
      // What was used last is removed last.
      let bytes = folder.read(Self.name(of: key, secret), limitBytes: limitBytes, marksUse: true)
    else { return nil }
    return Self.decode(bytes, key, secret)
  }

  /// Stores `objects` with `key`, and removes old entries where they take too much.
  package func store(_ objects: [[UInt8]], for key: String) {
    guard objects.reduce(key.utf8.count, { $0 + $1.count }) <= limitBytes / 4,
      let folder = CacheFolder(directory, makes: true), let secret = folder.secret(makes: true)
    else { return }
    let bytes = Self.encode(objects, key, secret)
    if folder.write(Self.name(of: key, secret), bytes) { removeOldest(in: folder) }
  }

  /// The name of the entry of `key`: 16 digits and the suffix.
  private static func name(of key: String, _ secret: SipHash.Words) -> String {
    let digits = String(hash(Array(key.utf8)[...], secret).low, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits + suffix
  }

  private static let suffix = ".fragua-step"
  private static let magic = Array("fragua step 3\n".utf8)

  private static func hash(_ bytes: ArraySlice<UInt8>, _ secret: SipHash.Words) -> SipHash.Words {
    bytes.withUnsafeBytes { SipHash.hash($0, key: secret) }
  }

  /// Magic; hash of all behind it; length and bytes of the key; number of objects; length and bytes of each.
  private static func encode(_ objects: [[UInt8]], _ key: String, _ secret: SipHash.Words) -> [UInt8] {
    var rest = number(UInt64(key.utf8.count)) + Array(key.utf8) + number(UInt64(objects.count))
    for object in objects { rest += number(UInt64(object.count)) + object }
    return magic + hash(rest[...], secret).bytes + rest
  }

  /// The objects of an entry; `nil` where it is damaged, made up, or another key's.
  private static func decode(_ bytes: [UInt8], _ key: String, _ secret: SipHash.Words) -> [[UInt8]]? {
    var position = magic.count
    func take(_ count: UInt64) -> ArraySlice<UInt8>? {
      guard count <= UInt64(bytes.count - position) else { return nil }
      defer { position += Int(count) }
      return bytes[position..<position + Int(count)]
    }
    func takeNumber() -> UInt64? {
      take(8).map { $0.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
    }
    guard bytes.starts(with: magic), let sum = take(16), SipHash.Words(sum) == hash(bytes[position...], secret),
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
  private func removeOldest(in folder: borrowing CacheFolder) {
    // Those that a process did not live to rename have something behind the suffix, and go the same way.
    let entries = folder.entries { $0.dropFirst(16).hasPrefix(Self.suffix) }
    var total = entries.reduce(0) { $0 + $1.bytes }
    for entry in entries.sorted(by: { ($0.time.tv_sec, $0.time.tv_nsec) < ($1.time.tv_sec, $1.time.tv_nsec) }) {
      if total <= limitBytes { return }
      folder.remove(entry.name)
      total -= entry.bytes
    }
  }
}
