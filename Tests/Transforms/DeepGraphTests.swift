import FraguaGraph
import FraguaSource
import FraguaTransforms
import Testing

/// Compile time grows in proportion to the graph.
@Suite(.serialized) struct DeepGraphTests {
  /// A net of `depth` layers of 16 units, trained with SGD.
  static func net(_ depth: Int) -> String {
    var text = "graph @deep version 1\n\n"
    for i in 1...depth {
      text += "param @w\(i): tensor<16x16xf32> = he_normal\nparam @b\(i): tensor<16xf32> = zeros\n"
    }
    text += "\nfunc @loss(%h0: tensor<Bx16xf32>, %y: tensor<Bx16xf32>) -> tensor<f32> {\n"
    for i in 1...depth { text += "  %h\(i) = dense %h\(i - 1), @w\(i), @b\(i) {activation = tanh}\n" }
    text += "  %l = mean_squared_error %h\(depth), %y\n  return %l\n}\n\n"
    return text + "train @fit minimize @loss {\n  optimizer = sgd(learning_rate = 0.001)\n}\n"
  }

  /// How long the passes take for a net of `depth` layers; prints them.
  private func duration(_ depth: Int) throws -> Duration {
    let graph = try parsed(Self.net(depth))
    let context = PassContext(vocabulary: .standard, entries: ["fit"], bindings: ["B": 32])
    let (result, timings) = try Pipeline.standard.run(graph, context)
    #expect(result.functions.count == 1)
    let list = timings.map { "\($0.pass) \($0.duration.formatted)" }.joined(separator: ", ")
    let total = timings.map(\.duration).reduce(.zero, +)
    print("passes on \(depth) layers: \(total.formatted) (\(list)), \(result.functions[0].nodes.count) nodes")
    return total
  }

  /// Deep nets go through all passes; the times are printed for people, and decide nothing.
  @Test func deepNets() throws { for depth in [100, 500, 2000] { _ = try duration(depth) } }
}

extension Duration {
  /// In milliseconds with a tenth.
  fileprivate var formatted: String {
    let tenths = components.seconds * 10_000 + components.attoseconds / 100_000_000_000_000
    return "\(tenths / 10).\(tenths % 10) ms"
  }
}
