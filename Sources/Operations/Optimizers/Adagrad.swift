import FraguaGraph

/// Steps that shrink where gradients have been large.
///
/// For each element, with rate `r` and gradient `g`; `a` starts as initial_accumulator_value:
/// ```
/// a <- a + g^2
/// epsilon_placement = inside (Keras):     p <- p - r g / sqrt(a + epsilon)
/// epsilon_placement = outside (PyTorch):  p <- p - r g / (sqrt(a) + epsilon)
/// ```
/// Defaults are Keras 3's: rate 0.001, initial_accumulator_value 0.1, epsilon 1e-7; PyTorch's are 0.01, 0, 1e-10.
/// Duchi, Hazan, Singer: "Adaptive subgradient methods for online learning and stochastic optimization" (JMLR 12,
/// 2011).
struct Adagrad: Optimizer {
  var name: String { "adagrad" }

  var documentation: OptimizerDocumentation {
    OptimizerDocumentation(
      summary: "Steps that shrink where gradients have been large.",
      equations: """
        a <- a + g^2
        inside:   p <- p - r g / sqrt(a + epsilon)
        outside:  p <- p - r g / (sqrt(a) + epsilon)
        """,
      source:
        "Duchi, Hazan, Singer: Adaptive subgradient methods for online learning and stochastic optimization (JMLR 2011)"
    )
  }

  var schema: [AttributeSchema] {
    [
      .learningRate(0.001),
      AttributeSchema(
        "initial_accumulator_value", .float, default: .float(0.1), range: .atLeast(0),
        summary: "Where the sums of squares start."),
      .epsilon(1e-7),
      .epsilonPlacement,
    ]
  }

  func learningRate(_ attributes: Attributes) -> Double { attributes.float("learning_rate") }

  func chain(_ attributes: Attributes) -> [any OptimizerLink] {
    [
      RateLink(),
      RootLink(accumulation: .sum(from: attributes.float("initial_accumulator_value")), attributes: attributes),
    ]
  }
}
