import FraguaGraph
import FraguaSource
import FraguaSyntax
import FraguaTensors
import Testing

/// Printing what was parsed gives the canonical text, which reads back as itself.
@Suite struct RoundTripTests {
  /// Texts that are canonical already, one for each part of the language.
  static let canonical: [String] = [
    """
    graph @header version 1 {stage = "fuse", mode = "train", bind = "B=32,T=8"}

    """,
    #"""
    graph @parameters version 1

    param @w: tensor<2x3xf32> = normal(mean = 0.0, stddev = 0.5)
    param @exact: tensor<2x2xf64> = dense<[[0.1, -0.0], [1e-300, 0x7FF8000000000001]]>
    param @same: tensor<1000xf32> = dense<0.1875>
    state @fit.step: tensor<i64> = dense<-9223372036854775808>
    state @flags: tensor<3xi1> = dense<[true, false, true]>
    state @large: tensor<33xui8> = dense<"0x000102030405060708090A0B0C0D0E0F101112131415161718191A1B1C1D1E1FFF">
    state @cube: tensor<2x1x2xi32> = dense<[[[1, 2]], [[3, 4]]]>

    """#,
    """
    graph @function version 1

    param @w: tensor<2xf32> = zeros
    state @n: tensor<i64> = zeros

    func @step(%x: tensor<Bx2xf32>, %y: tensor<Bx2xf32>) -> (tensor<f32> {loss}, tensor<f32> {metric = "a.b_c"}) {role = train} {
      %0 = broadcast @w {to = tensor<Bx2xf32>, axes = [1]} : tensor<Bx2xf32>
      %d = subtract %x, %0 : tensor<Bx2xf32>
      %1 = multiply %d, %y : tensor<Bx2xf32>
      %m = reduce_mean %1 : tensor<f32>
      %half = constant {value = dense<0.5>} : tensor<2xf32>
      %table = constant {value = dense<[1, 2, 3]>} : tensor<3xi64>
      %at = iota {type = tensor<Bx2xi32>, axis = 1} : tensor<Bx2xi32>
      %picked = gather %table, %at : tensor<Bx2xi64>
      %less = compare %at, %at {direction = lt} : tensor<Bx2xi1>
      update @w, %half
      update @n, @n
      return %m, %m
    }

    """,
    """
    graph @nothing version 1

    func @f(%x: tensor<f32>) -> () {
      return
    }

    func @g() -> tensor<f32> {
      %c = constant {value = dense<1.0>} : tensor<f32>
      return %c
    }

    """,
    """
    graph @regions version 1 {stage = "fuse"}

    param @w1: tensor<2x3xf32> = zeros
    param @b1: tensor<3xf32> = zeros

    func @predict(%x: tensor<4x2xf32>) -> (tensor<4x3xf32>, tensor<f32>) {
      %h, %m = fused @dense_0(
          %x: tensor<4x2xf32> = %x,
          %w: tensor<2x3xf32> = @w1,
          %b: tensor<3xf32> = @b1) {
        %0 = matmul %x, %w : tensor<4x3xf32>
        %1 = broadcast %b {to = tensor<4x3xf32>, axes = [1]} : tensor<4x3xf32>
        %z = add %0, %1 : tensor<4x3xf32>
        %h = sigmoid %z : tensor<4x3xf32>
        %sum = reduce_sum %h : tensor<f32>
        return %h, %sum
      } {form = contract} : tensor<4x3xf32>, tensor<f32>
      %n = fused @inner(%0: tensor<f32> = %m) {
        %e = fused @nested(%0: tensor<f32> = %0) {
          %1 = exp %0 : tensor<f32>
          return %1
        } : tensor<f32>
        return %e
      } {form = lanes, arguments = 1} : tensor<f32>
      return %h, %n
    }

    """,
    """
    graph @derivatives version 1

    param @w: tensor<2xf32> = zeros
    param @v: tensor<2xf32> = zeros

    func @loss(%x: tensor<Bx2xf32>) -> tensor<f32> {
      %0 = broadcast @w {to = tensor<Bx2xf32>, axes = [1]} : tensor<Bx2xf32>
      %p = multiply %x, %0 : tensor<Bx2xf32>
      %m = reduce_mean %p : tensor<f32>
      %s = reduce_mean @v : tensor<f32>
      %t = add %m, %s : tensor<f32>
      return %t
    }

    func @second(%x: tensor<Bx2xf32>) -> tensor<f32> {
      %g = call @slope(%x) : tensor<2xf32>
      %n = reduce_mean %g : tensor<f32>
      return %n
    }

    gradient @slope of @loss wrt @w
    gradient @twice of @second wrt %x, @w

    train @fit minimize @loss {
      optimizer = sgd(learning_rate = 0.5, momentum = 0.9, nesterov = false, rate_in_momentum = true)
      metrics = [@second]
      freeze = [@v]
    }

    """,
    """
    graph @random version 1

    state @rng: tensor<2xi64> = dense<0>

    func @noise(%x: tensor<Bx2xf32>) -> tensor<Bx2xf32> {
      %d = dropout %x, @rng {rate = 0.5, stream = 3} : tensor<Bx2xf32>
      %n = random_normal @rng {type = tensor<Bx2xf32>, stream = 0} : tensor<Bx2xf32>
      %s = add %d, %n : tensor<Bx2xf32>
      return %s
    }

    func @two(%x: tensor<Bx2xf32>) -> tensor<Bx2xf32> {
      %a = call @noise(%x) {stream = 1} : tensor<Bx2xf32>
      %b = call @noise(%a) {stream = 2} : tensor<Bx2xf32>
      return %b
    }

    """,
  ]

  @Test(arguments: canonical) func canonicalTextStays(text: String) throws {
    let graph = try parse(text)
    #expect(GraphPrinter.print(graph) == text)
    #expect(GraphVerifier.errors(in: graph) == [])
    try expectStable(graph)
  }

  /// Locations print as they are written, on everything that has one.
  @Test func locationsStay() throws {
    let text = """
      graph @g version 1

      param @w: tensor<f32> = zeros loc("a b.graph":3:1)

      func @f(%x: tensor<f32>) -> tensor<f32> loc("f.graph":5:1) {
        %y = add %x, @w : tensor<f32> loc("f.graph":7:3)
        %z = fused @k(%y: tensor<f32> = %y) {
          %e = exp %y : tensor<f32> loc(gradient("f.graph":7:3))
          return %e
        } : tensor<f32> loc(fused("f.graph":7:3, gradient(gradient("f.graph":8:3)), unknown))
        update @w, %z loc("f.graph":9:3)
        return %z
      }

      func @l(%x: tensor<f32>) -> tensor<f32> loc("f.graph":12:1) {
        %y = multiply %x, @w : tensor<f32> loc("f.graph":13:3)
        return %y
      }

      gradient @g1 of @l wrt @w loc("f.graph":17:1)

      train @fit minimize @l loc("f.graph":18:1) {
        optimizer = sgd(learning_rate = 0.01, momentum = 0.0, nesterov = false, rate_in_momentum = true)
      }

      """
    let graph = try parse(text)
    #expect(GraphPrinter.print(graph, .init(locations: true)) == text)
    #expect(graph.functions[0].nodes[0].origin == .written(.init(file: "f.graph", line: 7, column: 3)))
    #expect(!GraphPrinter.print(graph).contains("loc("))
  }

  /// What people leave out is filled in: types, broadcasts, results, defaults.
  @Test func shortTextIsCompleted() throws {
    let graph = try parse(
      """
      graph @short version 1   // comments are dropped
      param @b: tensor<3xf32> = constant(value = 1)
      func @f(%x: tensor<Bx1xf32>) { %y = add %x,
            @b
        return %y }
      """)
    #expect(
      GraphPrinter.print(graph) == """
        graph @short version 1

        param @b: tensor<3xf32> = constant(value = 1.0)

        func @f(%x: tensor<Bx1xf32>) -> tensor<Bx3xf32> {
          %0 = broadcast %x {to = tensor<Bx3xf32>, axes = [0, 1]} : tensor<Bx3xf32>
          %1 = broadcast @b {to = tensor<Bx3xf32>, axes = [1]} : tensor<Bx3xf32>
          %y = add %0, %1 : tensor<Bx3xf32>
          return %y
        }

        """)
  }

  /// A gradient and a call may stand before what they use; a call takes the operands' extents for the symbols.
  @Test func forwardReferences() throws {
    let graph = try parse(
      """
      graph @g version 1
      gradient @slope of @loss wrt %x
      func @use(%x: tensor<5x2xf32>) {
        %g = call @slope(%x)
        return %g
      }
      func @loss(%x: tensor<Bx2xf32>) {
        %y = call @square(%x)
        %m = reduce_mean %y
        return %m
      }
      func @square(%x: tensor<NxMxf32>) {
        %y = multiply %x, %x
        return %y
      }
      """)
    #expect(graph.functions.map(\.name) == ["use", "loss", "square"])
    #expect(graph.functions[0].results[0].type == TensorType([5, 2], .f32))
    #expect(graph.functions[1].nodes[0].results[0].type == TensorType([.symbol("B"), 2], .f32))
    try expectStable(graph)
  }

  /// Random operations get the operand `@rng` and streams; calls have one where it is written.
  @Test func randomOperationsAreCompleted() throws {
    let graph = try parse(
      """
      graph @g version 1
      func @two(%x: tensor<2xf32>) {
        %a = call @noise(%x)
        %b = call @noise(%a) {stream = 5}
        %c = call @quiet(%b)
        return %c
      }
      func @noise(%x: tensor<2xf32>) {
        %y = dropout %x {rate = 0.5}
        %z = dropout %y {rate = 0.5, stream = 1}
        return %z
      }
      func @quiet(%x: tensor<2xf32>) {
        %y = tanh %x
        return %y
      }
      """)
    let streams = graph.functions.flatMap { $0.nodes.map { $0.attributes["stream"] } }
    #expect(streams == [nil, .integer(5), nil, .integer(0), .integer(1), nil])
    #expect(graph.parameters.map(\.name) == ["rng"])
    #expect(graph.parameters[0].type == TensorType([2], .i64) && !graph.parameters[0].isTrainable)
    try expectStable(graph)
  }
}
