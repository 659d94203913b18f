import FraguaGraph

/// `u <- r u` with the learning rate `r`.
struct RateLink: ParameterLink {
  func rewrite(_ update: Value, of index: Int, in step: inout OptimizerStep) -> Value {
    let rate = step.rate(for: index)
    return step.builder.multiply(rate, update)
  }
}
