import FraguaGraph
import FraguaSource
import FraguaSyntax
import FraguaTransforms
import Testing

/// Calls that multiply, and gradients of gradients, are refused by what they come to, before they cost it.
@Suite struct ExpandedSizeTests {
  /// `levels` functions, each of which calls the one before twice.
  private static func doubling(_ levels: Int) -> String {
    "graph @g version 1\n\nfunc @f0(%x: tensor<f32>) -> tensor<f32> {\n  %y = exp %x\n  return %y\n}\n"
      + (1...levels).map { i in
        "\nfunc @f\(i)(%x: tensor<f32>) -> tensor<f32> {\n  %y = call @f\(i - 1)(%x)\n  %z = call @f\(i - 1)(%y)\n  return %z\n}\n"
      }.joined()
  }

  /// The gradient of the gradient of ..., `levels` deep, of `body`, a function of a scalar.
  private static func derivatives(_ levels: Int, _ body: String = "%y = tanh %x\n  %z = multiply %x, %y") -> String {
    "graph @g version 1\n\nfunc @g0(%x: tensor<f32>) -> tensor<f32> {\n  \(body)\n  return %z\n}\n"
      + (1...levels).map { "gradient @g\($0) of @g\($0 - 1) wrt %x\n" }.joined()
  }

  private func errors(_ text: String) -> [Diagnostic] {
    do throws(Diagnostics) {
      try GraphVerifier.check(Parser.parse(SourceFile(path: "test.graph", text: text), vocabulary: .standard))
      return []
    } catch { return error.all }
  }

  @Test func callsThatDouble() {
    #expect(errors(Self.doubling(14)) == [])
    let clock = ContinuousClock()
    for levels in [17, 40, 1000] {
      var found: [Diagnostic] = []
      let time = clock.measure { found = errors(Self.doubling(levels)) }
      #expect(time < .seconds(20))
      #expect(found.count == 1 && found[0].message.contains(/^the calls and gradients up to '@f[0-9]+' make more than/))
      #expect(found.first?.location != nil)
    }
  }

  @Test func gradientsOfGradients() {
    for levels in [12, 60] {
      let found = errors(Self.derivatives(levels))
      #expect(found.count == 1 && found[0].message.contains(/^the calls and gradients up to '@g[0-9]+' make more than/))
    }
    #expect(errors(Self.derivatives(4)) == [])
  }

  /// What is accepted is compiled in a moment; the estimate is of the right size.
  @Test(arguments: [
    "%y = tanh %x\n  %z = multiply %x, %y", "%z = exp %x", "%y = sigmoid %x\n  %z = divide %y, %x",
    "%y = softplus %x\n  %z = multiply %y, %y",
  ]) func whatIsAcceptedIsSmall(body: String) throws {
    var levels = 1
    while errors(Self.derivatives(levels + 1, body)) == [] { levels += 1 }
    #expect((7...11).contains(levels))
    let graph = try parsed(Self.derivatives(levels, body))
    let time = try ContinuousClock().measure {
      let written = try Pipeline.standard.run(graph, after: "differentiate", context("g\(levels)")).graph
      let count = try #require(written.function(named: "g\(levels)")).nodes.count
      #expect(count < 100_000)
    }
    #expect(time < .seconds(10), "verified after every pass")
  }

  /// A long text may have a long result, in proportion.
  @Test func proportion() {
    let lines = (1...20_000).map { "  %y\($0) = exp %y\($0 - 1)\n" }.joined()
    let text =
      "graph @g version 1\n\nfunc @f(%y0: tensor<f32>) -> tensor<f32> {\n\(lines)  return %y20000\n}\n"
      + "gradient @g of @f wrt %y0\n"
    #expect(errors(text) == [])
  }
}
