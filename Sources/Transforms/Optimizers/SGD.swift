import FraguaGraph
import FraguaOperations

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

  func slots(_ attributes: Attributes) -> [OptimizerSlot] {
    attributes.float("momentum") == 0 ? [] : [OptimizerSlot("m")]
  }

  func update(
    _ context: OptimizerContext, _ attributes: Attributes, _ builder: inout FunctionBuilder
  ) -> (parameter: Value, slots: [Value]) {
    let (p, g, r) = (context.parameter, context.gradient, context.learningRate)
    guard let old = context.slots.first else { return (builder.subtract(p, builder.multiply(r, g)), []) }
    let u = attributes.float("momentum")
    let isNesterov = attributes.boolean("nesterov")
    if attributes.boolean("rate_in_momentum") {
      let step = builder.multiply(r, g)
      let m = builder.subtract(builder.multiply(old, u), step)
      let change = isNesterov ? builder.subtract(builder.multiply(m, u), step) : m
      return (builder.add(p, change), [m])
    }
    let m = builder.add(builder.multiply(old, u), g)
    let direction = isNesterov ? builder.add(g, builder.multiply(m, u)) : m
    return (builder.subtract(p, builder.multiply(r, direction)), [m])
  }
}
