import FraguaGraph

/// `u <- u + r d p` with the learning rate `r`: the parameter decays beside what its gradient does.
struct DecayLink: ParameterLink {
  let decay: Double

  func rewrite(_ update: Value, of index: Int, in step: inout OptimizerStep) -> Value {
    if decay == 0 { return update }
    let rate = step.builder.multiply(step.rate(for: index), decay)
    return step.builder.add(update, step.builder.multiply(rate, step.value(of: index)))
  }
}
