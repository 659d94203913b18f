import FraguaGraph

extension OptimizerTable {
  /// The optimizers of the project: a line each.
  public static let standard = OptimizerTable([
    SGD(),
    Adam(),
    AdamW(),
    Adagrad(),
    Adadelta(),
    RMSprop(),
  ])
}

extension AttributeSchema {
  /// The attribute that every optimizer has.
  static func learningRate(_ value: Double) -> AttributeSchema {
    AttributeSchema(
      "learning_rate", .float, default: .float(value), range: .atLeast(0),
      summary: "The size of a step; the value of '@fit.learning_rate' at the start.",
      otherNames: ["lr", "rate", "eta", "alpha", "step_size"])
  }

  /// What is added to a denominator.
  /// - Parameter range: 0 is allowed, as in PyTorch, where the method makes sense without it.
  static func epsilon(_ value: Double, range: AttributeRange = .atLeast(0)) -> AttributeSchema {
    AttributeSchema(
      "epsilon", .float, default: .float(value), range: range, summary: "What keeps the denominator from 0.",
      otherNames: ["eps"])
  }

  /// How much of a running average or of a step remains each step; 1 would never let go of the first one.
  static func share(
    _ name: String, _ value: Double, summary: String, otherNames: [String] = []
  ) -> AttributeSchema {
    AttributeSchema(
      name, .float, default: .float(value), range: .from(0, below: 1), summary: summary, otherNames: otherNames)
  }
}
