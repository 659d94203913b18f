import FraguaCompiler
import FraguaGraph
import FraguaSyntax
import FraguaTensors
import FraguaTransforms
import Testing

/// Which random numbers the calls of a function and of its derivatives draw.
@Suite struct StreamTests {
  /// What draws, and what the tests call: a masked sum, its square, their derivatives.
  private static let header = """
    graph @streams version 1

    func @mask(%x: tensor<8xf32>) {
      %y = dropout %x {rate = 0.5}
      return %y
    }
    func @square(%x: tensor<8xf32>) {
      %y = call @mask(%x)
      %z = multiply %y, %y
      %s = reduce_sum %z
      return %s
    }
    gradient @slope of @square wrt %x
    func @slopes(%x: tensor<8xf32>) {
      %g = call @slope(%x)
      %s = reduce_sum %g
      return %s
    }
    gradient @curvature of @slopes wrt %x
    func @cube(%x: tensor<8xf32>) {
      %y = call @mask(%x)
      %z = multiply %y, %y
      %c = multiply %z, %y
      %s = reduce_sum %c
      return %s
    }
    gradient @cube1 of @cube wrt %x

    """

  /// Which elements of each result of `@f` with the body `text` are not 0, in training.
  private func masks(_ text: String, header: String = header) throws -> [[Bool]] {
    let graph = try parsed(header + "func @f(%x: tensor<8xf32>) {\n\(text)\n}")
    let x = Tensor([8], (0..<8).map { Float(1 << $0) })
    let results = try compiledResults(
      graph, "f", [x], parameters: ["rng": Tensor([2], [4, 0] as [Int64])], GraphComparison.instructionSets[0],
      mode: .train)
    // What a sum of different powers of two, squared, is made of tells the mask.
    return results.map { result in
      if result.count == 8 { return result.doubles.map { $0 != 0 } }
      let sum = Int(result.doubles[0])
      return (0..<8).map { sum >> (2 * $0 + 2) & 1 != 0 }
    }
  }

  /// The value, its gradient, and the gradient of that are of one mask, however the calls are ordered.
  @Test func derivativesDrawWhatTheirFunctionDraws() throws {
    for order in [
      ["square", "slope", "curvature"], ["curvature", "slope", "square"], ["slope", "square", "curvature"],
    ] {
      let calls = order.map { "  %\($0) = call @\($0)(%x)" }
      let results = order.map { "%\($0)" }.joined(separator: ", ")
      let masks = try masks(calls.joined(separator: "\n") + "\n  return \(results)")
      #expect(Set(masks).count == 1, "\(order)")
      #expect(masks[0].contains(true) && masks[0].contains(false))
    }
  }

  /// The second calls are of one mask too, which is not the first one's.
  @Test func furtherCallsDrawOthers() throws {
    let masks = try masks(
      """
        %a = call @square(%x)
        %b = call @square(%x)
        %c = call @slope(%x)
        %d = call @slope(%x)
        %e = call @curvature(%x)
        %g = call @curvature(%x)
        return %a, %b, %c, %d, %e, %g
      """)
    #expect(masks[0] == masks[2] && masks[2] == masks[4])
    #expect(masks[1] == masks[3])
    // The curvature is a derivative of @slopes, whose further families are its own.
    #expect(masks[0] != masks[1] && masks[4] != masks[5])
  }

  /// Two functions that each call a third once draw other numbers each, and other ones than a call of the third.
  @Test func callersOfOneFunctionDrawTheirOwn() throws {
    let masks = try masks(
      """
        %a = call @square(%x)
        %b = call @cube1(%x)
        %c = call @mask(%x)
        return %a, %b, %c
      """)
    #expect(Set(masks).count == 3)
  }

  /// Draws of nested calls differ in pairs, and a gradient has those of the function, through calls that are inlined
  /// before and behind differentiation.
  @Test func nestedCalls() throws {
    let header =
      Self.header + """
        func @twice(%x: tensor<8xf32>) {
          %a = call @slope(%x)
          %b = call @slope(%x)
          return %a, %b
        }
        func @sums(%x: tensor<8xf32>) {
          %a, %b = call @twice(%x)
          %c, %d = call @twice(%x)
          return %a, %b, %c, %d
        }
        func @total(%x: tensor<8xf32>) {
          %a, %b, %c, %d = call @sums(%x)
          %e = add %a, %b
          %g = add %c, %d
          %h = add %e, %g
          %s = reduce_sum %h
          return %s
        }
        gradient @total1 of @total wrt %x

        """
    let masks = try masks(
      """
        %a, %b, %c, %d = call @sums(%x)
        return %a, %b, %c, %d
      """, header: header)
    #expect(Set(masks).count == 4)
    // The gradient of the sum has 2 where one mask is, 4 where two are, and so on: all four masks again.
    let graph = try parsed(header)
    let x = Tensor([8], [Float](repeating: 1, count: 8))
    let rng = ["rng": Tensor([2], [4, 0] as [Int64])]
    let set = GraphComparison.instructionSets[0]
    let slope = try compiledResults(graph, "total1", [x], parameters: rng, set, mode: .train)[0].doubles
    for (i, value) in slope.enumerated() {
      #expect(value == 8 * Double(masks.count { $0[i] }), "element \(i)")
    }
  }

  /// Calls that name a family draw it, and the others leave it out.
  @Test func namedFamilies() throws {
    let masks = try masks(
      """
        %a = call @square(%x) {stream = 1}
        %b = call @square(%x)
        %c = call @square(%x)
        %d = call @slope(%x) {stream = 1}
        %e = call @slope(%x)
        %g = call @slope(%x)
        return %a, %b, %c, %d, %e, %g
      """)
    #expect(Array(masks[0..<3]) == Array(masks[3...]))
    #expect(Set(masks).count == 3)
  }

  /// A dump taken after any pass goes on with the same numbers; a gradient that is specialized for two shapes too.
  @Test func dumpsKeepStreams() throws {
    let graph = try parsed(
      """
      graph @shapes version 1

      func @square(%x: tensor<Nxf32>) {
        %y = dropout %x {rate = 0.5}
        %z = multiply %y, %y
        %s = reduce_sum %z
        return %s
      }
      gradient @slope of @square wrt %x
      func @f(%x: tensor<8xf32>, %y: tensor<4xf32>) {
        %a = call @slope(%y)
        %b = call @slope(%x)
        %s = call @square(%x)
        %t = call @square(%x)
        return %a, %b, %s, %t
      }
      """)
    let arguments = [
      Tensor([8], (0..<8).map { Float(1 << $0) }), Tensor([4], [1, 1, 1, 1] as [Float]),
    ]
    func run(_ graph: Graph) throws -> [[Double]] {
      try compiledResults(
        graph, "f", arguments, parameters: ["rng": Tensor([2], [4, 0] as [Int64])],
        GraphComparison.instructionSets[0], mode: .train
      ).map(\.doubles)
    }
    let expected = try run(graph)
    // The second call of each.
    let mask = (0..<8).map { Int(expected[3][0]) >> (2 * $0 + 2) & 1 != 0 }
    #expect(expected[1].map { $0 != 0 } == mask)
    #expect(expected[2] != expected[3])
    for pass in Pipeline.standard.passes.map(\.name) {
      let options = CompilerOptions(mode: .train, vocabulary: .standard)
      let dump = GraphPrinter.print(try Compiler.transform(graph, entry: "f", after: pass, options).graph)
      #expect(try run(parsed(dump)) == expected, "after '\(pass)'")
    }
  }
}
