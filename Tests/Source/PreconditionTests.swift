import Foundation
import FraguaSource
import Testing

/// A broken invariant says which, also in release builds.
@Suite struct PreconditionTests {
  @Test func aConditionThatHoldsNeedsNoMessage() {
    func message() -> String {
      Issue.record("the message is made")
      return ""
    }
    precondition(ProcessInfo.processInfo.processIdentifier > 0, message())
  }

  @Test func aBrokenConditionPrintsItsMessage() async throws {
    let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let count = ProcessInfo.processInfo.processIdentifier
      precondition(count < 0, "a team of \(count > 0 ? "some" : "no") threads")
    }
    let text = String(decoding: result.standardErrorContent, as: UTF8.self)
    #expect(text.contains("Fatal error: a team of some threads"), "\(text)")
    #expect(text.contains("PreconditionTests.swift"))
  }

  @Test func aFailurePrintsItsMessage() async throws {
    let result = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      if ProcessInfo.processInfo.processIdentifier > 0 { preconditionFailure("no local \(7) here") }
    }
    #expect(String(decoding: result.standardErrorContent, as: UTF8.self).contains("Fatal error: no local 7 here"))
  }

  /// The standard library's, without a message, are not used by accident. The module Tensors comes before this one's.
  @Test func everyFileHasThem() throws {
    let sources = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("../../Sources").standardizedFileURL
    let files = try #require(FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil))
    var count = 0
    for case let file as URL in files where file.pathExtension == "swift" {
      let text = try String(contentsOf: file, encoding: .utf8)
      let lines = text.split(separator: "\n")
      guard text.contains(/\bprecondition(Failure)?\(/), !file.path.contains("/Sources/Tensors/") else { continue }
      guard !file.path.contains("/Sources/Source/") else { continue }
      count += 1
      #expect(lines.contains("import FraguaSource"), "\(file.path) states preconditions without 'import FraguaSource'")
    }
    #expect(count > 20)
  }
}
