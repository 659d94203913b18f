import FraguaGraph

/// `m <- f m + u`, then `u <- m`, or looking one step ahead (Nesterov) `u <- u + f m`.
///
/// Where the slot holds what is added to the parameter, as in Keras' `SGD`, it is `m <- f m - u` and `u <- -m` or
/// `u <- u - f m`: the same numbers with the other sign.
struct MomentumLink: ParameterLink {
  let factor: Double
  var isNesterov = false
  var holdsWhatIsAdded = false

  func rewrite(_ update: Value, of index: Int, in step: inout OptimizerStep) -> Value {
    let old = step.builder.multiply(step.slot("m", of: index), factor)
    let m = holdsWhatIsAdded ? step.builder.subtract(old, update) : step.builder.add(old, update)
    step.setSlot("m", of: index, to: m)
    if !isNesterov { return holdsWhatIsAdded ? step.builder.negate(m) : m }
    let ahead = step.builder.multiply(m, factor)
    return holdsWhatIsAdded ? step.builder.subtract(update, ahead) : step.builder.add(update, ahead)
  }
}
