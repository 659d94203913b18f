import FraguaGraph

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

  func chain(_ attributes: Attributes) -> [any OptimizerLink] {
    [RecentStepsLink(rho: attributes.float("rho"), epsilon: attributes.float("epsilon")), RateLink()]
  }
}

/// Adadelta's `u`: a step as large as recent ones, in proportion to the gradient's recent size.
private struct RecentStepsLink: ParameterLink {
  let rho: Double
  let epsilon: Double

  func rewrite(_ update: Value, of index: Int, in step: inout OptimizerStep) -> Value {
    let (oldA, oldD) = (step.slot("a", of: index), step.slot("d", of: index))
    let a = step.builder.average(oldA, step.builder.multiply(update, update), rho)
    let numerator = step.builder.multiply(step.builder.sqrt(step.builder.add(oldD, epsilon)), update)
    let u = step.builder.divide(numerator, step.builder.sqrt(step.builder.add(a, epsilon)))
    let d = step.builder.average(oldD, step.builder.multiply(u, u), rho)
    step.setSlot("a", of: index, to: a)
    step.setSlot("d", of: index, to: d)
    return u
  }
}
