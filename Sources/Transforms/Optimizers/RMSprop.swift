import FraguaGraph
import FraguaOperations

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

  func slots(_ attributes: Attributes) -> [OptimizerSlot] {
    var slots = [OptimizerSlot("v")]
    if attributes.boolean("centered") { slots.append(OptimizerSlot("a")) }
    if attributes.float("momentum") != 0 { slots.append(OptimizerSlot("m")) }
    return slots
  }

  func update(
    _ context: OptimizerContext, _ attributes: Attributes, _ builder: inout FunctionBuilder
  ) -> (parameter: Value, slots: [Value]) {
    let (p, g, r) = (context.parameter, context.gradient, context.learningRate)
    let (rho, u) = (attributes.float("rho"), attributes.float("momentum"))
    let v = builder.average(context.slots[0], builder.multiply(g, g), rho)
    var slots = [v]
    var s = v
    if attributes.boolean("centered") {
      let a = builder.average(context.slots[1], g, rho)
      slots.append(a)
      s = builder.maximum(builder.subtract(v, builder.multiply(a, a)), 0)
    }
    let q = builder.root(of: s, attributes)
    guard u != 0 else { return (builder.subtract(p, builder.divide(builder.multiply(r, g), q)), slots) }
    let isRateInside = attributes.boolean("rate_in_momentum")
    let scaled = isRateInside ? builder.divide(builder.multiply(r, g), q) : builder.divide(g, q)
    let m = builder.add(builder.multiply(context.slots[context.slots.count - 1], u), scaled)
    slots.append(m)
    return (builder.subtract(p, isRateInside ? m : builder.multiply(r, m)), slots)
  }
}
