import Foundation
import FraguaSource
import FraguaTensors
import Testing

/// A folder of a test's own, removed with the value.
final class TemporaryFolder {
  let path: String

  init() throws {
    // In memory where that can be had: the damaged files of `FuzzTests` are thousands.
    let inMemory = access("/dev/shm", W_OK) == 0
    path = (inMemory ? "/dev/shm/" : NSTemporaryDirectory()) + "fragua-data-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// The path of a file called `name` in the folder.
  func file(_ name: String) -> String { path + "/" + name }

  /// Makes a folder called `name` in the folder, and those it lies in.
  func makeFolder(_ name: String) throws {
    try FileManager.default.createDirectory(atPath: file(name), withIntermediateDirectories: true)
  }

  /// Writes a file and returns its path.
  @discardableResult func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    try Data(bytes).write(to: URL(fileURLWithPath: file(name)))
    return file(name)
  }

  /// Writes a text file and returns its path.
  @discardableResult func write(_ name: String, _ text: String) throws -> String { try write(name, Array(text.utf8)) }

  /// The names of all files in the folder.
  var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path).sorted()) ?? [] }
}

/// Checks that `body` throws a diagnostic whose message has all of `parts`, at `line` and `column` where they are
/// given, and whose notes have `note`.
func expectDiagnostic<R>(
  _ parts: String..., line: Int? = nil, column: Int? = nil, note: String? = nil,
  sourceLocation: Testing.SourceLocation = #_sourceLocation, _ body: () throws(Diagnostic) -> R
) {
  do throws(Diagnostic) {
    let result = try body()
    Issue.record("no error, but \(result)", sourceLocation: sourceLocation)
  } catch {
    for part in parts {
      #expect(error.message.contains(part), "in \(error.rendered())", sourceLocation: sourceLocation)
    }
    if let line { #expect(error.location?.line == line, "in \(error.rendered())", sourceLocation: sourceLocation) }
    if let column {
      #expect(error.location?.column == column, "in \(error.rendered())", sourceLocation: sourceLocation)
    }
    if let note {
      let found = error.notes.contains { $0.message.contains(note) }
      #expect(found, "no note '\(note)' in \(error.rendered())", sourceLocation: sourceLocation)
    }
    #expect(!error.message.hasSuffix("."), sourceLocation: sourceLocation)
  }
}

/// A row of `extents`.
func row(_ extents: Int..., of element: ElementType = .f32) -> TensorType { TensorType(extents, element) }

/// Bytes from hexadecimal digits.
func hex(_ digits: String) -> [UInt8] {
  let digits = Array(digits.utf8.filter { $0 > 0x20 })
  return stride(from: 0, to: digits.count, by: 2).map {
    UInt8(String(decoding: digits[$0...$0 + 1], as: UTF8.self), radix: 16)!
  }
}
