import Foundation

/// A folder in which the commands of a document run as in the repository's root, without writing into that.
///
/// It has the repository's `graphs`, `docs` and `Makefile`, the command where `make build` puts it, and the document's
/// named graphs.
final class Sandbox {
  private let folder: URL

  /// The folder of the built products, where the command lies beside the tests.
  private static let products = URL(filePath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()

  init(_ document: Document) throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "fragua-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder.appending(path: ".build"), withIntermediateDirectories: true)
    let root = URL(filePath: Document.root)
    for name in ["graphs", "docs", "Makefile"] { try link(name, to: root.appending(path: name)) }
    try link(".build/release", to: Self.products)
    for block in document.blocks where ["graph", "kernels"].contains(block.kind) {
      if let name = block.fileName { try Data(block.text.utf8).write(to: folder.appending(path: name)) }
    }
  }

  deinit { leave() }

  /// Makes the folder this process's working directory.
  func enter() throws {
    guard FileManager.default.changeCurrentDirectoryPath(folder.path) else { throw CocoaError(.fileNoSuchFile) }
  }

  /// Removes the folder.
  func leave() { try? FileManager.default.removeItem(at: folder) }

  private func link(_ name: String, to target: URL) throws {
    try FileManager.default.createSymbolicLink(at: folder.appending(path: name), withDestinationURL: target)
  }

  /// The lines that `command` writes to both outputs, as one stream.
  func run(_ command: String) throws -> [String] {
    let process = Process()
    process.executableURL = URL(filePath: "/bin/bash")
    process.arguments = ["-c", "exec 2>&1; " + command]
    process.currentDirectoryURL = folder
    var environment = ProcessInfo.processInfo.environment
    environment["PATH"] = Self.products.path + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
    environment["NO_COLOR"] = "1"
    environment["XDG_CACHE_HOME"] = folder.path + "/.cache"
    // Called from 'make test', the tests' make is none of the commands' business.
    for name in ["MAKEFLAGS", "MAKELEVEL", "MFLAGS"] { environment[name] = nil }
    process.environment = environment
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    var lines = String(decoding: data, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last == "" { lines.removeLast() }
    return lines.map(String.init)
  }
}
