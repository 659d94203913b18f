/// Changes texts the way that people and broken disks do: by token, by line, by number, by byte.
///
/// Most changes leave a text of the language, so that what comes behind the parser meets them too.
public struct TextMutator {
  private var random: RandomSource
  /// Texts whose lines stray into others.
  private let texts: [[UInt8]]

  /// Numbers that are at the end of some range.
  private static let extremes = [
    "0", "1", "-1", "2", "7", "16", "17", "64", "256", "1024", "2147483647", "-2147483648", "4294967296",
    "9223372036854775807", "-9223372036854775808", "9223372036854775808", "288230376151711744", "140737488355328",
    "1e39", "1e-46", "1e400", "-0.0", "nan", "inf", "-nan(0x1)", "0x7FC00001", "0xffffffffffffffff", "0x", "1.5",
  ].map { Array($0.utf8) }

  /// Pieces that stray into a text.
  private static let pieces = [
    "{", "}", "(", ")", "[", "]", "<", ">", ",", ":", "=", "->", "%", "@", "\"", "//", "\n", "\r", "\0", "\u{1B}[31m",
    "\u{FEFF}", "é", "..", "/", "x", "tensor<", "tensor<0xf32>", "dense<", "loc(", "fused @f(", "return ", "if ",
    "else",
    "store ", "load ", "version 2", "stage = \"fuse\"",
  ].map { Array($0.utf8) }

  /// Words of which one stands where another may.
  private static let families = [
    ["f32", "f64", "i32", "i64", "ui8", "i1"], ["read", "write", "update"], ["sum", "max", "min"],
    ["map", "reduce", "rows", "contract", "scatter", "lanes"], ["single", "lanes"], ["direct", "packed"],
    ["argument", "result", "parameter", "constant", "temporary"], ["lower", "schedule", "plan"],
    ["train", "inference"],
    [
      "inline", "specialize", "differentiate", "expand-optimizers", "decompose", "simplify", "constant-fold",
      "common-subexpressions", "dead-code", "fuse",
    ],
    ["add", "subtract", "multiply", "divide", "maximum", "minimum", "remainder", "and", "shift_left"],
    ["exp", "log", "tanh", "sigmoid", "sqrt", "abs", "negate", "not", "sign"],
  ].map { $0.map { Array($0.utf8) } }

  public init(seed: UInt64, texts: [[UInt8]]) {
    random = RandomSource(seed: seed)
    self.texts = texts
  }

  /// One of the texts, by its position, with one to three changes.
  public mutating func next() -> (text: Int, bytes: [UInt8]) {
    let choice = random.int(0...(texts.count - 1))
    var bytes = texts[choice]
    for _ in 0..<random.pick([1, 1, 1, 2, 3]) { change(&bytes) }
    return (choice, bytes)
  }

  private mutating func change(_ bytes: inout [UInt8]) {
    switch random.int(0...19) {
    case 0...7: changeNumber(&bytes)
    case 8...11: exchangeWord(&bytes)
    case 12...13: exchangeToken(&bytes)
    case 14...17: moveLine(&bytes)
    default: changeBytes(&bytes)
    }
  }

  // MARK: Numbers and words

  /// The ranges of all tokens that `isMember` accepts, each as long as neighbours of its class are.
  private static func tokens(
    _ bytes: [UInt8], _ isMember: (UInt8) -> Bool, startingWith isStart: (UInt8) -> Bool
  ) -> [Range<Int>] {
    var ranges: [Range<Int>] = []
    var i = 0
    while i < bytes.count {
      guard isMember(bytes[i]) else {
        i += 1
        continue
      }
      var end = i + 1
      while end < bytes.count, isMember(bytes[end]) { end += 1 }
      if isStart(bytes[i]) { ranges.append(i..<end) }
      i = end
    }
    return ranges
  }

  private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") < 10 }

  private static func isWord(_ byte: UInt8) -> Bool {
    (byte | 0x20) &- UInt8(ascii: "a") < 26 || isDigit(byte) || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
  }

  /// A number becomes an extreme, a neighbour, or another number of the text.
  private mutating func changeNumber(_ bytes: inout [UInt8]) {
    let numbers = Self.tokens(bytes, Self.isDigit, startingWith: { _ in true })
    guard !numbers.isEmpty else { return }
    let chosen = random.pick(numbers)
    let digits = bytes[chosen]
    let new: [UInt8]
    switch random.int(0...5) {
    case 0...1: new = random.pick(Self.extremes)
    case 2...3: new = Array(bytes[random.pick(numbers)])
    default:
      let value = Int(String(decoding: digits, as: UTF8.self)) ?? 0
      new = Array(String(value &+ random.pick([-2, -1, 1, 2])).utf8)
    }
    bytes.replaceSubrange(chosen, with: new)
  }

  /// A word becomes another one of its family, or a name another name.
  private mutating func exchangeWord(_ bytes: inout [UInt8]) {
    let words = Self.tokens(bytes, Self.isWord, startingWith: { !Self.isDigit($0) })
    guard !words.isEmpty else { return }
    let known = words.filter { range in Self.families.contains { $0.contains(Array(bytes[range])) } }
    if random.chance(60), !known.isEmpty {
      let chosen = random.pick(known)
      let family = Self.families.filter { $0.contains(Array(bytes[chosen])) }
      bytes.replaceSubrange(chosen, with: random.pick(random.pick(family)))
      return
    }
    // Names of values begin with digits or letters behind their mark.
    let names = Self.tokens(bytes, Self.isWord, startingWith: { _ in true }).filter {
      $0.lowerBound > 0 && [UInt8(ascii: "%"), UInt8(ascii: "@")].contains(bytes[$0.lowerBound - 1])
    }
    guard !names.isEmpty else { return }
    let new = Array(bytes[random.pick(names)])
    bytes.replaceSubrange(random.pick(names), with: new)
  }

  /// A token is dropped, doubled, or becomes another one.
  private mutating func exchangeToken(_ bytes: inout [UInt8]) {
    let words = Self.tokens(bytes, Self.isWord, startingWith: { _ in true })
    let signs = bytes.indices.filter { !Self.isWord(bytes[$0]) && bytes[$0] > 0x20 }.map { $0..<$0 + 1 }
    let all = words + signs
    guard !all.isEmpty else { return }
    let (chosen, other) = (random.pick(all), Array(bytes[random.pick(all)]))
    switch random.int(0...4) {
    case 0: bytes.removeSubrange(chosen)
    case 1: bytes.insert(contentsOf: other + [UInt8(ascii: " ")], at: chosen.lowerBound)
    case 2: bytes.insert(contentsOf: random.pick(Self.pieces), at: chosen.lowerBound)
    default: bytes.replaceSubrange(chosen, with: other)
    }
  }

  // MARK: Lines and bytes

  /// A line is doubled, dropped, exchanged with another one, or comes from another text.
  private mutating func moveLine(_ bytes: inout [UInt8]) {
    var lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false).map(Array.init)
    let (i, j) = (random.int(0...(lines.count - 1)), random.int(0...(lines.count - 1)))
    switch random.int(0...5) {
    case 0...1: lines.insert(lines[i], at: i)
    case 2...3: lines.remove(at: i)
    case 4: lines.swapAt(i, j)
    default:
      let other = random.pick(texts).split(separator: UInt8(ascii: "\n")).map(Array.init)
      if !other.isEmpty { lines.insert(random.pick(other), at: i) }
    }
    bytes = Array(lines.joined(separator: [UInt8(ascii: "\n")]))
  }

  /// Bytes anywhere are cut out, flipped, copied, or the end is missing.
  private mutating func changeBytes(_ bytes: inout [UInt8]) {
    guard !bytes.isEmpty else { return }
    let i = random.int(0...(bytes.count - 1))
    let j = min(bytes.count, i + random.int(0...12))
    switch random.int(0...5) {
    case 0: bytes[i] ^= 1 << UInt8(random.int(0...7))
    case 1: bytes[i] = UInt8(random.int(0...255))
    case 2: bytes.removeSubrange(i..<j)
    case 3: bytes.replaceSubrange(i..<j, with: random.pick(Self.pieces))
    case 4: bytes.insert(contentsOf: bytes[i..<j], at: random.int(0...(bytes.count - 1)))
    default: bytes.removeSubrange(i...)
    }
  }
}
