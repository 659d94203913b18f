import FraguaGraph
import FraguaSource

/// What has been reported already: unwinds to the next statement.
struct Reported: Error {}

/// Reads a file's tokens into a ``GraphSyntax`` by recursive descent.
///
/// After an error it goes on at the next statement or declaration. Nesting is limited, so that no input exhausts the
/// stack.
struct TreeParser {
  let file: SourceFile
  let sink: DiagnosticSink
  let tokens: [Token]
  /// The current token's position; the last token is ``Token/Kind/end``.
  private(set) var index = 0
  /// How many braces are open, for recovery.
  var openBraces = 0
  /// How many lists, regions and locations are open.
  private var nesting = 0
  /// Whether brackets nest too deep: then nothing that follows makes sense.
  private var hasGivenUp = false
  var tree = GraphSyntax()
  /// The name of the declaration that is being read, once it is known.
  var declaring: String?

  /// Regions, lists and locations nest at most so deep.
  static let nestingLimit = 64
  /// The words that begin a declaration.
  static let declarationWords: Set<String> = ["param", "state", "func", "gradient", "train"]

  init(_ sink: DiagnosticSink) {
    self.sink = sink
    file = sink.file
    let (tokens, errors) = Lexer.tokens(of: file)
    self.tokens = tokens
    for error in errors { sink.report(error) }
  }

  /// The whole file.
  static func parse(_ sink: DiagnosticSink) -> GraphSyntax {
    var parser = TreeParser(sink)
    parser.parseFile()
    return parser.tree
  }

  private mutating func parseFile() {
    if token.kind == .end {
      if sink.all.isEmpty {
        sink.report("the file is empty", at: 0, notes: [.init("a graph begins with 'graph @name version 1'")])
      }
      return
    }
    do { try parseHeader() } catch { skipToDeclaration(from: 0) }
    while token.kind != .end, !sink.isFull {
      let start = index
      declaring = nil
      do throws(Reported) { try parseDeclaration() } catch { skipToDeclaration(from: start) }
    }
  }

  /// `graph @name version 1 {stage = "fuse", mode = "train", bind = "B=32"}`.
  private mutating func parseHeader() throws(Reported) {
    guard isWord("graph") else {
      throw fail(
        "expected 'graph', got \(describe(token))", notes: [.init("a graph begins with 'graph @name version 1'")])
    }
    advance()
    tree.name = try name(.symbol)
    try expectWord("version")
    let version = try expect(.integer)
    if text(version) != "1" {
      throw fail(
        "version \(text(version)) is not known", at: version,
        notes: [.init("this Fragua reads version 1 of the language")])
    }
    let opening = token
    guard take(.leftBrace) else { return }
    if token.kind != .rightBrace {
      repeat { try parseHeaderEntry() } while take(.comma)
    }
    try expect(.rightBrace, closing: opening)
  }

  /// One of the header's entries.
  private mutating func parseHeaderEntry() throws(Reported) {
    let key = try expect(.word)
    try expect(.equal)
    let token = try expect(.string)
    let value = string(token)
    switch text(key) {
    case "stage": tree.stage = value
    case "mode":
      guard let mode = Mode(rawValue: value) else {
        throw fail("unknown mode \"\(value)\"", at: token, notes: [.init("there is \"train\" and \"inference\"")])
      }
      tree.mode = mode
    case "bind":
      for entry in value.split(separator: ",", omittingEmptySubsequences: false) where !value.isEmpty {
        let parts = entry.split(separator: "=", omittingEmptySubsequences: false)
        guard parts.count == 2, Self.isSymbol(parts[0].utf8), let extent = Int(parts[1]), extent >= 1 else {
          throw fail("'\(entry)' binds no symbol", at: token, notes: [.init("it looks like bind = \"B=32,T=8\"")])
        }
        guard tree.bindings.updateValue(extent, forKey: String(parts[0])) == nil else {
          throw fail("the symbol '\(parts[0])' is bound twice", at: token)
        }
      }
    case let key:
      throw fail(
        "the header has no entry '\(key)'", at: token, notes: suggestion(for: key, among: ["stage", "mode", "bind"]))
    }
  }

  private mutating func parseDeclaration() throws(Reported) {
    guard token.kind == .word else {
      throw fail("expected a declaration, got \(describe(token))", notes: Self.declarationHint)
    }
    switch text(token) {
    case "param", "state": try parseParameter()
    case "func": try parseFunction()
    case "gradient": try parseGradient()
    case "train": try parseTraining()
    case "graph":
      throw fail("a second 'graph'", notes: [.init("a file holds one graph")])
    case let word:
      let near = nearestName(to: word, among: Self.declarationWords)
      throw fail(
        "unknown declaration '\(word)'", notes: near.map { [.init("did you mean '\($0)'?")] } ?? Self.declarationHint)
    }
  }

  private static let declarationHint = [
    Diagnostic.Note("declarations begin with 'param', 'state', 'func', 'gradient' or 'train'")
  ]
}

/// Tokens: looking, taking, failing, recovering.
extension TreeParser {
  var token: Token { tokens[index] }

  /// The token after the current one.
  var following: Token { tokens[min(index + 1, tokens.count - 1)] }

  func text(_ token: Token) -> String { String(decoding: file.bytes[token.start..<token.end], as: UTF8.self) }

  /// The characters that a string token stands for.
  func string(_ token: Token) -> String {
    var bytes: [UInt8] = []
    var escaped = false
    for byte in file.bytes[(token.start + 1)..<(token.end - 1)] {
      escaped = !escaped && byte == UInt8(ascii: "\\")
      if !escaped { bytes.append(byte) }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The token as a message quotes it.
  func describe(_ token: Token) -> String {
    if token.kind == .end { return "the end of the file" }
    // No more of a long token is looked at than is shown.
    let start = file.bytes[token.start..<min(token.end, token.start + 4 * 41)]
    return "'\(shortened(String(decoding: start, as: UTF8.self)))'"
  }

  mutating func advance() {
    switch token.kind {
    case .leftBrace: openBraces += 1
    case .rightBrace: openBraces -= 1
    case .end: return
    default: break
    }
    index += 1
  }

  /// Whether the current token is the word `word`.
  func isWord(_ word: String) -> Bool {
    token.kind == .word && file.bytes[token.start..<token.end].elementsEqual(word.utf8)
  }

  /// Takes the current token if it is of `kind`.
  mutating func take(_ kind: Token.Kind) -> Bool {
    guard token.kind == kind else { return false }
    advance()
    return true
  }

  /// Takes the current token, which must be of `kind`.
  @discardableResult
  mutating func expect(_ kind: Token.Kind, notes: [Diagnostic.Note] = []) throws(Reported) -> Token {
    let token = token
    guard take(kind) else { throw fail("expected \(kind), got \(describe(token))", notes: notes) }
    return token
  }

  /// Takes the current token, which must close what `opening` opened.
  mutating func expect(_ kind: Token.Kind, closing opening: Token) throws(Reported) {
    guard !take(kind) else { return }
    let notes = [sink.note("to close the \(opening.kind) here", at: opening.start)]
    throw fail("expected \(kind), got \(describe(token))", notes: notes + expressionNotes())
  }

  /// Takes the current token, which must be the word `word`.
  mutating func expectWord(_ word: String) throws(Reported) {
    guard isWord(word) else { throw fail("expected '\(word)', got \(describe(token))") }
    advance()
  }

  /// A word, or a `%` or `@` name without that sign.
  mutating func name(_ kind: Token.Kind) throws(Reported) -> NameSyntax {
    let token = try expect(kind)
    let text = text(token)
    return NameSyntax(text: kind == .word ? text : String(text.dropFirst()), offset: token.start)
  }

  /// Reports an error at `place` (the current token where none is given), unless the lexer has reported it.
  func fail(
    _ message: @autoclosure () -> String, at place: Token? = nil, notes: @autoclosure () -> [Diagnostic.Note] = []
  ) -> Reported {
    let place = place ?? token
    if place.kind != .invalid, !hasGivenUp { sink.report(message(), at: place.start, notes: notes()) }
    return Reported()
  }

  /// Runs `body` one level deeper, unless that is too deep.
  mutating func nested<T>(_ body: (inout TreeParser) throws(Reported) -> T) throws(Reported) -> T {
    guard nesting < Self.nestingLimit else { throw giveUp() }
    nesting += 1
    defer { nesting -= 1 }
    return try body(&self)
  }

  /// Reports that brackets nest too deep, and skips the rest of the file.
  mutating func giveUp() -> Reported {
    let reported = fail("brackets nest deeper than \(Self.nestingLimit) levels")
    hasGivenUp = true
    index = tokens.count - 1
    return reported
  }

  /// Whether a declaration begins at the current token.
  var isAtDeclaration: Bool {
    token.startsLine && token.kind == .word && following.kind == .symbol && Self.declarationWords.contains(text(token))
  }

  /// Skips the rest of the declaration that began at token `start` and failed; its name, if it got that far, is not
  /// unknown.
  private mutating func skipToDeclaration(from start: Int) {
    if index == start { advance() }
    while token.kind != .end && !isAtDeclaration { advance() }
    openBraces = 0
    if let declaring { tree.brokenNames.insert(declaring) }
  }

  /// Skips to the next statement of a body whose closing brace is at `depth` open braces, or to the end of that body.
  mutating func skipToStatement(depth: Int) {
    while token.kind != .end {
      if isAtDeclaration || (token.startsLine && isAtStatement) { break }
      if token.kind == .rightBrace, openBraces <= depth { break }
      advance()
    }
    openBraces = depth
  }

  /// Whether a statement seems to begin at the current token.
  private var isAtStatement: Bool {
    if isWord("return") || isWord("update") { return following.kind == .value || following.kind == .symbol }
    // Reported as what it is: a name without its '%'.
    if token.kind == .word, following.kind == .equal, !following.startsLine { return true }
    var next = index
    while tokens[next].kind == .value {
      if tokens[next + 1].kind == .equal { return true }
      guard tokens[next + 1].kind == .comma else { return false }
      next += 2
    }
    return false
  }
}
