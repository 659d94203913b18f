import FraguaSource
import FraguaTensors

/// Reads the text of kernel programs, which ``KernelDump`` shows.
///
/// The grammar needs no recursion and one token of look-ahead. What it gives is well formed as text; ``KernelVerifier``
/// says whether it is a program.
public struct KernelParser {
  let file: SourceFile
  private let tokens: [Token]
  private var position = 0
  /// Position of the buffers by name.
  private var bufferNumbers: [String: Int] = [:]
  /// Position of the kernels by name.
  private var kernelNumbers: [String: Int] = [:]
  private(set) var dump: KernelDump
  /// Where what has been read stands.
  private var places: KernelPlaces

  /// More axes than any kernel has; a limit on what a text can make us allocate.
  static let mostAxes = 32

  private init(_ file: SourceFile) throws(Diagnostic) {
    let (tokens, errors) = Lexer.tokens(of: file)
    if let error = errors.first { throw error }
    self.file = file
    self.tokens = tokens
    dump = KernelDump(KernelProgram(name: ""))
    places = KernelPlaces(file)
  }

  /// The program that `file` holds, with its schedule and plan where they are there.
  /// - Throws: the first error, with its place.
  public static func parse(_ file: SourceFile) throws(Diagnostic) -> KernelDump { try parseWithPlaces(file).dump }

  /// The program that `file` holds, and where everything in it stands.
  /// - Throws: the first error, with its place.
  public static func parseWithPlaces(
    _ file: SourceFile
  ) throws(Diagnostic) -> (dump: KernelDump, places: KernelPlaces) {
    var parser = try KernelParser(file)
    return (try parser.dumpText(), parser.places)
  }

  /// Notes that `place` begins at a token.
  mutating func note(_ place: KernelPlace, at token: Token) { places.note(place, atByte: token.start) }

  /// The number of the kernel that is being read.
  var kernelNumber: Int { dump.program.kernels.count }

  // MARK: Tokens

  /// The token at hand.
  var token: Token { tokens[position] }

  /// The text of `token`.
  func text(_ token: Token) -> String { String(decoding: file.bytes[token.start..<token.end], as: UTF8.self) }

  /// An error at a token, by default the one at hand.
  func error(_ message: String, at place: Token? = nil) -> Diagnostic {
    Diagnostic(message, at: file.location(ofByte: (place ?? token).start))
  }

  /// An error that names what was expected and what is there.
  func unexpected(_ expected: String) -> Diagnostic {
    let found = token.kind == .end ? "the end of the file" : "'\(String(text(token).prefix(40)))'"
    return error("expected \(expected), found \(found)")
  }

  /// Moves past the token at hand and returns it.
  @discardableResult
  mutating func advance() -> Token {
    let token = tokens[position]
    if position + 1 < tokens.count { position += 1 }
    return token
  }

  /// Moves past a token of `kind` if it is at hand.
  mutating func accept(_ kind: Token.Kind) -> Bool {
    if token.kind != kind { return false }
    advance()
    return true
  }

  /// Moves past the word `word` if it is at hand.
  mutating func accept(word: String) -> Bool {
    if token.kind != .word || text(token) != word { return false }
    advance()
    return true
  }

  /// Moves past a token of `kind`.
  @discardableResult
  mutating func expect(_ kind: Token.Kind) throws(Diagnostic) -> Token {
    if token.kind != kind { throw unexpected("\(kind)") }
    return advance()
  }

  /// Moves past the word `word`.
  mutating func expect(word: String) throws(Diagnostic) {
    if !accept(word: word) { throw unexpected("'\(word)'") }
  }

  /// Reads one of the words that are the raw values of a type.
  mutating func oneOf<T: RawRepresentable<String> & CaseIterable>(_: T.Type) throws(Diagnostic) -> T {
    guard token.kind == .word, let value = T(rawValue: text(token)) else {
      throw unexpected(T.allCases.map { "'\($0.rawValue)'" }.joined(separator: ", "))
    }
    advance()
    return value
  }

  /// Reads an integer, after a minus sign that stands apart if `isNegative`.
  mutating func integer(isNegative: Bool = false) throws(Diagnostic) -> Int {
    let token = try expect(.integer)
    guard let value = Int((isNegative ? "-" : "") + text(token)) else {
      throw error("the number does not fit", at: token)
    }
    return value
  }

  /// Reads an integer that is not negative.
  mutating func count() throws(Diagnostic) -> Int {
    let token = token
    let value = try integer()
    if value < 0 { throw error("the number is negative", at: token) }
    return value
  }

  /// Reads a word made of `prefix` and a number below `limit`: `d0`, `b3`.
  mutating func numbered(_ prefix: String, below limit: Int) throws(Diagnostic) -> Int {
    let name = text(token)
    guard token.kind == .word, name.hasPrefix(prefix), let number = Int(name.dropFirst(prefix.count)),
      number >= 0, number < limit
    else { throw unexpected("\(prefix)0 to \(prefix)\(limit - 1)") }
    advance()
    return number
  }

  /// Reads `%name` or `@name` without its mark.
  mutating func name(_ kind: Token.Kind) throws(Diagnostic) -> String {
    String(text(try expect(kind)).dropFirst())
  }

  /// Reads a string and undoes its escapes.
  mutating func string() throws(Diagnostic) -> String {
    let token = try expect(.string)
    guard let value = KernelPrinter.unquoted(text(token)) else { throw error("an unknown escape", at: token) }
    return value
  }

  /// Reads a string that is a name: such names become those of files.
  /// - Parameter mayBeEmpty: whether there may be none.
  mutating func nameString(mayBeEmpty: Bool = false) throws(Diagnostic) -> String {
    let place = token
    let value = try string()
    guard value.isIdentifier || mayBeEmpty && value.isEmpty else {
      throw error("'\(value)' is not a name: letters, digits, '_' and '.' are", at: place)
    }
    return value
  }

  // MARK: The program

  private mutating func dumpText() throws(Diagnostic) -> KernelDump {
    note(.program, at: token)
    try expect(word: "kernels")
    dump.program.name = try name(.symbol)
    try expect(word: "version")
    let version = token
    if try integer() != 1 { throw error("the version is not 1", at: version) }
    try expect(.leftBrace)
    try expect(word: "stage")
    try expect(.equal)
    let stageToken = token
    guard let stage = KernelDump.Stage(rawValue: try string()) else {
      throw error("the stage is none of lower, schedule and plan", at: stageToken)
    }
    try expect(.rightBrace)
    while token.kind != .end { try item() }
    if stage != dump.stage {
      throw error("the stage is '\(stage.rawValue)', but the text is of stage '\(dump.stage.rawValue)'", at: stageToken)
    }
    return dump
  }

  /// Reads a declaration, a call or a section.
  private mutating func item() throws(Diagnostic) {
    let start = token
    if start.kind != .word { throw unexpected("a declaration") }
    switch text(start) {
    case "arguments":
      if !dump.program.argumentNames.isEmpty { throw error("there are arguments already") }
      advance()
      dump.program.argumentNames = try names()
    case "results":
      if !dump.program.resultNames.isEmpty { throw error("there are results already") }
      advance()
      dump.program.resultNames = try names()
    case "constant": try constant()
    case "buffer": try buffer()
    case "kernel":
      advance()
      let place = token
      note(.kernel(kernelNumber), at: place)
      let name = try name(.symbol)
      if kernelNumbers.updateValue(dump.program.kernels.count, forKey: name) != nil {
        throw error("'@\(name)' is there already", at: place)
      }
      dump.program.kernels.append(try kernel())
    case "call": try call()
    case "schedule":
      if dump.schedule != nil { throw error("there is a schedule already") }
      dump.schedule = try schedule()
    case "plan":
      if dump.plan != nil { throw error("there is a plan already") }
      try plan()
    default: throw unexpected("'buffer', 'constant', 'kernel', 'call', 'schedule' or 'plan'")
    }
  }

  /// Reads names in quotes, with commas; some may be empty.
  private mutating func names() throws(Diagnostic) -> [String] {
    var list = [try nameString(mayBeEmpty: true)]
    while accept(.comma) { list.append(try nameString(mayBeEmpty: true)) }
    return list
  }

  /// Reads `: tensor<...>` of fixed extents.
  private mutating func tensorType() throws(Diagnostic) -> TensorType {
    try expect(.colon)
    let token = try expect(.type)
    let parts = text(token).dropFirst("tensor<".count).dropLast().split(
      separator: "x", omittingEmptySubsequences: false)
    let extents = parts.dropLast().map { Int($0) }
    guard let element = parts.last.flatMap({ ElementType(rawValue: String($0)) }),
      extents.allSatisfy({ $0.map { $0 >= 0 } ?? false })
    else { throw error("'\(text(token))' is not a type of fixed extents", at: token) }
    let type = TensorType(extents.map { $0! }, element)
    if type.checkedByteCount == nil { throw error("'\(text(token))' is too large", at: token) }
    return type
  }

  /// Reads `constant 0 : tensor<2xf32> = dense<"0x...">`.
  private mutating func constant() throws(Diagnostic) {
    advance()
    let place = token
    if try integer() != dump.program.constants.count {
      throw error("the constants are not numbered in turn", at: place)
    }
    let type = try tensorType()
    try expect(.equal)
    try expect(word: "dense")
    try expect(.less)
    let hexToken = token
    guard let bytes = KernelPrinter.bytes(hex: try string()) else {
      throw error("the constant is not written in hexadecimal bytes, '0x' first", at: hexToken)
    }
    if bytes.count != type.checkedByteCount {
      throw error("\(bytes.count) bytes do not fill \(type)", at: hexToken)
    }
    try expect(.greater)
    dump.program.constants.append(ConstantTensor(bytes.withUnsafeBytes { Tensor(type, bytes: $0) }))
  }

  /// Reads `buffer %x : tensor<2xf32> = argument 0`.
  private mutating func buffer() throws(Diagnostic) {
    advance()
    let place = token
    note(.buffer(dump.program.buffers.count), at: place)
    let name = try name(.value)
    if bufferNumbers.updateValue(dump.program.buffers.count, forKey: name) != nil {
      throw error("'%\(name)' is there already", at: place)
    }
    let type = try tensorType()
    try expect(.equal)
    let kind: ProgramBuffer.Kind
    if accept(word: "argument") {
      kind = .argument(try count())
    } else if accept(word: "result") {
      kind = .result(try count())
    } else if accept(word: "parameter") {
      kind = .parameter(try nameString())
    } else if accept(word: "constant") {
      kind = .constant(try count())
    } else {
      try expect(word: "temporary")
      kind = .temporary
    }
    dump.program.buffers.append(ProgramBuffer(name: name, type: type, kind: kind))
  }

  /// Reads `%name` of a buffer that is declared.
  private mutating func bufferNumber() throws(Diagnostic) -> Int {
    let place = token
    let name = try name(.value)
    guard let number = bufferNumbers[name] else { throw error("there is no buffer '%\(name)'", at: place) }
    return number
  }

  /// Reads `call @k0(%x, %y) {name = "...", origin = "..."}`.
  private mutating func call() throws(Diagnostic) {
    advance()
    let place = token
    note(.call(dump.program.calls.count), at: place)
    let kernelName = try name(.symbol)
    guard let kernel = kernelNumbers[kernelName] else { throw error("there is no kernel '@\(kernelName)'", at: place) }
    try expect(.leftParenthesis)
    var buffers: [Int] = []
    if token.kind != .rightParenthesis {
      repeat { buffers.append(try bufferNumber()) } while accept(.comma)
    }
    try expect(.rightParenthesis)
    try expect(.leftBrace)
    try expect(word: "name")
    try expect(.equal)
    let name = try nameString(mayBeEmpty: true)
    try expect(.comma)
    try expect(word: "origin")
    try expect(.equal)
    let origin = try string()
    try expect(.rightBrace)
    dump.program.calls.append(KernelCall(name: name, kernel: kernel, buffers: buffers, origin: origin))
  }

  /// Reads `plan arena 512 lower_bound 512 scratch 512 stride 0 { %h at 0 }`.
  private mutating func plan() throws(Diagnostic) {
    note(.plan, at: advance())
    try expect(word: "arena")
    let arena = try count()
    try expect(word: "lower_bound")
    let bound = try count()
    try expect(word: "scratch")
    let scratch = try count()
    try expect(word: "stride")
    let stride = try count()
    var offsets = [Int?](repeating: nil, count: dump.program.buffers.count)
    try expect(.leftBrace)
    while !accept(.rightBrace) {
      let place = token
      let number = try bufferNumber()
      if offsets[number] != nil { throw error("'\(text(place))' has a place already", at: place) }
      note(.planned(number), at: place)
      try expect(word: "at")
      offsets[number] = try count()
    }
    dump.plan = MemoryPlan(
      offsets: offsets, scratchOffset: scratch, scratchStride: stride, arenaBytes: arena, lowerBoundBytes: bound)
  }
}
