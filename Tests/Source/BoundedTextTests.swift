import FraguaSource
import Testing

/// A message is short whatever it quotes, and a place is found whatever stands before it.
@Suite struct BoundedTextTests {
  private let long = String(repeating: "a", count: 2_000_000)

  @Test func quotationsAreShortened() {
    let error = Diagnostic("there is no '\(long)' in '@f'")
    #expect(error.message == "there is no '" + ends(120) + "' in '@f'")
    let note = Diagnostic.Note("did you mean '\(long)'?")
    #expect(note.message == "did you mean '" + ends(120) + "'?")
  }

  /// The beginning and the end of the long text, `count` characters with the mark between them.
  private func ends(_ count: Int) -> String {
    let tail = (count - 1) / 2
    return String(repeating: "a", count: count - 1 - tail) + "…" + String(repeating: "a", count: tail)
  }

  /// What a user wrote may hold spaces and apostrophes; a message has apostrophes of its own.
  @Test func quotationsMayHoldAnything() {
    let text = String(repeating: "a user's text, ", count: 1000)
    #expect(Diagnostic("no column '\(text)'").message.unicodeScalars.count == "no column ''".count + 120)
    let words = "another argument's data bind it, " + String(repeating: "a reader's word ", count: 8)
    #expect(Diagnostic(words).message == words)
    #expect(Diagnostic("'\(String(repeating: "' ", count: 100_000))").message.unicodeScalars.count <= 1000)
    #expect(Diagnostic(String(repeating: " '", count: 100_000)).message.unicodeScalars.count <= 1000)
    #expect(Diagnostic("unquoted \(long)").message == "unquoted " + ends(120))
  }

  @Test func shortMessagesStay() {
    for text in ["", "no", "'\(String(repeating: "ä", count: 120))' and 'b'"] {
      #expect(Diagnostic(text).message == text)
    }
  }

  /// A path that no file has is shortened too; many errors are not all shown.
  @Test func placesAndListsAreBounded() {
    let place = SourceLocation(file: long, line: 1, column: 1)
    #expect(Diagnostic("no", at: place).rendered() == ends(120) + ":1:1: error: no")
    let many = Diagnostics((0..<1000).map { Diagnostic("number \($0)") })
    let lines = many.rendered { _ in nil }.split(separator: "\n")
    #expect(lines.count == 7 && lines[5] == "error: number 5" && lines[6] == "note: 994 more errors are not shown")
  }

  @Test func placesInFiles() {
    let lines = (0..<3000).map { String(repeating: $0 % 7 == 0 ? "ä" : "x", count: $0 % 50) }
    let file = SourceFile(path: "f", text: lines.joined(separator: "\n"))
    var offset = 0
    for (index, line) in lines.enumerated() {
      let place = file.location(ofByte: offset + line.utf8.count)
      #expect(place.line == index + 1 && place.column == line.count + 1)
      #expect(file.location(ofByte: offset).column == 1)
      if !line.isEmpty { #expect(Diagnostic("no", at: place).rendered(files: [file]).contains("\n  \(line)\n")) }
      offset += line.utf8.count + 1
    }
    #expect(file.location(ofByte: 1 << 40).line == 3000)
    let missing = SourceLocation(file: "f", line: 3001, column: 1)
    #expect(Diagnostic("no", at: missing).rendered(files: [file]) == "f:3001:1: error: no")
    #expect(SourceFile(path: "e", text: "").location(ofByte: 0).line == 1)
  }

  @Test func placesThatAreClaimedCompareAsOthers() {
    let claimed = SourceLocation(file: "f", line: 1, column: 2, isClaimed: true)
    #expect(claimed == SourceLocation(file: "f", line: 1, column: 2) && claimed.isClaimed)
  }
}

/// The nearest name is found in a time that grows with the names alone.
@Suite struct SpellingTests {
  @Test func near() {
    let names = ["weight", "bias", "hidden", "Gamma", "größe", "a"]
    #expect(nearestName(to: "wieght", among: names) == "weight")
    #expect(nearestName(to: "weigth", among: names) == "weight")
    #expect(nearestName(to: "biass", among: names) == "bias")
    #expect(nearestName(to: "hiden", among: names) == "hidden")
    #expect(nearestName(to: "gamma", among: names) == "Gamma")
    #expect(nearestName(to: "grösse", among: names) == "größe")
    #expect(nearestName(to: "output", among: names) == nil)
    #expect(nearestName(to: "b", among: names) == nil)
    #expect(nearestName(to: "bias", among: ["bias"]) == nil)
    #expect(nearestName(to: "", among: names) == nil)
  }

  /// Of equally near names the first in the order of names, whatever the order that they come in.
  @Test func isDeterministic() {
    let names = ["w3", "w2", "w1"]
    #expect(nearestName(to: "w4", among: names) == "w1")
    #expect(nearestName(to: "w4", among: names.reversed()) == "w1")
  }

  @Test func boundedTime() {
    let names = (0..<20_000).map { "layer\($0).weight" }
    let long = String(repeating: "x", count: 2_000_000)
    let time = ContinuousClock().measure {
      for i in 0..<100 { #expect(nearestName(to: "layre\(i).weight", among: names) == "layer\(i).weight") }
      #expect(nearestName(to: long, among: names) == nil)
      #expect(nearestName(to: "layer", among: Array(repeating: long, count: 1000)) == nil)
    }
    // Under a second is usual; a time that grows with the product of the lengths is minutes.
    #expect(time < .seconds(20))
    #expect(nearestName(to: "nam", among: (0..<100_000).map { "name\($0 % 7)" }) == nil, "so many are not looked at")
  }
}
