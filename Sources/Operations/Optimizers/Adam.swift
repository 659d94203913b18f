import FraguaGraph

/// Steps scaled by running estimates of the gradient's first two moments.
///
/// For each element, with rate `r`, gradient `g`, step `t` from 1, and `c1 = 1 - beta_1^t`, `c2 = 1 - beta_2^t`:
/// ```
/// m <- m + (1 - beta_1) (g - m)
/// v <- v + (1 - beta_2) (g^2 - v)
/// epsilon_placement = uncorrected (Keras):   p <- p - r sqrt(c2) / c1  m / (sqrt(v) + epsilon)
/// epsilon_placement = corrected (PyTorch):   p <- p - r / c1  m / (sqrt(v) / sqrt(c2) + epsilon)
/// ```
/// They differ in whether epsilon is added before or after `v` is corrected for its start at 0; the paper's algorithm
/// has it after, its efficient form before. Defaults are Keras 3's: rate 0.001, beta_1 0.9, beta_2 0.999, epsilon 1e-7;
/// PyTorch's epsilon is 1e-8.
/// `c1` and `c2` are scalars computed once a step, as 2 tanh(a) / (1 + tanh(a)) with a = -t log(beta) / 2: the same
/// number without the cancellation of 1 - beta^t, which in f32 costs Keras four digits in the first steps.
/// Kingma, Ba: "Adam: a method for stochastic optimization" (ICLR 2015).
struct Adam: Optimizer {
  var name: String { "adam" }

  var documentation: OptimizerDocumentation {
    OptimizerDocumentation(
      summary: "Steps scaled by running estimates of the gradient's first two moments.",
      equations: """
        m <- m + (1 - beta_1) (g - m)
        v <- v + (1 - beta_2) (g^2 - v)
        uncorrected:  p <- p - r sqrt(1 - beta_2^t) / (1 - beta_1^t)  m / (sqrt(v) + epsilon)
        corrected:    p <- p - r / (1 - beta_1^t)  m / (sqrt(v) / sqrt(1 - beta_2^t) + epsilon)
        """,
      source: "Kingma, Ba: Adam: a method for stochastic optimization (ICLR 2015)")
  }

  var schema: [AttributeSchema] {
    [
      .learningRate(0.001),
      .share(
        "beta_1", 0.9, summary: "How much of the first moment remains each step.", otherNames: ["b1", "beta1", "betas"]),
      .share(
        "beta_2", 0.999, summary: "How much of the second moment remains each step.", otherNames: ["b2", "beta2"]),
      .epsilon(1e-7),
      AttributeSchema(
        "epsilon_placement", .keyword(["uncorrected", "corrected"]), default: .keyword("uncorrected"),
        summary:
          "Whether epsilon is added to the second moment's root before its correction, as in Keras, or after, as in PyTorch."
      ),
    ]
  }

  func learningRate(_ attributes: Attributes) -> Double { attributes.float("learning_rate") }

  func chain(_ attributes: Attributes) -> [any OptimizerLink] { [MomentsLink(attributes: attributes)] }
}
