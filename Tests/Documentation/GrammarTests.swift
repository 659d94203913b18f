import Foundation
import FraguaGraph
import FraguaSource
import FraguaSyntax
import FraguaTransforms
import Testing

/// The grammar in `docs/language.md` is the language's: of tokens in the first block `ebnf`, of characters in the
/// second.
@Suite struct GrammarTests {
  private let syntax: Grammar
  private let tokens: Grammar

  init() throws {
    let blocks = Document.named("docs/language.md").blocks.filter { $0.kind == "ebnf" }
    try #require(blocks.count == 2)
    syntax = try Grammar(blocks[0].text)
    tokens = try Grammar(blocks[1].text)
  }

  /// Every graph file of the repository and every graph in the documents.
  private static let files: [SourceFile] = {
    var files: [SourceFile] = []
    for folder in ["graphs", "Tests/FileTests/cases"] {
      let names = FileManager.default.enumerator(atPath: Document.root + folder)?.allObjects as? [String] ?? []
      for name in names.sorted() where name.hasSuffix(".graph") && !name.hasSuffix("deep-1000.graph") {
        let path = folder + "/" + name
        files.append(SourceFile(path: path, text: Document.contents(ofFile: path)))
      }
    }
    return files + GraphBlockTests.Example.all("graph").map(\.file)
  }()

  /// All names have a rule or are tokens, and all rules are used.
  @Test func isClosed() {
    let used = syntax.rules.values.reduce(into: Set<String>()) { $0.formUnion($1.names) }
    #expect(Set(syntax.order).subtracting(used) == ["file"])
    #expect(used.subtracting(syntax.order) == Set(Self.kinds.values))
    let inside = tokens.rules.values.reduce(into: Set<String>()) { $0.formUnion($1.names) }
    #expect(inside.subtracting(tokens.order).isEmpty)
    #expect(Set(tokens.order).subtracting(inside).subtracting(["comment"]) == Set(Self.kinds.values))
  }

  /// The grammar takes every file that the parser takes.
  @Test func takesAllFiles() {
    #expect(Self.files.count > 30)
    for file in Self.files {
      guard Self.parses(file) else { continue }
      #expect(syntax.accepts(Self.symbols(file), as: "file"), "\(file.path)")
    }
  }

  /// The same of files from which one token is missing: the parser takes nothing that the grammar does not.
  @Test func takesWhatTheParserTakes() {
    var taken = 0
    var refused = 0
    for file in Self.files where file.bytes.count < 2500 && Self.parses(file) {
      let all = Lexer.tokens(of: file).tokens.dropLast()
      for token in all {
        var bytes = file.bytes
        bytes.replaceSubrange(token.start..<token.end, with: [UInt8](repeating: 0x20, count: token.end - token.start))
        let damaged = SourceFile(path: file.path, bytes: bytes)
        let isInGrammar = syntax.accepts(Self.symbols(damaged), as: "file")
        if !isInGrammar { refused += 1 }
        guard Self.parses(damaged) else { continue }
        taken += 1
        #expect(isInGrammar, "\(file.path) without the token at \(file.location(ofByte: token.start))")
      }
    }
    #expect(taken > 10, "\(taken) damaged files were taken")
    #expect(refused > 1000, "\(refused) damaged files were refused")
  }

  /// Every token is spelt as its rule says.
  @Test func spellsTokens() {
    var seen: Set<String> = []
    for file in Self.files {
      for token in Lexer.tokens(of: file).tokens {
        guard let kind = Self.kinds[token.kind] else { continue }
        let text = String(decoding: file.bytes[token.start..<token.end], as: UTF8.self)
        guard seen.insert(kind + text).inserted, text.count < 200 else { continue }
        #expect(Self.accepts(tokens, text, as: kind), "'\(text)' is no \(kind)")
      }
    }
  }

  /// Spellings at the edges of the rules, as the lexer and the rules see them.
  @Test func edges() {
    for text in ["0x1.8p-3", "1e5", "-0.5", "1.", ".5", "0x", "1.5e", "0x1p+2", "-0x1F", "12", "1_0"] {
      let found = Lexer.tokens(of: SourceFile(path: "t.graph", text: text)).tokens
      for (kind, name) in [(Token.Kind.integer, "integer"), (.float, "float")] {
        let isOne = found.count == 2 && found[0].kind == kind
        #expect(Self.accepts(tokens, text, as: name) == isOne, "'\(text)' as \(name)")
      }
    }
    #expect(Self.accepts(tokens, "tensor<f32>", as: "type") && Self.accepts(tokens, "tensor<BxN12x3xui8>", as: "type"))
    #expect(Self.accepts(tokens, "tensor<B=32x3xf32>", as: "type"))
    #expect(!Self.accepts(tokens, "tensor<>", as: "type") && !Self.accepts(tokens, "tensor<bx3xf32>", as: "type"))
  }

  /// The kinds of tokens that have rules.
  private static let kinds: [Token.Kind: String] = [
    .word: "word", .value: "value", .symbol: "symbol", .integer: "integer", .float: "float", .string: "string",
    .type: "type",
  ]

  private static func symbols(_ file: SourceFile) -> [Grammar.Symbol] {
    Lexer.tokens(of: file).tokens.dropLast().map { token in
      let text = String(decoding: file.bytes[token.start..<token.end], as: UTF8.self)
      return Grammar.Symbol(text: text, kind: kinds[token.kind] ?? "")
    }
  }

  private static func accepts(_ grammar: Grammar, _ text: String, as rule: String) -> Bool {
    grammar.accepts(text.map { Grammar.Symbol(text: String($0)) }, as: rule)
  }

  private static func parses(_ file: SourceFile) -> Bool {
    (try? Parser.parse(file, vocabulary: .standard)) != nil
  }
}
