import FraguaGraph
import FraguaTensors

/// Adam's `u <- r' m / d` with the first two moments of the gradient: see ``Adam``.
struct MomentsLink: ParameterLink {
  /// Those of ``Adam``.
  let attributes: Attributes

  func rewrite(_ update: Value, of index: Int, in step: inout OptimizerStep) -> Value {
    let (beta1, beta2) = (attributes.float("beta_1"), attributes.float("beta_2"))
    let epsilon = attributes.float("epsilon")
    let (oldM, oldV) = (step.slot("m", of: index), step.slot("v", of: index))
    let (r, number) = (step.rate(for: index), step.number(for: index))
    let c1 = Self.oneMinusPower(beta1, number, &step.builder)
    let rootC2 = step.builder.sqrt(Self.oneMinusPower(beta2, number, &step.builder))
    let m = Self.moved(oldM, towards: update, by: 1 - beta1, &step.builder)
    let v = Self.moved(oldV, towards: step.builder.multiply(update, update), by: 1 - beta2, &step.builder)
    step.setSlot("m", of: index, to: m)
    step.setSlot("v", of: index, to: v)
    let root = step.builder.sqrt(v)
    let (rate, denominator): (Value, Value)
    if attributes.keyword("epsilon_placement") == "corrected" {
      rate = step.builder.divide(r, c1)
      denominator = step.builder.add(step.builder.multiply(root, step.builder.divide(1, rootC2)), epsilon)
    } else {
      rate = step.builder.divide(step.builder.multiply(r, rootC2), c1)
      denominator = step.builder.add(root, epsilon)
    }
    return step.builder.divide(step.builder.multiply(rate, m), denominator)
  }

  /// `average + weight (x - average)`.
  private static func moved(
    _ average: Value, towards x: Value, by weight: Double, _ builder: inout FunctionBuilder
  ) -> Value {
    builder.add(average, builder.multiply(builder.subtract(x, average), weight))
  }

  /// `1 - beta^step`, of rank 0.
  private static func oneMinusPower(_ beta: Double, _ step: Value, _ builder: inout FunctionBuilder) -> Value {
    if beta == 0 { return builder.constant(1, like: step) }
    let logarithm = LogOperation().evaluate([Tensor(Scalar(beta))], [:])[0].doubles[0]
    let t = builder.tanh(builder.multiply(step, -logarithm / 2))
    return builder.divide(builder.multiply(t, 2), builder.add(t, 1))
  }
}
