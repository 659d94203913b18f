import Foundation
import Testing

/// What the command refuses, and what it says then: the transcripts of `Tests/Command/cases`.
///
/// The commands run in a folder with the files of ``BadFiles``. `BLESS=1` rewrites what they say.
@Suite(.timeLimit(.minutes(10))) struct RefusedTests {
  static let topics = ["usage", "options", "data", "parameters", "outputs", "graphs", "limits"]

  @Test(arguments: topics) func saysWhatIsWrong(topic: String) throws {
    let path = repository + "/Tests/Command/cases/\(topic).txt"
    let folder = try BadFiles.folder(for: topic)
    let before = folder.contents
    let cases = try Transcript(contentsOf: path).cases
    #expect(cases.count > 5)
    var said: [Transcript.Case] = []
    for one in cases {
      let outcome = try fragua(one.arguments, in: folder.path)
      let text = Self.normalized(outcome.error, folder) + "[exit \(outcome.status)]\n"
      said.append(Transcript.Case(name: one.name, command: one.command, expected: text))
      #expect(outcome.output == "", "\(one.name): standard output is for what was asked for")
      checkForm(outcome, of: one.name)
    }
    #expect(folder.contents == before, "a command that fails leaves no file")
    if ProcessInfo.processInfo.environment["BLESS"] != nil {
      return try Transcript.text(said).write(toFile: path, atomically: true, encoding: .utf8)
    }
    for (one, said) in zip(cases, said) { #expect(said.expected == one.expected, "\(one.name)") }
  }

  /// A message is lower case, has no full stop, and comes with the exit status of whose fault it is.
  private func checkForm(_ outcome: FraguaProcess.Outcome, of name: String) {
    let first = outcome.error.prefix { $0 != "\n" }
    switch outcome.status {
    case 1:
      #expect(first.contains(/^([^ ]+:[0-9]+:[0-9]+: )?error: [^A-Z]/), "\(name)")
      #expect(!first.hasSuffix("."), "\(name)")
    case 2:
      #expect(first.hasPrefix("Error: "), "\(name)")
      #expect(outcome.error.contains("--help"), "\(name): it says where help is")
    default: Issue.record("\(name) ends with the exit status \(outcome.status)")
    }
  }

  /// `text` without what differs from machine to machine.
  private static func normalized(_ text: String, _ folder: TestFolder) -> String {
    text.replacing(URL(fileURLWithPath: folder.path).resolvingSymlinksInPath().path, with: "FOLDER")
      .replacing(folder.path, with: "FOLDER")
      .replacing(/the [0-9.]+ [KMGTP]iB of memory/, with: "the MEMORY of memory")
  }
}
