import Foundation

/// Commands and what they say, as `Tests/Command/cases` holds them:
///
/// ```
/// === a hole
/// $ fragua train student.graph --data x=hole.csv:a,b
/// hole.csv:3:3: error: row 2, column 'b': the field is empty, expected a number
/// [exit 1]
/// ```
struct Transcript {
  /// A command with what it is about.
  struct Case {
    let name: String
    /// What stands behind `$ fragua`.
    let command: String
    let expected: String

    /// The words of the command; quotes keep blanks.
    var arguments: [String] {
      var words: [String] = []
      var word: String?
      var isQuoted = false
      for character in command {
        switch character {
        case "'":
          isQuoted.toggle()
          word = word ?? ""
        case " " where !isQuoted:
          if let word { words.append(word) }
          word = nil
        default: word = (word ?? "") + String(character)
        }
      }
      return words + (word.map { [$0] } ?? [])
    }
  }

  let cases: [Case]

  /// Reads the file at `path`.
  init(contentsOf path: String) throws {
    let text = try String(contentsOfFile: path, encoding: .utf8)
    cases = text.split(separator: "=== ").map { section in
      let lines = section.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
      let command = String(lines[1].dropFirst("$ fragua ".count))
      return Case(name: lines[0], command: command, expected: lines.dropFirst(2).joined(separator: "\n"))
    }
  }

  /// The text of a file with these cases.
  static func text(_ cases: [Case]) -> String {
    cases.map { "=== \($0.name)\n$ fragua \($0.command)\n\($0.expected)" }.joined()
  }
}
