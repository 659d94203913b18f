import Foundation
import Testing

/// Code that an earlier run left is used again, and nothing that happens to the cache changes what is computed.
@Suite(.timeLimit(.minutes(10))) struct CacheTests {
  private let folder: TestFolder
  private let arguments = [
    "run", "graphs/student.graph", "--function", "@predict", "--data", "x=[[4, 5]]", "--timing",
  ]

  init() throws { folder = try TestFolder() }

  private func outcome(_ more: [String] = []) throws -> FraguaProcess.Outcome {
    let outcome = try FraguaProcess(arguments + more, in: repository, cacheHome: folder.path).wait()
    #expect(outcome.status == 0 && outcome.output.contains("%p : tensor<1x1xf32>"))
    return outcome
  }

  private func isFromCache(_ outcome: FraguaProcess.Outcome) -> Bool { outcome.error.contains("code from the cache") }

  private var entries: [String] {
    folder.contents.filter { $0.contains(".fragua-step") }.map { String($0.prefix { $0 != " " }) }
  }

  @Test func laterRunsUseIt() throws {
    let first = try outcome()
    let second = try outcome()
    #expect(!isFromCache(first) && isFromCache(second))
    #expect(first.output == second.output)
    #expect(entries.count == 1 && entries[0].hasPrefix("fragua/"))
    #expect(try !isFromCache(outcome(["--no-cache"])))
    #expect(try !isFromCache(outcome(["--threads", "1", "--cpu", "scalar"])))
  }

  @Test func damageIsMended() throws {
    let first = try outcome()
    let path = try #require(entries.first)
    let whole = try folder.bytes(path)
    for damaged in [
      Data(), whole.prefix(20), whole.dropLast(), whole + [0], Data("nonsense".utf8),
      Data(whole.enumerated().map { $0 == whole.count / 2 ? ~$1 : $1 }),
    ] {
      try folder.write(path, damaged)
      let after = try outcome()
      #expect(!isFromCache(after) && after.output == first.output)
      #expect(try folder.bytes(path) == whole)
    }
    #expect(try isFromCache(outcome()))
  }

  @Test func isNotNeeded() throws {
    // A file where the folder should be.
    try folder.write("fragua", "")
    #expect(try !isFromCache(outcome()))
    let readOnly = try FraguaProcess(arguments, in: repository, cacheHome: "/proc").wait()
    #expect(readOnly.status == 0)
  }

  @Test func processesShareIt() throws {
    let runs = try (0..<6).map { _ in try FraguaProcess(arguments, in: repository, cacheHome: folder.path) }
    let outcomes = runs.map { $0.wait() }
    #expect(Set(outcomes.map(\.output)).count == 1 && outcomes.allSatisfy { $0.status == 0 })
    #expect(entries.count == 1)
    #expect(try isFromCache(outcome()))
  }
}
