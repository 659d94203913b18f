import FraguaGraph

/// Steps scaled by a running estimate of the gradient's size, optionally centred, with or without momentum.
///
/// For each element, with rate `r`, momentum `u` and gradient `g`:
/// ```
/// v <- rho v + (1 - rho) g^2
/// centered: a <- rho a + (1 - rho) g
/// s  = v, or centered: v - a^2
/// q  = sqrt(s + epsilon), or with epsilon_placement = outside (PyTorch): sqrt(s) + epsilon
/// u = 0:                         p <- p - r g / q
/// rate_in_momentum (Keras):      m <- u m + r g / q;  p <- p - m
/// rate outside (PyTorch):        m <- u m + g / q;    p <- p - r m
/// ```
/// Defaults are Keras 3's: rate 0.001, rho 0.9, momentum 0, epsilon 1e-7; PyTorch's are 0.01, 0.99, 0, 1e-8. In f32
/// rounding can make the centred
/// `s` slightly negative where the gradient hardly changes; the root is of 0 there.
/// Tieleman, Hinton: "Lecture 6.5: rmsprop" (Coursera, 2012); centred: Graves, "Generating sequences with recurrent
/// neural networks" (2013).
struct RMSprop: Optimizer {
  var name: String { "rmsprop" }

  var documentation: OptimizerDocumentation {
    OptimizerDocumentation(
      summary: "Steps scaled by a running estimate of the gradient's size.",
      equations: """
        v <- rho v + (1 - rho) g^2;  centered: a <- rho a + (1 - rho) g
        s  = v, or centered: max(v - a^2, 0)
        q  = sqrt(s + epsilon), or outside: sqrt(s) + epsilon
        p <- p - r g / q
        with momentum u:           m <- u m + r g / q;  p <- p - m
        rate_in_momentum = false:  m <- u m + g / q;    p <- p - r m
        """,
      source: "Tieleman, Hinton: Lecture 6.5, rmsprop (2012); centered: Graves (2013)")
  }

  var schema: [AttributeSchema] {
    [
      .learningRate(0.001),
      .share("rho", 0.9, summary: "How much of the averages remains each step.", otherNames: ["decay", "alpha"]),
      .share("momentum", 0, summary: "How much of the last step is taken again."),
      .epsilon(1e-7),
      AttributeSchema(
        "centered", .boolean, default: .boolean(false),
        summary: "Whether the size is the variance instead of the mean square."),
      .epsilonPlacement,
      AttributeSchema(
        "rate_in_momentum", .boolean, default: .boolean(true),
        summary:
          "Whether the slot holds steps, the rate inside, as in Keras; false holds scaled gradients, as in PyTorch."),
    ]
  }

  func learningRate(_ attributes: Attributes) -> Double { attributes.float("learning_rate") }

  func chain(_ attributes: Attributes) -> [any OptimizerLink] {
    let root = RootLink(
      accumulation: .average(rho: attributes.float("rho"), isCentered: attributes.boolean("centered")),
      attributes: attributes)
    let factor = attributes.float("momentum")
    if factor == 0 { return [RateLink(), root] }
    let momentum = MomentumLink(factor: factor)
    return attributes.boolean("rate_in_momentum") ? [RateLink(), root, momentum] : [root, momentum, RateLink()]
  }
}
