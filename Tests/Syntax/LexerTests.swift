import FraguaSource
import Testing

/// The lexer that the graph language and the kernels' text share.
@Suite struct LexerTests {
  /// The tokens of `text` as `kind text`, without the end.
  private func tokens(_ text: String) -> [String] {
    let file = SourceFile(path: "t", text: text)
    let (tokens, errors) = Lexer.tokens(of: file)
    #expect(errors == [])
    #expect(tokens.last?.kind == .end)
    return tokens.dropLast().map { String(decoding: file.bytes[$0.start..<$0.end], as: UTF8.self) }
  }

  private func kinds(_ text: String) -> [Token.Kind] {
    Lexer.tokens(of: SourceFile(path: "t", text: text)).tokens.map(\.kind)
  }

  @Test func tokensAreCut() {
    #expect(tokens("%h=dense %x,@fit.m{a=-1}") == ["%h", "=", "dense", "%x", ",", "@fit.m", "{", "a", "=", "-1", "}"])
    #expect(tokens("a->b - >") == ["a", "->", "b", "-", ">"])
    #expect(tokens("tensor<Bx784xf32>:tensor < 3") == ["tensor<Bx784xf32>", ":", "tensor", "<", "3"])
    #expect(tokens("\"a \\\" // b\" // c\n\"\"") == ["\"a \\\" // b\"", "\"\""])
    #expect(
      kinds("0 -7 0xFF 1.5 1e3 -2.5e-3 0x1.8p-3 0x1p4") == [
        .integer, .integer, .integer, .float, .float, .float, .float, .float, .end,
      ])
    #expect(kinds("()[]<>,:;=+*/^&|!{}").count == 20)
  }

  @Test func linesAreSeen() {
    let tokens = Lexer.tokens(of: SourceFile(path: "t", text: "a b\n\n // c\n  d")).tokens
    #expect(tokens.map(\.startsLine) == [true, false, true, true])
  }

  @Test func errorsAreTokensToo() {
    for text in ["% x", "1.2.3", "12ab", "0x", "1e", "1.", "\"abc", "tensor<2x", ".5", "1_000", "é", "\u{1}", "-2x3"] {
      let (tokens, errors) = Lexer.tokens(of: SourceFile(path: "t", text: "a \(text)\nb"))
      #expect(tokens.contains { $0.kind == .invalid }, "\(text)")
      #expect(errors.map { $0.location?.column } == [3], "\(text)")
      #expect(tokens.dropLast().last?.kind == .word, "\(text)")
    }
  }

  /// Comments of other languages are reported once and read as comments.
  @Test func foreignCommentsAreSkipped() {
    let (tokens, errors) = Lexer.tokens(of: SourceFile(path: "t", text: "# a\nb # c {\n# d\ne"))
    #expect(tokens.map(\.kind) == [.word, .word, .end] && tokens.map(\.startsLine) == [true, true, true])
    #expect(errors.map(\.message) == ["'#' begins no comment"] && errors[0].location?.line == 1)
  }

  @Test func latin1IsRecognized() {
    let text = SourceFile(path: "t", bytes: Array("// caf".utf8) + [0xE9, 0x0A])
    #expect(Lexer.tokens(of: text).errors[0].notes[0].message.hasPrefix("in Latin-1 it is 'é': save the file as UTF-8"))
    let bytes = SourceFile(path: "t", bytes: [0x89, 0x50, 0x4E, 0x47, 0x00])
    #expect(Lexer.tokens(of: bytes).errors[0].notes[0].message.hasSuffix("is this another kind of file?"))
  }

  @Test func ofManyErrorsSomeAreTold() {
    let (tokens, errors) = Lexer.tokens(of: SourceFile(path: "t", text: String(repeating: "? ", count: 1000)))
    #expect(errors.count == 20 && tokens.last?.kind == .end)
  }

  @Test func invalidUTF8IsFound() {
    let cases: [([UInt8], Bool)] = [
      ([0xC3, 0xA9], true), ([0xE2, 0x82, 0xAC], true), ([0xF0, 0x9F, 0x98, 0x80], true), ([0xC3], false),
      ([0x80], false),
      ([0xC0, 0x80], false), ([0xED, 0xA0, 0x80], false), ([0xE0, 0x80, 0x80], false),
      ([0xF4, 0x90, 0x80, 0x80], false),
      ([0xF5, 0x80, 0x80, 0x80], false), ([0xE2, 0x82], false),
    ]
    for (bytes, isValid) in cases {
      let errors = Lexer.tokens(of: SourceFile(path: "t", bytes: Array("// ".utf8) + bytes)).errors
      #expect(errors.isEmpty == isValid, "\(bytes)")
    }
  }
}
