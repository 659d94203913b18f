import FraguaGraph
import FraguaOperations
import FraguaSource
import FraguaTensors
import Testing

/// ``GraphVerifier`` finds what a pass may break.
@Suite struct VerifierTests {
  private let f32 = TensorType([2], .f32)

  /// A graph that is right: one function with a parameter, an update, a call and a region; a gradient and a training.
  private func sound() throws -> Graph {
    try parse(
      """
      graph @g version 1
      param @w: tensor<2xf32> = zeros
      func @loss(%x: tensor<2xf32>) {
        %p = multiply %x, @w
        %m = reduce_mean %p
        return %m
      }
      func @step(%x: tensor<2xf32>) {
        %m = call @loss(%x)
        %y = fused @k(%x = %x, %w = @w) {
          %y = add %x, %w
          return %y
        }
        %z = dense %y, @v {activation = relu}
        update @w, %y
        return %m, %z
      }
      state @v: tensor<2x3xf32> = zeros
      gradient @slope of @loss wrt @w
      train @fit minimize @loss { optimizer = sgd }
      """)
  }

  /// The errors after `change`.
  private func errors(_ change: (inout Graph) -> Void) throws -> [String] {
    var graph = try sound()
    #expect(GraphVerifier.errors(in: graph) == [])
    change(&graph)
    return GraphVerifier.errors(in: graph).map(\.message)
  }

  /// Attributes are held as an operation reads them: converted.
  @Test func attributesAreConverted() throws {
    var builder = FunctionBuilder(name: "f")
    let x = builder.argument("x", f32)
    builder.setResults([builder.pad(x, low: [1], high: [0], fill: 2)])
    var function = builder.function
    #expect(GraphVerifier.errors(in: Graph(name: "g", functions: [function])) == [])
    #expect(function.nodes[0].attributes["fill"] == .element(Scalar(Float(2))))
    for (fill, found) in [
      (Attribute.float(2), "the number 2.0"), (.integer(2), "the integer 2"),
    ] {
      function.nodes[0].attributes["fill"] = fill
      #expect(
        GraphVerifier.errors(in: Graph(name: "g", functions: [function])).map(\.message) == [
          "'pad' has \(found) as its attribute 'fill', which holds the f32 2.0"
        ])
    }
    function.nodes[0].attributes["fill"] = .element(Scalar(2.0))
    #expect(
      GraphVerifier.errors(in: Graph(name: "g", functions: [function])).map(\.message) == [
        "the attribute 'fill' of 'pad' is the f64 2.0, expected a number of f32"
      ])
  }

  @Test func names() throws {
    #expect(try errors { $0.parameters[1].name = "w" }.contains("'@w' is defined twice"))
    #expect(try errors { $0.functions[1].name = "a b" } == ["'@a b' is not a name: letters, digits, '_' and '.' are"])
    #expect(
      try errors { $0.parameters[1].type.shape[0] = .symbol("B") }.first
        == "the parameter '@v' has symbols in its type tensor<Bx3xf32>")
  }

  @Test func order() throws {
    #expect(
      try errors { $0.functions[0].nodes.swapAt(0, 1) }.first == "the value 2 of '@loss' is used before its definition")
    #expect(
      try errors { $0.functions[0].nodes.append($0.functions[0].nodes[0]) } == [
        "the value 2 of '@loss' is defined twice"
      ])
    #expect(
      try errors { $0.functions[0].valueCount = 3 }.first == "the value 3 of '@loss' is beyond its count of 3")
    #expect(
      try errors { $0.functions[0].results[0] = Value(id: ValueID(3), type: f32) }.first
        == "the value 3 of '@loss' is tensor<f32>, used as tensor<2xf32>")
  }

  @Test func nodes() throws {
    #expect(
      try errors { $0.functions[0].nodes[0].operands.removeLast() }.first
        == "'multiply' takes 2 operands (a, b), but 1 is given")
    #expect(
      try errors { $0.functions[1].nodes[2].attributes["activation"] = nil }
        == ["'dense' lacks its attribute 'activation', though it has a default"])
    #expect(
      try errors { $0.functions[1].nodes[2].attributes["bias"] = .integer(1) } == ["'dense' has no attribute 'bias'"])
    #expect(
      try errors { $0.functions[0].nodes[0].results[0] = Value(id: ValueID(2), type: TensorType([3], .f32)) }.first
        == "'multiply' gives tensor<2xf32>, but its results are tensor<3xf32>")
    #expect(
      try errors { $0.functions[1].nodes[0].kind = .call("nobody") } == ["unknown function '@nobody'"])
    #expect(
      try errors { $0.functions[1].nodes[0].kind = .call("step") }.first == "'@step' calls itself: '@step' -> '@step'")
  }

  @Test func regions() throws {
    func changed(_ change: (inout Function) -> Void) throws -> [String] {
      try errors { graph in
        guard case .fused(let name, let region) = graph.functions[1].nodes[1].kind else { return }
        var function = region.function
        change(&function)
        graph.functions[1].nodes[1].kind = .fused(name, Region(function))
      }
    }
    #expect(
      try changed { $0.arguments.removeLast() }.contains("the value 1 of '@k' is used before its definition"))
    #expect(
      try changed { function in
        function.parameterReads = [.init(parameter: "w", value: function.arguments.removeLast())]
      }.contains("the region '@k' reads the parameter '@w'"))
    #expect(
      try changed { $0.updates = [Update(parameter: "w", value: $0.results[0])] } == ["the region '@k' updates '@w'"])
    #expect(
      try errors { $0.functions[1].nodes[1].operands.removeLast() }
        == ["the region '@k' is given operands of other types than its arguments"])
    #expect(try errors { $0.functions[1].nodes[1].attributes = ["form": .keyword("map")] } == [])
    #expect(
      try errors { $0.functions[1].nodes[1].attributes = ["form": .keyword("heap")] }.first?.hasPrefix(
        "the attribute 'form' of 'fused' is the word 'heap', expected one of 'map'") == true)
    #expect(
      try errors { $0.functions[1].nodes[1].attributes = ["tile": .integer(8)] }
        == ["'fused' has no attribute 'tile'"])
  }

  @Test func parameters() throws {
    #expect(
      try errors { $0.functions[1].updates.append($0.functions[1].updates[0]) } == ["'@step' updates '@w' twice"])
    #expect(
      try errors { $0.functions[1].updates[0].parameter = "v" } == ["'@v' is tensor<2x3xf32>, not tensor<2xf32>"])
    #expect(
      try errors { $0.functions[1].updates[0].parameter = "u" } == ["unknown parameter '@u'"])
    #expect(
      try errors { $0.functions[0].parameterReads[0].parameter = "u" }.first == "unknown parameter '@u'")
  }

  @Test func declarations() throws {
    #expect(
      try errors { $0.gradients[0].variables = [.parameter("v")] } == ["the result of '@loss' does not depend on '@v'"])
    #expect(
      try errors { $0.gradients[0].function = "step" } == ["'@step' updates '@w': it cannot be differentiated"])
    #expect(try errors { $0.trainings[0].frozen = ["w"] } == ["'@fit' has nothing to train"])
    #expect(try errors { $0.trainings[0].metrics = ["nobody"] } == ["unknown function '@nobody'"])
  }

  /// `check` throws all errors, at the places that the nodes came from.
  @Test func checkThrows() throws {
    var graph = try sound()
    graph.functions[0].nodes[0].operands.removeLast()
    let error = #expect(throws: Diagnostics.self) { try GraphVerifier.check(graph) }
    #expect(error?.all.first?.location?.line == 4)
  }
}
