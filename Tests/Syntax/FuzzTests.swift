import FraguaGraph
import FraguaSource
import FraguaSyntax
import Testing

/// No bytes make the parser trap: each text ends in a graph or in diagnostics.
@Suite struct FuzzTests {
  /// Texts that the mutations start from.
  static let seeds: [[UInt8]] =
    RoundTripTests.canonical.map { Array($0.utf8) }
    + ["perceptron", "student", "fashion"].compactMap { try? bytes(ofFile: root + "graphs/\($0).graph") }

  /// Pieces that mutations insert: tokens, half tokens, extremes.
  static let pieces: [[UInt8]] = [
    "{", "}", "(", ")", "[", "]", "<", ">", ",", ":", "=", "->", "%", "@", "\"", "//", "\n", "\r\n", "\0", "0x",
    "1e999",
    "99999999999999999999", "-1", "tensor<", "tensor<0xf32>", "tensor<9223372036854775807x9xf32>", "dense<",
    "dense<\"0x\">",
    "loc(", "fused @f(", "call @loss(", "return ", "update @w, ", "param ", "func @f(", "graph ", "train ", "gradient ",
    "%x", "@w", "@rng", "é", "\u{FEFF}", "{value = dense<1>}", "stream = ", "[[[[", "tensor<BxBxBxf32>", "i1", "-", ".",
    "p",
  ].map { Array($0.utf8) }

  @Test(arguments: 0..<20) func mutationsDoNotTrap(seed: Int) {
    var random = SplitMix(seed: UInt64(seed))
    for _ in 0..<200 {
      var bytes = Self.seeds.randomElement(using: &random)!
      for _ in 0..<Int.random(in: 1...4, using: &random) { mutate(&bytes, &random) }
      let file = SourceFile(path: "fuzz.graph", bytes: bytes)
      do throws(Diagnostics) {
        let graph = try Parser.parse(file, vocabulary: .standard)
        // What is accepted is well-formed and prints as what reads back.
        let text = GraphPrinter.print(graph)
        #expect(GraphVerifier.errors(in: graph) == [], "seed \(seed): \(text)")
        let again = try Parser.parse(SourceFile(path: "again.graph", text: text), vocabulary: .standard)
        #expect(GraphPrinter.print(again) == text, "seed \(seed)")
      } catch {
        #expect(!error.all.isEmpty)
        for one in error.all {
          #expect(one.location != nil, "seed \(seed): \(one.message)")
          #expect(one.location?.file != "again.graph", "seed \(seed): \(one.message)")
          _ = one.rendered(files: [file])
        }
      }
    }
  }

  private func mutate(_ bytes: inout [UInt8], _ random: inout SplitMix) {
    let i = Int.random(in: 0...bytes.count, using: &random)
    let j = min(bytes.count, i + Int.random(in: 0...12, using: &random))
    switch Int.random(in: 0..<6, using: &random) {
    case 0: bytes.removeSubrange(i..<j)
    case 1: bytes.insert(contentsOf: Self.pieces.randomElement(using: &random)!, at: i)
    case 2: bytes.replaceSubrange(i..<j, with: Self.pieces.randomElement(using: &random)!)
    case 3: bytes.insert(contentsOf: bytes[i..<j], at: Int.random(in: 0...bytes.count, using: &random))
    case 4: if i < bytes.count { bytes[i] = UInt8.random(in: 0...255, using: &random) }
    default: bytes.removeSubrange(i...)
    }
  }

  /// Nesting of every kind, deeper than any stack.
  @Test(arguments: [
    "[", "{", "(", "<", "dense<[", "loc(gradient(", "%a = fused @f(%x = %x) {\n", "tensor<", "func @f() {\n",
  ])
  func deepNestingEnds(piece: String) {
    let many = String(repeating: piece, count: 20_000)
    for context in [
      "", "param @w: tensor<f32> = dense<", "param @w: tensor<f32> = zeros ", "func @f(%x: tensor<f32>) {\n",
      "func @f(%x: tensor<f32>) {\n  %y = argmax %x {axis = ", "func @f(%x: tensor<f32>) {\n  return %x loc(",
    ] {
      #expect(!parseErrors(SourceFile(path: "deep.graph", text: "graph @g version 1\n" + context + many)).isEmpty)
    }
  }

  /// A chain of calls and a long function, both far larger than what people write.
  @Test func largeFilesParse() throws {
    let count = 20_000
    var text = "graph @g version 1\n"
    for i in 0..<count {
      text += "func @f\(i)(%x: tensor<Bxf32>) {\n  %y = "
      text += i + 1 < count ? "call @f\(i + 1)(%x)" : "tanh %x"
      text += "\n  return %y\n}\n"
    }
    text += "func @long(%x0: tensor<Bxf32>) {\n"
    for i in 0..<count { text += "  %x\(i + 1) = tanh %x\(i)\n" }
    text += "  return %x\(count)\n}\n"
    let graph = try parse(text)
    #expect(graph.functions.count == count + 1)
    #expect(GraphVerifier.errors(in: graph) == [])
  }

  /// Bytes that are no text, and text with all sorts of line ends.
  @Test func otherBytes() throws {
    var random = SplitMix(seed: 5)
    for count in [1, 10, 1000, 100_000] {
      let noise = (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
      #expect(!parseErrors(SourceFile(path: "noise", bytes: noise)).isEmpty)
      let printable = noise.map { 32 + $0 % 95 }
      #expect(!parseErrors(SourceFile(path: "noise", bytes: printable)).isEmpty)
    }
    #expect(errors("graph @g version 1\n// \u{e9}\n").isEmpty)
    #expect(errors("\u{FEFF}graph @g version 1\r\n").isEmpty)
    let latin1 = Array("graph @g version 1\n// ".utf8) + [0xE9, 0x0A]
    #expect(parseErrors(SourceFile(path: "t", bytes: latin1)).map(\.message) == ["the byte 0xE9 is not UTF-8"])
  }
}
