import FraguaGraph

/// `u <- u / sqrt(s + epsilon)`, or `u / (sqrt(s) + epsilon)`, where `s` is what the squares of gradients have come to.
struct RootLink: ParameterLink {
  /// How squares come together.
  enum Accumulation {
    /// `a <- a + g^2`, from a value on; `s = a`.
    case sum(from: Double)
    /// `v <- rho v + (1 - rho) g^2`; `s = v`, or centred `max(v - a^2, 0)` with `a <- rho a + (1 - rho) g`.
    case average(rho: Double, isCentered: Bool)
  }

  let accumulation: Accumulation
  /// Has `epsilon` and `epsilon_placement`.
  let attributes: Attributes

  func rewrite(_ update: Value, of index: Int, in step: inout OptimizerStep) -> Value {
    let s = size(of: step.gradients[index], index, &step)
    let epsilon = attributes.float("epsilon")
    let root =
      attributes.keyword("epsilon_placement") == "outside"
      ? step.builder.add(step.builder.sqrt(s), epsilon) : step.builder.sqrt(step.builder.add(s, epsilon))
    return step.builder.divide(update, root)
  }

  private func size(of gradient: Value, _ index: Int, _ step: inout OptimizerStep) -> Value {
    switch accumulation {
    case .sum(let initialValue):
      let old = step.slot("a", of: index, startingAt: initialValue)
      let a = step.builder.add(old, step.builder.multiply(gradient, gradient))
      step.setSlot("a", of: index, to: a)
      return a
    case .average(let rho, let isCentered):
      let old = step.slot("v", of: index)
      let v = step.builder.average(old, step.builder.multiply(gradient, gradient), rho)
      step.setSlot("v", of: index, to: v)
      guard isCentered else { return v }
      let mean = step.slot("a", of: index)
      let a = step.builder.average(mean, gradient, rho)
      step.setSlot("a", of: index, to: a)
      return step.builder.maximum(step.builder.subtract(v, step.builder.multiply(a, a)), 0)
    }
  }
}

extension AttributeSchema {
  /// Where epsilon goes in a denominator that is a root.
  static var epsilonPlacement: AttributeSchema {
    AttributeSchema(
      "epsilon_placement", .keyword(["inside", "outside"]), default: .keyword("inside"),
      summary: "Whether epsilon is added inside the root, as in Keras, or outside, as in PyTorch.")
  }
}

extension FunctionBuilder {
  /// `rho average + (1 - rho) x`.
  mutating func average(_ average: Value, _ x: Value, _ rho: Double) -> Value {
    add(multiply(average, rho), multiply(x, 1 - rho))
  }
}
