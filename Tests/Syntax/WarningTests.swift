import FraguaGraph
import FraguaSource
import FraguaSyntax
import Testing

/// What is in order, but is probably not meant.
@Suite struct WarningTests {
  /// The warnings of `body` behind the header: `line:column: message`, then their notes.
  private func warnings(_ body: String) throws -> [String] {
    let graph = try parse("graph @g version 1\n" + body)
    #expect(graph.warnings.allSatisfy { $0.severity == .warning })
    return graph.warnings.flatMap { warning in
      [Self.place(warning.location) + warning.message]
        + warning.notes.map { "note: " + Self.place($0.location) + $0.message }
    }
  }

  private static func place(_ location: FraguaSource.SourceLocation?) -> String {
    location.map { "\($0.line):\($0.column): " } ?? ""
  }

  @Test func parametersThatNothingReads() throws {
    let text = """
      param @used: tensor<2xf32> = zeros
      param @idle: tensor<2xf32> = zeros
      param @dead: tensor<2xf32> = zeros
      state @counted: tensor<i64> = zeros
      state @lonely: tensor<i64> = zeros
      func @f(%x: tensor<Bx2xf32>) {
        %h = multiply %x, @dead
        %y = multiply %x, @used
        update @counted, @counted
        return %y
      }
      """
    #expect(
      try warnings(text) == [
        "3:1: nothing reads the parameter '@idle'", "4:1: nothing reads the parameter '@dead'",
        "note: 8:3: '%h' does, but nothing uses '%h'",
      ])
  }

  /// A state that is only written is an output of the training, and dumps hold what passes left.
  @Test func whatIsMeantIsNotWarnedOf() throws {
    let updated = "state @s: tensor<f32> = zeros\nfunc @f(%x: tensor<f32>) {\n  update @s, %x\n  return %x\n}\n"
    #expect(try warnings(updated) == [])
    let dump = "graph @g version 1 {stage = \"inline\"}\nparam @w: tensor<f32> = zeros\n"
    #expect(try parse(dump).warnings.isEmpty)
    let logits = """
      func @f(%z: tensor<Bx3xf32>, %y: tensor<Bxi32>) {
        %l = log_softmax %z
        %p = softmax %z
        %c = softmax_cross_entropy %l, %y
        return %c, %p
      }
      """
    #expect(try warnings(logits) == [])
  }

  static let losses = [
    ("%p = softmax %z", "%l = softmax_cross_entropy %p, %y", "softmax_cross_entropy", "softmax"),
    ("%p = sigmoid %z", "%l = softmax_cross_entropy %p, %y", "softmax_cross_entropy", "sigmoid"),
    ("%p = sigmoid %z", "%l = sigmoid_cross_entropy %p, %y", "sigmoid_cross_entropy", "sigmoid"),
    (
      "%p = dense %z, @w {activation = softmax}", "%l = softmax_cross_entropy %p, %y", "softmax_cross_entropy",
      "softmax"
    ),
    (
      "%p = dense %z, @w {activation = sigmoid}", "%l = sigmoid_cross_entropy %p, %y", "sigmoid_cross_entropy",
      "sigmoid"
    ),
  ]

  @Test(arguments: losses) func probabilitiesForLogits(
    _ producer: String, _ loss: String, _ operation: String, _ function: String
  ) throws {
    let applied = operation.hasPrefix("softmax") ? "softmax" : "sigmoid"
    let text = """
      param @w: tensor<3x3xf32> = zeros
      func @f(%z: tensor<Bx3xf32>, %y: tensor<Bx3xf32>) {
        %q = multiply %z, %y
        %r = dense %q, @w
        \(producer)
        \(loss)
        return %l, %r
      }
      """
    #expect(
      try warnings(text) == [
        "7:3: '\(operation)' takes logits, but '%p' is a '\(function)' already",
        "note: 6:3: it applies a '\(applied)' itself: give it what '\(function)' is applied to here",
      ])
  }

  /// The softmax is in one function, the loss in another, a reshape in between.
  @Test func probabilitiesThroughCalls() throws {
    let text = """
      func @predict(%x: tensor<Bx3xf32>) {
        %p = softmax %x
        return %p
      }
      func @loss_of(%z: tensor<Bx3xf32>, %y: tensor<Bxi32>) {
        %l = softmax_cross_entropy %z, %y
        %m = reduce_mean %l
        return %m
      }
      func @same(%x: tensor<Bx3xf32>) {
        %t = transpose %x {permutation = [1, 0]}
        %u = transpose %t {permutation = [1, 0]}
        return %u
      }
      func @loss(%x: tensor<Bx3xf32>, %y: tensor<Bxi32>) {
        %p = call @predict(%x)
        %q = call @same(%p)
        %l = call @loss_of(%q, %y)
        return %l
      }
      func @right(%x: tensor<Bx3xf32>, %y: tensor<Bxi32>) {
        %l = call @loss_of(%x, %y)
        return %l
      }
      """
    #expect(
      try warnings(text) == [
        "19:3: 'softmax_cross_entropy' takes logits, but '%q' is a 'softmax' already",
        "note: 3:3: it applies a 'softmax' itself: give it what 'softmax' is applied to here",
      ])
  }

  /// The loss depends on `@w` both with a derivative and by way of an argmax in a function that it calls.
  @Test func argmaxOnTheWayToTheLoss() throws {
    let text = """
      param @w: tensor<2x3xf32> = zeros
      func @class(%z: tensor<Bx3xf32>) {
        %k = argmax %z
        %f = convert %k {to = f32}
        return %f
      }
      func @loss(%x: tensor<Bx2xf32>, %y: tensor<Bxf32>) {
        %z = matmul %x, @w
        %k = call @class(%z)
        %s = reduce_sum %z {axes = [1]}
        %a = add %s, %k
        %l = mean_squared_error %a, %y
        return %l
      }
      train @fit minimize @loss {
        optimizer = adam
      }
      """
    let expected = [
      "4:3: '@loss' depends on '@w' by way of 'argmax', which has no derivative",
      "note: '@w' learns nothing that way", "note: 16:1: '@fit' minimizes it here",
    ]
    #expect(try warnings(text) == expected)
    // Of a metric, of data, or of what is frozen there is nothing to say.
    #expect(
      try warnings(
        text.replacing("%k = call @class(%z)", with: "%k = call @class(%c)").replacing(
          "%y: tensor<Bxf32>", with: "%y: tensor<Bxf32>, %c: tensor<Bx3xf32>")) == [])
    let frozen = text.replacing("optimizer = adam", with: "optimizer = adam\n  freeze = [@w]")
      .replacing("add %s, %k", with: "add %s, @v").replacing("reduce_sum %z {axes = [1]}", with: "add %k, @v")
      .replacing("param @w", with: "param @v: tensor<f32> = zeros\nparam @w")
    #expect(try warnings(frozen) == [])
  }

  /// Labels and masks of the parameters' own choice are meant, where these learn by another way too.
  @Test func choicesThatAreMeant() throws {
    func loss(_ body: String) throws -> [String] {
      try warnings(
        """
        param @w: tensor<2x3xf32> = zeros
        param @v: tensor<3xf32> = zeros
        func @loss(%x: tensor<Bx2xf32>, %y: tensor<Bxi32>) {
          %z = matmul %x, @w
          %k = argmax %z
        \(body)
          %m = reduce_mean %l
          return %m
        }
        train @fit minimize @loss {
          optimizer = adam
        }
        """)
    }
    let warning = "6:3: '@loss' depends on '@w' by way of 'argmax', which has no derivative"
    #expect(try loss("%b = add %z, @v\n%l = softmax_cross_entropy %b, %k") == [])
    #expect(try loss("%b = add %z, @v\n%o = one_hot %k {depth = 3}\n%l = multiply %b, %o") == [])
    let condition = "%b = add %z, @v\n%a = compare %k, %y {direction = eq}\n%s = reduce_sum %b {axes = [1]}\n"
    #expect(try loss(condition + "%t = negate %s\n%l = select %a, %s, %t") == [])
    // What is chosen from reaches the loss no other way, though `@w` does; or what is chosen is a number.
    #expect(
      try loss(
        "%o = one_hot %k {depth = 3}\n%q = multiply %o, @v\n%s = multiply @w, @w\n%t = reduce_sum %s\n%l = add %q, %t"
      ).first == warning)
    #expect(try loss("%o = one_hot %k {depth = 3}\n%l = multiply %o, @v").first == warning)
    #expect(try loss("%c = convert %k {to = f32}\n%s = reduce_sum @v\n%l = add %s, %c").first == warning)
    #expect(try loss(condition + "%c = convert %a {to = f32}\n%l = add %s, %c").first == warning)
  }
}
