import FraguaGraph
import FraguaSource
import FraguaTensors

/// Attributes, constants, locations.
extension TreeParser {
  /// `name = value, ...` and the closing token, after the opening one. A value without a name is read as well, for
  /// who knows the names to say what it lacks.
  mutating func attributes(until closing: Token.Kind) throws(Reported) -> [AttributeSyntax] {
    var attributes: [AttributeSyntax] = []
    let opening = tokens[index - 1]
    if take(closing) { return attributes }
    repeat {
      if token.kind == .end || isAtDeclaration { try expect(closing, closing: opening) }
      if token.kind != .word || following.kind == .comma || following.kind == closing {
        attributes.append(AttributeSyntax(name: NameSyntax(text: "", offset: token.start), value: try value()))
        continue
      }
      let name = try name(.word)
      try expect(.equal, notes: [.init("an attribute is written '\(name.text) = value'")])
      attributes.append(AttributeSyntax(name: name, value: try value()))
    } while take(.comma)
    try expect(closing, closing: opening)
    return attributes
  }

  /// The value of an attribute.
  mutating func value() throws(Reported) -> ValueSyntax {
    let start = token
    func simple(_ kind: ValueSyntax.Kind) -> ValueSyntax { ValueSyntax(kind: kind, offset: start.start) }
    switch start.kind {
    case .type: return simple(.type(try type()))
    case .leftBracket: return simple(.list(try list()))
    case .word where isWord("dense"): return simple(.dense(try dense()))
    case .integer, .float, .string, .word, .symbol: advance()
    default:
      throw fail("expected a value, got \(describe(start))")
    }
    switch start.kind {
    case .integer: return simple(.integer(text(start)))
    case .float: return simple(.float(text(start)))
    case .string: return simple(.string(string(start)))
    case .word: return simple(.word(text(start)))
    default: return simple(.symbol(String(text(start).dropFirst())))
    }
  }

  /// `[value, ...]`.
  private mutating func list() throws(Reported) -> [ValueSyntax] {
    try nested { parser throws(Reported) in
      let opening = try parser.expect(.leftBracket)
      var values: [ValueSyntax] = []
      if parser.take(.rightBracket) { return values }
      repeat { values.append(try parser.value()) } while parser.take(.comma)
      try parser.expect(.rightBracket, closing: opening)
      return values
    }
  }

  /// `dense<1.0>`, `dense<[[1, 2], [3, 4]]>` or `dense<"0x...">`, with or without `: type`.
  mutating func dense() throws(Reported) -> DenseSyntax {
    let offset = token.start
    try expectWord("dense")
    let opening = try expect(.less)
    let content: DenseSyntax.Content
    switch token.kind {
    case .string: content = .bytes(try hexDigits())
    case .leftBracket:
      var elements: [ElementSyntax] = []
      var extents: [Int] = []
      try parseRow(0, &elements, &extents)
      content = .elements(elements, extents: extents)
    default: content = .splat(try element())
    }
    try expect(.greater, closing: opening)
    var dense = DenseSyntax(content: content, offset: offset)
    if take(.colon) { dense.type = try type() }
    return dense
  }

  /// The digits of `"0x..."`.
  private mutating func hexDigits() throws(Reported) -> Range<Int> {
    let token = try expect(.string)
    let digits = (token.start + 1)..<(token.end - 1)
    let bytes = file.bytes[digits]
    if bytes.elementsEqual("...".utf8) {
      throw fail(
        "the constant was left out", at: token,
        notes: [.init("large constants are elided on screen only; print the graph into a file")])
    }
    guard bytes.starts(with: "0x".utf8) else {
      throw fail("the bytes of a constant begin with 0x", at: token, notes: [.init("as in dense<\"0x0000803F\">")])
    }
    return digits.dropFirst(2)
  }

  /// `[element, ...]` or `[row, ...]`; learns the extents from the first row of each depth and checks the others.
  private mutating func parseRow(
    _ depth: Int, _ elements: inout [ElementSyntax], _ extents: inout [Int]
  ) throws(Reported) {
    let opening = try expect(.leftBracket)
    if token.kind == .rightBracket { throw fail("a constant has at least one element a row") }
    guard depth < Self.nestingLimit else { throw giveUp() }
    // The row that is read first says how deep they all are.
    let isFirst = extents.count == depth
    if isFirst { extents.append(0) }
    var count = 0
    repeat {
      if token.kind == .leftBracket {
        guard isFirst && count == 0 || depth + 1 < extents.count else {
          throw fail("a row where an element is expected")
        }
        try parseRow(depth + 1, &elements, &extents)
      } else {
        guard depth + 1 == extents.count else { throw fail("expected '[' and a row, got \(describe(token))") }
        elements.append(try element())
      }
      count += 1
    } while take(.comma)
    try expect(.rightBracket, closing: opening)
    if isFirst { extents[depth] = count }
    guard extents[depth] == count else {
      throw fail("this row has \(counted(count, "element")), the first one has \(extents[depth])", at: opening)
    }
  }

  /// A number, `true` or `false`.
  private mutating func element() throws(Reported) -> ElementSyntax {
    let token = token
    let isTruth = token.kind == .word && Bool(word: text(token)) != nil
    guard token.kind == .integer || token.kind == .float || isTruth else {
      var notes: [Diagnostic.Note] = []
      if isWord("inf") || isWord("nan") {
        notes = [.init("infinities and NaN are written by their bits, as in 0x7F800000 for f32")]
      }
      throw fail("expected an element of a constant, got \(describe(token))", notes: notes)
    }
    advance()
    return ElementSyntax(start: token.start, end: token.end)
  }

  /// `loc(origin)`, if it is there.
  mutating func optionalOrigin() throws(Reported) -> Origin? {
    guard isWord("loc"), following.kind == .leftParenthesis else { return nil }
    advance()
    advance()
    let origin = try origin()
    try expect(.rightParenthesis)
    return origin
  }

  /// `"file":line:column`, `gradient(origin)`, `fused(origin, ...)` or `unknown`.
  private mutating func origin() throws(Reported) -> Origin {
    if token.kind == .string {
      let path = string(token)
      advance()
      try expect(.colon)
      let line = try positiveInteger()
      try expect(.colon)
      return .written(SourceLocation(file: path, line: line, column: try positiveInteger(), isClaimed: true))
    }
    if isWord("unknown") {
      advance()
      return .unknown
    }
    let isGradient = isWord("gradient")
    guard isGradient || isWord("fused") else {
      throw fail("expected a location like \"f.graph\":7:3, got \(describe(token))")
    }
    advance()
    return try nested { parser throws(Reported) in
      try parser.expect(.leftParenthesis)
      var origins = [try parser.origin()]
      while !isGradient, parser.take(.comma) { origins.append(try parser.origin()) }
      try parser.expect(.rightParenthesis)
      return isGradient ? .gradient(origins[0]) : .fused(origins)
    }
  }

  private mutating func positiveInteger() throws(Reported) -> Int {
    let token = try expect(.integer)
    guard let value = Int(text(token)), value >= 1 else {
      throw fail("'\(text(token))' is no line or column", at: token)
    }
    return value
  }
}
