import Foundation
import FraguaCodeGen
import Testing

/// The cache takes nothing that somebody else could have written.
@Suite struct CacheTrustTests {
  private let root = NSTemporaryDirectory() + "fragua-trust-\(UUID().uuidString)"
  private let objects: [[UInt8]] = [[1, 2, 3], Array(repeating: 7, count: 1000)]
  private var directory: String { root + "/a/cache" }
  private var cache: ObjectCache { ObjectCache(directory: directory) }

  private func remove() { try? FileManager.default.removeItem(atPath: root) }

  /// The one entry's path.
  private func entry() throws -> String {
    let names = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".fragua-step") }
    try #require(names.count == 1)
    return directory + "/" + names[0]
  }

  @Test func findsWhatItStored() throws {
    defer { remove() }
    #expect(cache.objects(for: "k") == nil, "and makes no folder to look")
    #expect(!FileManager.default.fileExists(atPath: root))
    cache.store(objects, for: "k")
    #expect(cache.objects(for: "k") == objects)
    #expect(cache.objects(for: "l") == nil)
    #expect(ObjectCache(directory: directory + "//").objects(for: "k") == objects)
  }

  @Test func everyFlippedBitIsAMiss() throws {
    defer { remove() }
    cache.store(objects, for: "k")
    let path = try entry()
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    for index in whole.indices {
      var damaged = whole
      damaged[index] ^= 1 << UInt8(index % 8)
      try damaged.write(to: URL(fileURLWithPath: path))
      #expect(cache.objects(for: "k") == nil, "byte \(index)")
    }
    try whole.write(to: URL(fileURLWithPath: path))
    #expect(cache.objects(for: "k") == objects)
  }

  /// An entry made where the secret is another, as one that came in an archive is.
  @Test func anEntryFromElsewhereIsAMiss() throws {
    defer { remove() }
    let other = ObjectCache(directory: root + "/other")
    other.store([[9]], for: "k")
    cache.store(objects, for: "k")
    let name = try FileManager.default.contentsOfDirectory(atPath: other.directory).filter { $0 != "key" }
    let forged = try Data(contentsOf: URL(fileURLWithPath: other.directory + "/" + name[0]))
    try forged.write(to: URL(fileURLWithPath: entry()))
    #expect(cache.objects(for: "k") == nil)
  }

  @Test func linksAreNotFollowed() throws {
    defer { remove() }
    cache.store(objects, for: "k")
    let manager = FileManager.default
    let link = root + "/link"
    try manager.createSymbolicLink(atPath: link, withDestinationPath: directory)
    #expect(ObjectCache(directory: link).objects(for: "k") == nil)
    #expect(ObjectCache(directory: link + "/").objects(for: "k") == nil)
    let before = try manager.contentsOfDirectory(atPath: directory)
    ObjectCache(directory: link).store(objects, for: "l")
    #expect(try manager.contentsOfDirectory(atPath: directory) == before)
    // The same for an entry, and for the secret.
    for path in [try entry(), directory + "/key"] {
      try manager.moveItem(atPath: path, toPath: root + "/moved")
      try manager.createSymbolicLink(atPath: path, withDestinationPath: root + "/moved")
      #expect(cache.objects(for: "k") == nil, "\(path)")
      try manager.removeItem(atPath: path)
      try manager.moveItem(atPath: root + "/moved", toPath: path)
      #expect(cache.objects(for: "k") == objects)
    }
  }

  @Test func whatOthersCanWriteIsNotUsed() throws {
    defer { remove() }
    cache.store(objects, for: "k")
    for (path, mode) in [(directory, 0o770), (directory, 0o702), (try entry(), 0o620), (directory + "/key", 0o640)] {
      let kept = try #require(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions])
      chmod(path, mode_t(mode))
      #expect(cache.objects(for: "k") == nil, "\(path) with \(String(mode, radix: 8))")
      try FileManager.default.setAttributes([.posixPermissions: kept], ofItemAtPath: path)
      #expect(cache.objects(for: "k") == objects)
    }
    // Only the superuser can give a folder away.
    if geteuid() == 0 {
      chown(directory, 12345, gid_t.max)
      #expect(cache.objects(for: "k") == nil)
    }
  }

  /// The vectors of the reference implementation.
  @Test func hashIsSipHash() {
    let key = SipHash.Words(Array(0..<16))!
    for (count, digits) in [
      (0, "A3817F04BA25A8E66DF67214C7550293"), (1, "DA87C1D86B99AF44347659119B22FC45"),
      (63, "5150D1772F50834A503E069A973FBD7C"),
    ] {
      let hash = [UInt8](0..<UInt8(count)).withUnsafeBytes { SipHash.hash($0, key: key) }
      #expect(hash.bytes.map { String(format: "%02X", $0) }.joined() == digits, "\(count) bytes")
      #expect(SipHash.Words(hash.bytes) == hash)
    }
  }
}
