import FraguaData
import FraguaGraph
import FraguaSource
import FraguaTensors
import FraguaTransforms
import Testing

/// Optimizers against what Keras and PyTorch computed: `Tests/Reference/optimizers.py` has the problem.
@Suite struct OptimizerTests {
  /// How the file calls an optimizer, and how a graph writes it.
  static let cases: [(key: String, optimizer: String)] = [
    ("keras.sgd", "sgd()"),
    ("keras.sgd_momentum", "sgd(momentum = 0.9)"),
    ("keras.sgd_nesterov", "sgd(momentum = 0.9, nesterov = true)"),
    ("keras.adam", "adam()"),
    ("keras.adagrad", "adagrad()"),
    ("keras.adadelta", "adadelta()"),
    ("keras.rmsprop", "rmsprop()"),
    ("keras.rmsprop_momentum", "rmsprop(momentum = 0.9)"),
    ("keras.rmsprop_centered", "rmsprop(centered = true)"),
    ("keras.rmsprop_centered_momentum", "rmsprop(centered = true, momentum = 0.9)"),
    ("torch.sgd", "sgd(learning_rate = 0.001)"),
    ("torch.sgd_momentum", "sgd(learning_rate = 0.001, momentum = 0.9, rate_in_momentum = false)"),
    (
      "torch.sgd_nesterov", "sgd(learning_rate = 0.001, momentum = 0.9, nesterov = true, rate_in_momentum = false)"
    ),
    ("torch.adam", "adam(epsilon = 1e-8, epsilon_placement = corrected)"),
    (
      "torch.adagrad",
      "adagrad(learning_rate = 0.01, initial_accumulator_value = 0.0, epsilon = 1e-10, epsilon_placement = outside)"
    ),
    ("torch.adadelta", "adadelta(learning_rate = 1.0, rho = 0.9, epsilon = 1e-6)"),
    ("torch.rmsprop", "rmsprop(\(torchRMSprop))"),
    ("torch.rmsprop_momentum", "rmsprop(momentum = 0.9, \(torchRMSprop))"),
    ("torch.rmsprop_centered", "rmsprop(centered = true, \(torchRMSprop))"),
    ("torch.rmsprop_centered_momentum", "rmsprop(centered = true, momentum = 0.9, \(torchRMSprop))"),
  ]
  private static let torchRMSprop =
    "learning_rate = 0.01, rho = 0.99, epsilon = 1e-8, epsilon_placement = outside, rate_in_momentum = false"

  private static let path = #filePath.replacing(
    "Transforms/OptimizerTests.swift", with: "Reference/data/optimizers.npz")

  private func array(_ key: String) throws -> Tensor { try NPZ.read(Self.path, key: key) }

  /// After 1, 10 and 100 steps parameters and losses are those of the reference: to 1e-9 in f64, to 1e-4 in f32, by
  /// norm.
  ///
  /// Where PyTorch's own f32 is further than 1e-4 from its f64 (RMSprop divides by a small root near the minimum, which
  /// magnifies every rounding), to four times that distance.
  @Test(arguments: cases.indices, [ElementType.f64, .f32]) func agrees(_ index: Int, _ element: ElementType) throws {
    let (key, optimizer) = Self.cases[index]
    let graph = try Pipeline.standard.run(try parsed(problem(optimizer, element)), after: "dead-code", context("fit"))
      .graph
    let interpreter = GraphInterpreter(graph)
    var parameters = initialParameters(graph)
    func typed(_ tensor: Tensor) -> Tensor { Tensor(tensor.type.with(element: element), rounding: tensor.doubles) }
    parameters["w"] = typed(try array("w0"))
    parameters["b"] = typed(try array("b0"))
    let data = [typed(try array("x")), typed(try array("y"))]
    let names = "\(key).\(element.rawValue)"
    let (w, b) = (try array("\(names).w").doubles, try array("\(names).b").doubles)
    let (exactW, exactB) = (try array("\(key).f64.w").doubles, try array("\(key).f64.b").doubles)
    func expectAgreement(_ actual: Tensor, _ reference: [Double], _ exact: [Double], _ row: Int, _ what: String) {
      let range = row * actual.count..<(row + 1) * actual.count
      let expected = Array(reference[range])
      let tolerance = element == .f64 ? 1e-9 : max(1e-4, 4 * relativeError(expected, Array(exact[range])))
      #expect(relativeError(actual.doubles, expected) < tolerance, "\(what)")
    }
    var losses: [Double] = []
    for step in 1...100 {
      let (results, updated) = interpreter.run("fit", arguments: data, parameters: parameters)
      losses.append(results[0].doubles[0])
      parameters.merge(updated) { $1 }
      guard let row = [1, 10, 100].firstIndex(of: step) else { continue }
      expectAgreement(parameters["w"]!, w, exactW, row, "@w, step \(step)")
      expectAgreement(parameters["b"]!, b, exactB, row, "@b, step \(step)")
    }
    let expected = try array("\(names).loss").doubles
    #expect(relativeError(losses, Array(expected.prefix(100))) < (element == .f64 ? 1e-9 : 1e-4))
    #expect(parameters["fit.step"]!.integers == [100])
  }

  /// The reference problem with `optimizer`.
  private func problem(_ optimizer: String, _ element: ElementType) -> String {
    """
    graph @reference version 1

    param @w: tensor<5x3xT> = zeros
    param @b: tensor<3xT> = zeros

    func @loss(%x: tensor<16x5xT>, %y: tensor<16x3xT>) -> tensor<T> {
      %h = dense %x, @w, @b {activation = tanh}
      %l = mean_squared_error %h, %y
      return %l
    }

    train @fit minimize @loss {
      optimizer = \(optimizer)
    }
    """.replacing("T>", with: "\(element.rawValue)>")
  }

  /// The state `@fit.learning_rate` decides, so that schedules need no compilation.
  @Test func rateIsState() throws {
    let graph = try Pipeline.standard.run(
      try parsed(problem("sgd(learning_rate = 0.5)", .f32)), after: lastPass, context("fit")
    ).graph
    var parameters = initialParameters(graph)
    #expect(parameters["fit.learning_rate"]!.doubles == [0.5])
    parameters["fit.learning_rate"] = Tensor(Scalar(0 as Float))
    let data = [noise(TensorType([16, 5], .f32), seed: 1), noise(TensorType([16, 3], .f32), seed: 2)]
    let updated = GraphInterpreter(graph).run("fit", arguments: data, parameters: parameters).updated
    #expect(updated["w"]!.hasSameBits(as: parameters["w"]!))
    #expect(updated["fit.step"]!.integers == [1])
  }
}
