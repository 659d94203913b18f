import FraguaGraph
import FraguaSource
import FraguaSyntax
import FraguaTensors
import FraguaTransforms
import TestSupport
import Testing

/// No pass changes what a program computes.
@Suite struct MeaningTests {
  /// The function `entry` computes the same after every pass from `first` on, where it exists: exactly from `decompose`
  /// on, within rounding before.
  private func check(
    _ text: String, _ entry: String, after first: String, bind bindings: [String: Int], _ arguments: [Tensor]
  ) throws {
    let graph = try parsed(text)
    let context = context(entry, bind: bindings)
    var expected: (results: [Tensor], updated: [String: Tensor])?
    var isExact = false
    let start = Pipeline.standard.passes.firstIndex { $0.name == first }!
    for pass in Pipeline.standard.passes[start...].prefix(while: { $0.name != "fuse" }) {
      let dump = try Pipeline.standard.run(graph, after: pass.name, context).graph
      let actual = GraphInterpreter(dump).run(entry, arguments: arguments, parameters: initialParameters(dump))
      if let expected {
        #expect(expected.updated.keys.sorted() == actual.updated.keys.sorted())
        for (before, after) in zip(expected.results, actual.results) {
          expectEqual(before, after, isExact, "a result after '\(pass.name)'")
        }
        for (name, before) in expected.updated {
          expectEqual(before, actual.updated[name]!, isExact, "'@\(name)' after '\(pass.name)'")
        }
      }
      expected = actual
      if pass.name == "decompose" { isExact = true }
    }
  }

  private func expectEqual(_ before: Tensor, _ after: Tensor, _ isExact: Bool, _ what: String) {
    if isExact {
      #expect(before.hasSameBits(as: after), "\(what)")
    } else {
      let scale = before.doubles.map { abs($0) }.reduce(1e-3, max)
      let difference = zip(before.doubles, after.doubles).map { abs($0 - $1) }.reduce(0, max)
      #expect(difference <= 1e-5 * scale, "\(what)")
    }
  }

  private let features = noise(TensorType([6, 2], .f32), seed: 1)
  private let labels = Tensor([6, 1], [0, 1, 1, 0, 1, 0] as [Float])
  private let pixels = Tensor([6, 4, 4], (0..<96).map { UInt8(truncatingIfNeeded: $0 * 37) })
  private let classes = Tensor([6], [0, 4, 2, 2, 1, 3] as [UInt8])

  @Test func studentPredicts() throws {
    try check(SampleGraphs.student, "predict", after: "specialize", bind: ["B": 6], [features])
  }
  @Test func studentLoss() throws {
    try check(SampleGraphs.student, "loss", after: "specialize", bind: ["B": 6], [features, labels])
  }
  @Test func studentGradient() throws {
    try check(SampleGraphs.student, "sensitivity", after: "differentiate", bind: ["B": 6], [features, labels])
  }
  @Test func studentTraining() throws {
    try check(SampleGraphs.student, "fit", after: "expand-optimizers", bind: ["B": 6], [features, labels])
  }
  @Test func fashionPredicts() throws {
    try check(SampleGraphs.fashion, "predict", after: "specialize", bind: ["B": 6], [pixels])
  }
  @Test func fashionTraining() throws {
    try check(SampleGraphs.fashion, "fit", after: "expand-optimizers", bind: ["B": 6], [pixels, classes])
  }

  /// However a sum is written: by `reduce_sum`, as a contraction, over one element, or as a product with their number.
  @Test func sumsOfNegativeZeroAreNegativeZero() throws {
    let text = """
      graph @g version 1
      func @f(%x: tensor<2xf32>, %y: tensor<2x1xf32>) -> (tensor<2xf32>, tensor<2xf32>, tensor<2xf32>, tensor<2xf32>) {
        %wide = broadcast %x {axes = [0], to = tensor<2x3xf32>}
        %ones = constant {value = dense<1.0>} : tensor<3xf32>
        %dot = dot_general %wide, %ones {lhs_contracting = [1], rhs_contracting = [0]}
        %column = reshape %ones {to = tensor<3x1xf32>}
        %product = matmul %wide, %column
        %flat = reshape %product {to = tensor<2xf32>}
        %single = reduce_sum %y {axes = [1]}
        %sum = reduce_sum %wide {axes = [1]}
        return %dot, %flat, %single, %sum
      }
      """
    let (x, y) = (Tensor([2], [-0.0, 0.0] as [Float]), Tensor([2, 1], [-0.0, 0.0] as [Float]))
    try check(text, "f", after: "specialize", bind: [:], [x, y])
    for result in GraphInterpreter(try parsed(text)).run("f", arguments: [x, y], parameters: [:]).results {
      #expect(result.hasSameBits(as: x))
    }
  }

  /// A training step has no transpose left, and no forward pass twice.
  @Test func trainingStepIsLean() throws {
    for text in [SampleGraphs.student, SampleGraphs.fashion] {
      let graph = try Pipeline.standard.run(try parsed(text), after: "dead-code", context("fit", bind: ["B": 6])).graph
      let step = try #require(graph.functions.first { $0.name == "fit" })
      #expect(graph.functions.count == 1)
      #expect(!step.nodes.contains { $0.name == "transpose" })
      // Two layers forward; two weight gradients and one input gradient backward.
      #expect(step.nodes.count { $0.name == "dot_general" } == 5)
    }
  }

  /// Passes from `decompose` on change no bit of random graphs, nor of their derivatives.
  @Test func randomGraphs() throws {
    for seed in UInt64(0)..<400 {
      let random = RandomGraph(seed: seed, size: Int(seed % 17) + 2)
      var context = context()
      context.entries = random.entries
      do {
        #expect(GraphVerifier.errors(in: random.graph).map(\.message) == [], "seed \(seed)")
        let plain = try Pipeline.standard.run(random.graph, after: "decompose", context).graph
        let optimized = try Pipeline.standard.run(random.graph, after: lastPass, context).graph
        let text = GraphPrinter.print(optimized)
        #expect(GraphPrinter.print(try parsed(text)) == text, "seed \(seed)")
        for entry in random.entries {
          let arguments = random.arguments(of: entry)
          let before = GraphInterpreter(plain).run(entry, arguments: arguments, parameters: random.parameters)
          let after = GraphInterpreter(optimized).run(entry, arguments: arguments, parameters: random.parameters)
          for (a, b) in zip(before.results, after.results) {
            #expect(agree(a, b), "seed \(seed) of RandomGraph, '@\(entry)'")
          }
          for (name, tensor) in before.updated {
            #expect(agree(tensor, after.updated[name]!), "seed \(seed) of RandomGraph, '@\(name)' after '@\(entry)'")
          }
        }
      } catch let error as Diagnostics {
        Issue.record("seed \(seed): \(error.all.map { $0.rendered() })")
      }
    }
  }

  /// Whether two results have the same bits, NaN aside; of f64, where `simplify` may round a sum less, to twelve
  /// digits.
  private func agree(_ a: Tensor, _ b: Tensor) -> Bool {
    guard a.type == b.type else { return false }
    return (0..<a.count).allSatisfy { i in
      if a[i] == b[i] { return true }
      guard a.element.isFloat else { return false }
      let (x, y) = (a[i].asDouble, b[i].asDouble)
      if x.isNaN && y.isNaN { return true }
      return a.element == .f64 && abs(x - y) <= 1e-12 * max(abs(x), abs(y))
    }
  }
}
