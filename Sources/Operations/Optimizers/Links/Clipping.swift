import FraguaGraph
import FraguaTensors

/// All gradients scaled down together where the norm of all their elements is above a maximum.
struct ClipByGlobalNorm: NamedLink, OptimizerLink {
  var name: String { "global_norm" }
  var clause: String { "clip" }
  var schema: [AttributeSchema] { [.maximum("The largest norm that all gradients together keep.")] }
  var documentation: OptimizerDocumentation {
    OptimizerDocumentation(
      summary: "Scales all gradients down together where the norm of all their elements is above a maximum.",
      equations: """
        n  = sqrt(sum of the squares of all elements of all gradients)
        g <- g maximum min(1 / n, 1 / maximum);  where n is no finite number, NaN
        """,
      source: "Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks (ICML 2013)")
  }

  var maximum = 1.0

  func link(_ attributes: Attributes) -> any OptimizerLink { ClipByGlobalNorm(maximum: attributes.float("maximum")) }

  func rewrite(_ updates: [Value], in step: inout OptimizerStep) -> [Value] {
    guard let first = updates.first else { return updates }
    let wide = updates.map(\.type.element).max { $0.byteCount < $1.byteCount } ?? first.type.element
    var sum: Value?
    for update in updates {
      let squares = step.builder.convert(step.builder.squaredNorm(update), to: wide)
      sum = sum.map { step.builder.add($0, squares) } ?? squares
    }
    let scale = step.builder.clippingScale(step.builder.sqrt(sum!), to: maximum)
    return updates.map { update in
      step.builder.multiply(update, step.builder.convert(scale, to: update.type.element))
    }
  }
}

/// Each gradient scaled down where its own norm is above a maximum.
struct ClipByNorm: NamedLink, ParameterLink {
  var name: String { "norm" }
  var clause: String { "clip" }
  var schema: [AttributeSchema] { [.maximum("The largest norm that each parameter's gradient keeps.")] }
  var documentation: OptimizerDocumentation {
    OptimizerDocumentation(
      summary: "Scales each parameter's gradient down where its own norm is above a maximum.",
      equations: """
        n  = sqrt(sum of the squares of the elements of g)
        g <- g maximum min(1 / n, 1 / maximum);  where n is no finite number, NaN
        """,
      source: "Pascanu, Mikolov, Bengio: On the difficulty of training recurrent neural networks (ICML 2013)")
  }

  var maximum = 1.0

  func link(_ attributes: Attributes) -> any OptimizerLink { ClipByNorm(maximum: attributes.float("maximum")) }

  func rewrite(_ update: Value, of index: Int, in step: inout OptimizerStep) -> Value {
    let norm = step.builder.sqrt(step.builder.squaredNorm(update))
    return step.builder.multiply(update, step.builder.clippingScale(norm, to: maximum))
  }
}

/// Each element of a gradient brought between two bounds.
struct ClipByValue: NamedLink, ParameterLink {
  var name: String { "value" }
  var clause: String { "clip" }
  var schema: [AttributeSchema] { [.maximum("The largest magnitude that an element keeps.")] }
  var documentation: OptimizerDocumentation {
    OptimizerDocumentation(
      summary: "Brings each element of the gradients between -maximum and maximum.",
      equations: "g <- min(max(g, -maximum), maximum);  NaN stays NaN", source: "Mikolov: thesis (Brno, 2012)")
  }

  var maximum = 1.0

  func link(_ attributes: Attributes) -> any OptimizerLink { ClipByValue(maximum: attributes.float("maximum")) }

  func rewrite(_ update: Value, of index: Int, in step: inout OptimizerStep) -> Value {
    let least = step.builder.constant(-maximum, like: update)
    let most = step.builder.constant(maximum, like: update)
    return step.builder.minimum(step.builder.maximum(update, least), most)
  }
}

extension AttributeSchema {
  fileprivate static func maximum(_ summary: String) -> AttributeSchema {
    AttributeSchema(
      "maximum", .float, range: .above(0), summary: summary,
      otherNames: ["max_norm", "clip_norm", "clipnorm", "global_clipnorm", "clipvalue", "clip_value", "max", "norm"])
  }
}

extension FunctionBuilder {
  /// The sum of the squares of all elements.
  fileprivate mutating func squaredNorm(_ x: Value) -> Value {
    reduceSum(multiply(x, x), axes: Array(0..<x.type.rank))
  }

  /// What brings a tensor of norm `norm` to a norm of at most `maximum`; NaN where the norm is no finite number.
  fileprivate mutating func clippingScale(_ norm: Value, to maximum: Double) -> Value {
    let inverse = minimum(divide(1, norm), constant(1 / maximum, like: norm))
    return add(multiply(inverse, maximum), subtract(norm, norm))
  }
}
