import FraguaGraph
import FraguaSource
import FraguaTensors
import FraguaTransforms
import Testing

/// Derivatives, and derivatives of derivatives, against central differences in f64.
@Suite struct DerivativeTests {
  private static let net = """
    graph @net version 1

    param @w: tensor<3x4xf64> = normal(stddev = 0.5)
    param @b: tensor<4xf64> = normal(stddev = 0.5)
    param @v: tensor<4x2xf64> = normal(stddev = 0.5)

    func @energy(%x: tensor<Bx3xf64>) -> tensor<f64> {
      %h = dense %x, @w, @b {activation = tanh}
      %z = dense %h, @v
      %s = softmax %z
      %q = multiply %s, %z
      %m = reduce_mean %q
      return %m
    }
    gradient @force of @energy wrt %x
    gradient @weights of @energy wrt @w, @b, @v

    func @curvature(%x: tensor<Bx3xf64>) -> tensor<f64> {
      %f = call @force(%x)
      %q = multiply %f, %f
      %m = reduce_sum %q
      return %m
    }
    gradient @second of @curvature wrt %x, @w

    func @roughness(%x: tensor<Bx3xf64>) -> tensor<f64> {
      %f, %g = call @second(%x)
      %q = multiply %f, %f
      %m = reduce_sum %q
      return %m
    }
    gradient @third of @roughness wrt %x
    """

  /// Compares the derivative `gradient` of `function` by each of `variables` (argument 0 is `nil`, else a parameter)
  /// with central differences.
  private func check(_ function: String, _ gradient: String, by variables: [String?]) throws {
    let graph = try Pipeline.standard.run(
      try parsed(Self.net), after: "dead-code", context(function, gradient, bind: ["B": 2])
    ).graph
    let interpreter = GraphInterpreter(graph)
    let x = noise(TensorType([2, 3], .f64), seed: 5)
    let parameters = initialParameters(graph)
    let derivatives = interpreter.run(gradient, arguments: [x], parameters: parameters).results
    #expect(derivatives.count == variables.count)
    for (variable, derivative) in zip(variables, derivatives) {
      let point = variable.map { parameters[$0]! } ?? x
      var differences: [Double] = []
      for i in 0..<point.count {
        let h = 1e-5
        func value(_ shift: Double) -> Double {
          var elements = point.doubles
          elements[i] += shift
          let moved = Tensor(point.type, rounding: elements)
          var parameters = parameters
          if let variable { parameters[variable] = moved }
          let argument = variable == nil ? moved : x
          return interpreter.run(function, arguments: [argument], parameters: parameters).results[0].doubles[0]
        }
        differences.append((value(h) - value(-h)) / (2 * h))
      }
      #expect(relativeError(derivative.doubles, differences) < 1e-7, "by \(variable ?? "x")")
    }
  }

  @Test func firstOrder() throws {
    try check("energy", "force", by: [nil])
    try check("energy", "weights", by: ["w", "b", "v"])
  }

  @Test func secondOrder() throws { try check("curvature", "second", by: [nil, "w"]) }

  @Test func thirdOrder() throws { try check("roughness", "third", by: [nil]) }

  /// Every node of the backward pass names the source of what it is the derivative of.
  @Test func origins() throws {
    let graph = try Pipeline.standard.run(
      try parsed(Self.net), after: "dead-code", context("force", bind: ["B": 2])
    ).graph
    let force = try #require(graph.function(named: "force"))
    #expect(force.nodes.allSatisfy { $0.origin.location != nil })
    #expect(force.nodes.contains { if case .gradient(.written) = $0.origin { true } else { false } })
  }

  /// What a Swift program may get wrong that the parser would have refused.
  @Test func refused() throws {
    var graph = try parsed(Self.net)
    func message(_ declaration: GradientDeclaration) -> String {
      graph.gradients = [declaration]
      graph.functions = graph.functions.filter { $0.name == "energy" }
      return errors { () throws(Diagnostics) in
        var context = context(declaration.name, bind: ["B": 2])
        context.verifyAfterEachPass = nil
        return try Pipeline.standard.run(graph, after: "differentiate", context)
      }.first?.message ?? ""
    }
    func declaration(_ variable: GradientDeclaration.Variable) -> GradientDeclaration {
      GradientDeclaration(name: "d", function: "energy", variables: [variable])
    }
    #expect(message(declaration(.parameter("q"))) == "'@energy' does not depend on '@q'")
    #expect(message(declaration(.argument("y"))) == "'@energy' does not depend on '%y'")
    #expect(message(GradientDeclaration(name: "d", function: "none", variables: [])) == "there is no function '@none'")
    graph.functions[0].results = [graph.functions[0].arguments[0]]
    #expect(
      message(declaration(.parameter("w")))
        == "the derivative of '@energy' needs a floating-point scalar, but its first result is tensor<B=2x3xf64>")
  }
}
