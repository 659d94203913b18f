import FraguaSource
import Glibc
import Testing

/// What the parser refuses, and what it says: the cases of `Tests/FileTests/cases/refused`, each a text and its errors.
///
/// `BLESS=1` rewrites the errors in the files.
@Suite struct RefusedTests {
  struct Case: CustomTestStringConvertible {
    let name: String
    let text: String
    let expected: [String]

    var testDescription: String { name }
  }

  static let topics = ["syntax", "names", "types", "constants", "declarations", "ranges", "numbers", "foreign"]

  @Test(arguments: topics) func refuses(topic: String) throws {
    let path = root + "Tests/FileTests/cases/refused/\(topic).txt"
    let cases = Self.cases(String(decoding: try bytes(ofFile: path), as: UTF8.self))
    #expect(cases.count > 10)
    if getenv("BLESS") != nil { return try write(Self.text(cases), to: path) }
    for one in cases {
      #expect(errors(one.text) == one.expected, "\(one.name)")
      #expect(!one.expected.isEmpty)
    }
  }

  /// Every error names a place inside the text, which rendering shows with a caret.
  @Test(arguments: topics) func everyErrorHasAPlace(topic: String) throws {
    let path = root + "Tests/FileTests/cases/refused/\(topic).txt"
    for one in Self.cases(String(decoding: try bytes(ofFile: path), as: UTF8.self)) {
      let file = SourceFile(path: "t.graph", text: one.text)
      for error in parseErrors(file) {
        let lines = error.rendered(files: [file]).split(separator: "\n")
        #expect(lines[0].hasPrefix("t.graph:\(error.location!.line):\(error.location!.column): error: "), "\(one.name)")
        #expect(error.location!.line <= one.text.count { $0 == "\n" } + 1, "\(one.name)")
        #expect(!error.message.hasSuffix("."), "\(one.name)")
      }
    }
  }

  private static func cases(_ text: String) -> [Case] {
    text.split(separator: "=== ").map { section in
      let nameEnd = section.firstIndex(of: "\n")!
      let parts = section[section.index(after: nameEnd)...].split(
        separator: "--- errors\n", omittingEmptySubsequences: false)
      let expected = parts[1].split(separator: "\n").map(String.init)
      return Case(name: String(section[..<nameEnd]), text: String(parts[0]), expected: expected)
    }
  }

  private static func text(_ cases: [Case]) -> String {
    cases.map { one in
      "=== \(one.name)\n\(one.text)--- errors\n" + errors(one.text).map { $0 + "\n" }.joined()
    }.joined()
  }
}
