import FraguaTensors

/// An optimizer as Keras or PyTorch ran it: `Tests/Reference/optimizers.py` has the problem and wrote the numbers.
public struct OptimizerReference: Sendable, CustomStringConvertible {
  /// How the file of numbers calls it.
  public let key: String
  /// How a graph writes it.
  public let optimizer: String

  /// A clause behind it; empty where there is none.
  private let clause: String

  private init(_ key: String, _ optimizer: String, clause: String = "") {
    self.key = key
    self.optimizer = optimizer
    self.clause = clause
  }

  public var description: String { key }

  /// The optimizers of the file.
  public static let all = [
    OptimizerReference("keras.sgd", "sgd()"),
    OptimizerReference("keras.sgd_momentum", "sgd(momentum = 0.9)"),
    OptimizerReference("keras.sgd_nesterov", "sgd(momentum = 0.9, nesterov = true)"),
    OptimizerReference("keras.adam", "adam()"),
    OptimizerReference("keras.adamw", "adamw(weight_decay = 0.1)"),
    OptimizerReference("keras.adagrad", "adagrad()"),
    OptimizerReference("keras.adadelta", "adadelta()"),
    OptimizerReference("keras.rmsprop", "rmsprop()"),
    OptimizerReference("keras.rmsprop_momentum", "rmsprop(momentum = 0.9)"),
    OptimizerReference("keras.rmsprop_centered", "rmsprop(centered = true)"),
    OptimizerReference("keras.rmsprop_centered_momentum", "rmsprop(centered = true, momentum = 0.9)"),
    OptimizerReference(
      "keras.sgd_globalnorm", "sgd(learning_rate = 0.1)", clause: "clip = global_norm(maximum = 0.25)"),
    OptimizerReference("keras.sgd_norm", "sgd(learning_rate = 0.1)", clause: "clip = norm(maximum = 0.25)"),
    OptimizerReference("keras.sgd_value", "sgd(learning_rate = 0.1)", clause: "clip = value(maximum = 0.0625)"),
    OptimizerReference("torch.sgd", "sgd(learning_rate = 0.001)"),
    OptimizerReference("torch.sgd_momentum", "sgd(learning_rate = 0.001, momentum = 0.9, rate_in_momentum = false)"),
    OptimizerReference(
      "torch.sgd_nesterov", "sgd(learning_rate = 0.001, momentum = 0.9, nesterov = true, rate_in_momentum = false)"),
    OptimizerReference("torch.adam", "adam(epsilon = 1e-8, epsilon_placement = corrected)"),
    OptimizerReference(
      "torch.adagrad",
      "adagrad(learning_rate = 0.01, initial_accumulator_value = 0.0, epsilon = 1e-10, epsilon_placement = outside)"),
    OptimizerReference("torch.adadelta", "adadelta(learning_rate = 1.0, rho = 0.9, epsilon = 1e-6)"),
    OptimizerReference("torch.rmsprop", "rmsprop(\(torchRMSprop))"),
    OptimizerReference("torch.rmsprop_momentum", "rmsprop(momentum = 0.9, \(torchRMSprop))"),
    OptimizerReference("torch.rmsprop_centered", "rmsprop(centered = true, \(torchRMSprop))"),
    OptimizerReference("torch.rmsprop_centered_momentum", "rmsprop(centered = true, momentum = 0.9, \(torchRMSprop))"),
  ]
  private static let torchRMSprop =
    "learning_rate = 0.01, rho = 0.99, epsilon = 1e-8, epsilon_placement = outside, rate_in_momentum = false"

  /// The reference problem with the optimizer; the training is `@fit`.
  public func graph(_ element: ElementType) -> String {
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
      \(clause)
    }
    """.replacing("T>", with: "\(element.rawValue)>")
  }

  /// Runs 100 steps and says where they leave the reference, in words.
  ///
  /// After 1, 10 and 100 steps parameters and losses are those of the reference: to 1e-9 in f64, to 1e-4 in f32, by
  /// norm. Where PyTorch's own f32 is further than 1e-4 from its f64 (RMSprop divides by a small root near the minimum,
  /// which magnifies every rounding), to four times that distance.
  /// - Parameters:
  ///   - array: an array of the file by its key.
  ///   - parameters: what `@fit` starts with; `@w` and `@b` are replaced.
  ///   - step: one step on the data, which updates the parameters and gives the loss.
  public func deviations(
    _ element: ElementType, array: (String) throws -> Tensor, parameters initial: [String: Tensor],
    step: (_ data: [Tensor], _ parameters: inout [String: Tensor]) throws -> Double
  ) rethrows -> [String] {
    func typed(_ tensor: Tensor) -> Tensor { Tensor(tensor.type.with(element: element), rounding: tensor.doubles) }
    var parameters = initial
    parameters["w"] = typed(try array("w0"))
    parameters["b"] = typed(try array("b0"))
    let data = [typed(try array("x")), typed(try array("y"))]
    var deviations: [String] = []
    func compare(_ actual: [Double], _ expected: [Double], _ exact: [Double], _ what: String) {
      let tolerance = element == .f64 ? 1e-9 : max(1e-4, 4 * Self.distance(expected, exact))
      let distance = Self.distance(actual, expected)
      // Written so that NaN deviates.
      if !(distance < tolerance) { deviations.append("\(what): \(distance), allowed \(tolerance)") }
    }
    var losses: [Double] = []
    for number in 1...100 {
      losses.append(try step(data, &parameters))
      guard let row = [1, 10, 100].firstIndex(of: number) else { continue }
      for name in ["w", "b"] {
        let actual = parameters[name]!.doubles
        let rows = row * actual.count..<(row + 1) * actual.count
        let expected = try array("\(key).\(element.rawValue).\(name)").doubles
        compare(
          actual, Array(expected[rows]), Array(try array("\(key).f64.\(name)").doubles[rows]),
          "@\(name), step \(number)")
      }
    }
    let expected = Array(try array("\(key).\(element.rawValue).loss").doubles.prefix(100))
    compare(losses, expected, expected, "the losses")
    let steps = parameters["fit.step"]!.integers
    if steps != [100] { deviations.append("@fit.step is \(steps)") }
    return deviations
  }

  /// The 2-norm of the difference, divided by that of `expected`.
  private static func distance(_ actual: [Double], _ expected: [Double]) -> Double {
    func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    return norm(zip(actual, expected).map { $0 - $1 }) / norm(expected)
  }
}
