import Foundation
import FraguaData
import FraguaSource
import FraguaTensors
import Testing

@Suite struct WritingTests {
  let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  let tensor = Tensor([1], [1] as [Float])

  @Test func replacesTheOldFile() throws {
    let path = try folder.write("a.npy", "old")
    chmod(path, 0o640)
    try NPY.write(tensor, to: path)
    #expect(try NPY.read(path) == tensor)
    let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
    #expect(mode == 0o640)
    #expect(folder.names == ["a.npy"])
  }

  @Test func followsALink() throws {
    try folder.write("target.npy", "old")
    try FileManager.default.createSymbolicLink(atPath: folder.file("link.npy"), withDestinationPath: "target.npy")
    try NPY.write(tensor, to: folder.file("link.npy"))
    #expect(try NPY.read(folder.file("target.npy")) == tensor)
    #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder.file("link.npy")) == "target.npy")
  }

  @Test func writesToADevice() throws {
    try NPY.write(tensor, to: "/dev/null")
    let type = try FileManager.default.attributesOfItem(atPath: "/dev/null")[.type] as? FileAttributeType
    #expect(type == .typeCharacterSpecial)
  }

  @Test func refusesWhatCannotBeWritten() throws {
    let tensor = tensor
    for (path, reason) in [
      (folder.path, "is a directory"), (folder.file("none/a.npy"), "no such file"),
      (folder.file("a/"), "is a directory"),
      ("", "no such file"),
    ] {
      expectDiagnostic("cannot write '\(path)'", reason) { () throws(Diagnostic) in try NPY.write(tensor, to: path) }
      expectDiagnostic("cannot write '\(path)'", reason) { () throws(Diagnostic) in try Safetensors().write(to: path) }
    }
    expectDiagnostic("no tensor called '__metadata__'") { () throws(Diagnostic) in
      try Safetensors([.init("__metadata__", tensor)]).write(to: folder.file("m"))
    }
    #expect(folder.names == [])
  }

  @Test func aFullDiskLeavesTheOldFile() throws {
    expectDiagnostic("cannot write '/dev/full'", "no space left") { () throws(Diagnostic) in
      try NPY.write(tensor, to: "/dev/full")
    }
  }
}
