import Foundation
import FraguaData
import FraguaSource
import FraguaTensors
import Testing

/// What saves that were killed leave, and what happens beside one that still writes.
@Suite struct TemporaryFileTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  let tensor = Tensor([1], [1] as [Float])

  /// The next save to the same file removes them, and nothing that is something else.
  @Test func theNextSaveRemovesWhatKilledOnesLeft() throws {
    let others = [
      ".a.npy.12.tmp", ".a.npy.1.x.tmp", ".a.npy.1.2.3.tmp", ".a.npy.tmp", ".b.npy.1.2.tmp", "a.npy.1.2.tmp",
      ".a.npy.-1.2.tmp", ".a.npy.1.2.tmp.npy",
    ]
    for name in others + [".a.npy.1.2.tmp", ".a.npy.4000000.4294967295.tmp"] { try folder.write(name, "half") }
    try FileManager.default.createDirectory(atPath: folder.file(".a.npy.5.6.tmp"), withIntermediateDirectories: false)
    try folder.write("target", "what a link leads to")
    try FileManager.default.createSymbolicLink(atPath: folder.file(".a.npy.7.8.tmp"), withDestinationPath: "target")
    try NPY.write(tensor, to: folder.file("a.npy"))
    #expect(folder.names == (others + ["a.npy", "target", ".a.npy.5.6.tmp", ".a.npy.7.8.tmp"]).sorted())
  }

  /// A file that somebody has locked is being written.
  @Test func whatIsBeingWrittenStays() throws {
    try folder.write(".a.npy.1.2.tmp", "half")
    let descriptor = open(folder.file(".a.npy.1.2.tmp"), O_RDWR)
    defer { close(descriptor) }
    #expect(flock(descriptor, LOCK_EX) == 0)
    try NPY.write(tensor, to: folder.file("a.npy"))
    #expect(folder.names == [".a.npy.1.2.tmp", "a.npy"])
    #expect(flock(descriptor, LOCK_UN) == 0)
    try NPY.write(tensor, to: folder.file("a.npy"))
    #expect(folder.names == ["a.npy"])
  }

  /// Saves to one file at the same time disturb each other not: all succeed, and one of them is there in the end.
  @Test func savesAtTheSameTime() async throws {
    let path = folder.file("a.npy")
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<8 {
        group.addTask {
          for _ in 0..<20 { try NPY.write(Tensor([1000], [Float](repeating: Float(number), count: 1000)), to: path) }
        }
      }
      try await group.waitForAll()
    }
    let left = try NPY.read(path).doubles
    #expect(Set(left).count == 1 && folder.names == ["a.npy"])
  }

  /// A save that fails leaves nothing of its own.
  @Test func aFailedSaveLeavesNothing() throws {
    try folder.write("a.npy", "old")
    try FileManager.default.removeItem(atPath: folder.file("a.npy"))
    try FileManager.default.createDirectory(atPath: folder.file("a.npy"), withIntermediateDirectories: false)
    let tensor = tensor
    expectDiagnostic("cannot write", "is a directory") { () throws(Diagnostic) in
      try NPY.write(tensor, to: folder.file("a.npy"))
    }
    #expect(folder.names == ["a.npy"])
  }
}
