import FraguaSource
import Testing

/// How diagnostics are shown.
@Suite struct DiagnosticTests {
  /// The rendering of an error in the first line of `text` at the byte where `marked` starts.
  private func lines(_ text: String, at marked: String, message: String = "no") -> [String] {
    let file = SourceFile(path: "a.graph", text: text)
    let offset = text.utf8.distance(from: text.startIndex, to: text.firstRange(of: marked)!.lowerBound)
    let error = Diagnostic(message, at: file.location(ofByte: offset))
    return error.rendered(files: [file]).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// Checks that `line` is quoted as `shown`, the caret standing under column `column` of what is shown.
  private func check(
    _ line: String, at marked: String, shows shown: String, caret: String,
    sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) {
    let lines = lines(line + "\nnext", at: marked)
    #expect(lines.count == 3, sourceLocation: sourceLocation)
    #expect(lines.dropFirst() == ["  " + shown, "  " + caret], sourceLocation: sourceLocation)
  }

  @Test func aPlainLine() {
    let lines = lines("one two\nthree", at: "two", message: "what")
    #expect(lines == ["a.graph:1:5: error: what", "  one two", "      ^"])
  }

  /// One character each, so that the caret stands where it did.
  @Test func controlCharactersAreSeen() {
    check("a\u{1B}[31m b", at: "b", shows: "a␛[31m b", caret: "       ^")
    check("\u{0}\u{7}\u{8}\u{7F} b", at: "b", shows: "␀␇␈␡ b", caret: "     ^")
    check("a\rb c", at: "c", shows: "a␍b c", caret: "    ^")
    // A terminal may take the scalar 0x9B for an escape and a bracket.
    check("a\u{9B}31m b", at: "b", shows: "a\u{FFFD}31m b", caret: "      ^")
    // What would show `a /*evil*/ b` in another order than it is read.
    check("a \u{202E}live\u{202C} b", at: "b", shows: "a \u{FFFD}live\u{FFFD} b", caret: "         ^")
    check("a\u{2028}b c", at: "c", shows: "a\u{FFFD}b c", caret: "    ^")
  }

  @Test func tabsAndLineEndsOfWindows() {
    check("\ta\tb", at: "b", shows: "\ta\tb", caret: "\t \t^")
    check("one two\r", at: "two", shows: "one two", caret: "    ^")
  }

  /// A column is a scalar; an accent of its own takes no place on the screen.
  @Test func combiningCharacters() {
    #expect(lines("e\u{301}e\u{301} b", at: "b")[0] == "a.graph:1:6: error: no")
    check("e\u{301}e\u{301} b", at: "b", shows: "e\u{301}e\u{301} b", caret: "   ^")
  }

  @Test func longLinesAreCut() {
    let text = String(repeating: "\u{1B}", count: 200) + "b" + String(repeating: "c", count: 200)
    let lines = lines(text, at: "b")
    #expect(lines[0] == "a.graph:1:201: error: no")
    #expect(lines[1] == "  " + String(repeating: "␛", count: 59) + "b" + String(repeating: "c", count: 80))
    #expect(lines[2] == "  " + String(repeating: " ", count: 59) + "^")
  }

  /// What is quoted in messages, notes and paths comes from files and command lines too.
  @Test func messagesNotesAndPaths() {
    let place = SourceLocation(file: "a\u{1B}.graph", line: 1, column: 2)
    let error = Diagnostic("the text '\u{1B}[2J\n\t'", at: place).noting("did you mean '\u{7}'?")
    #expect(error.rendered() == "a␛.graph:1:2: error: the text '␛[2J␊␉'\nnote: did you mean '␇'?")
    // The value itself keeps what was there.
    #expect(error.message == "the text '\u{1B}[2J\n\t'" && error.location == place)
  }
}
