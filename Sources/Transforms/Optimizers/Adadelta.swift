import FraguaGraph
import FraguaOperations

/// Steps as large as recent steps were, in proportion to the gradient's recent size.
///
/// For each element, with rate `r` and gradient `g`; `d` on the right of `u =` is the old one:
/// ```
/// a <- rho a + (1 - rho) g^2
/// u  = sqrt(d + epsilon) / sqrt(a + epsilon) g
/// d <- rho d + (1 - rho) u^2
/// p <- p - r u
/// ```
/// Defaults are Keras 3's: rate 0.001, rho 0.95, epsilon 1e-7; PyTorch has the same equations with 1, 0.9 and 1e-6, and
/// the paper has rate 1. Zeiler: "ADADELTA: an adaptive learning rate method" (arXiv 1212.5701, 2012).
struct Adadelta: Optimizer {
  var name: String { "adadelta" }

  var documentation: OptimizerDocumentation {
    OptimizerDocumentation(
      summary: "Steps as large as recent steps were, in proportion to the gradient's recent size.",
      equations: """
        a <- rho a + (1 - rho) g^2
        u  = sqrt(d + epsilon) / sqrt(a + epsilon) g
        d <- rho d + (1 - rho) u^2
        p <- p - r u
        """,
      source: "Zeiler: ADADELTA: an adaptive learning rate method (2012)")
  }

  var schema: [AttributeSchema] {
    [
      .learningRate(0.001),
      .share("rho", 0.95, summary: "How much of the averages remains each step."),
      // Both averages start at 0, and steps of the size of the last ones at 0 would stay there.
      .epsilon(1e-7, range: .above(0)),
    ]
  }

  func learningRate(_ attributes: Attributes) -> Double { attributes.float("learning_rate") }

  func slots(_ attributes: Attributes) -> [OptimizerSlot] { [OptimizerSlot("a"), OptimizerSlot("d")] }

  func update(
    _ context: OptimizerContext, _ attributes: Attributes, _ builder: inout FunctionBuilder
  ) -> (parameter: Value, slots: [Value]) {
    let g = context.gradient
    let (rho, epsilon) = (attributes.float("rho"), attributes.float("epsilon"))
    let a = builder.average(context.slots[0], builder.multiply(g, g), rho)
    let numerator = builder.multiply(builder.sqrt(builder.add(context.slots[1], epsilon)), g)
    let u = builder.divide(numerator, builder.sqrt(builder.add(a, epsilon)))
    let d = builder.average(context.slots[1], builder.multiply(u, u), rho)
    return (builder.subtract(context.parameter, builder.multiply(context.learningRate, u)), [a, d])
  }
}

extension FunctionBuilder {
  /// `rho average + (1 - rho) x`.
  mutating func average(_ average: Value, _ x: Value, _ rho: Double) -> Value {
    add(multiply(average, rho), multiply(x, 1 - rho))
  }
}
