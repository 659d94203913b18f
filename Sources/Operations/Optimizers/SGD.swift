import FraguaGraph

/// Gradient descent, with or without momentum.
///
/// For each element, with rate `r`, momentum `u` and gradient `g`:
/// ```
/// u = 0:                            p <- p - r g
/// rate_in_momentum (Keras):         m <- u m - r g;   p <- p + m;   nesterov: p <- p + u m - r g
/// rate outside (PyTorch):           m <- u m + g;     p <- p - r m; nesterov: p <- p - r (g + u m)
/// ```
/// with the new `m` on the right of `p <-`. Both are the same method while the rate is constant. Defaults are Keras
/// 3's: rate 0.01, no momentum. Sutskever, Martens, Dahl, Hinton: "On the importance of initialization and momentum in
/// deep learning" (ICML 2013).
struct SGD: Optimizer {
  var name: String { "sgd" }

  var documentation: OptimizerDocumentation {
    OptimizerDocumentation(
      summary: "Gradient descent, with or without momentum.",
      equations: """
        p <- p - r g
        with momentum u:               m <- u m - r g;  p <- p + m;    nesterov: p <- p + u m - r g
        rate_in_momentum = false:      m <- u m + g;    p <- p - r m;  nesterov: p <- p - r (g + u m)
        """,
      source: "Sutskever et al.: On the importance of initialization and momentum in deep learning (ICML 2013)")
  }

  var schema: [AttributeSchema] {
    [
      .learningRate(0.01),
      .share("momentum", 0, summary: "How much of the last step is taken again."),
      AttributeSchema(
        "nesterov", .boolean, default: .boolean(false), summary: "Whether the momentum looks one step ahead."),
      AttributeSchema(
        "rate_in_momentum", .boolean, default: .boolean(true),
        summary: "Whether the slot holds steps, the rate inside, as in Keras; false holds gradients, as in PyTorch."),
    ]
  }

  func learningRate(_ attributes: Attributes) -> Double { attributes.float("learning_rate") }

  func chain(_ attributes: Attributes) -> [any OptimizerLink] {
    let factor = attributes.float("momentum")
    if factor == 0 { return [RateLink()] }
    let isRateInside = attributes.boolean("rate_in_momentum")
    let momentum = MomentumLink(
      factor: factor, isNesterov: attributes.boolean("nesterov"), holdsWhatIsAdded: isRateInside)
    return isRateInside ? [RateLink(), momentum] : [momentum, RateLink()]
  }
}
