import FraguaGraph

extension OptimizerTable {
  /// The optimizers of the project: a line each.
  public static let standard = OptimizerTable([
    SGD(),
    Adam(),
    Adagrad(),
    Adadelta(),
    RMSprop(),
  ])
}

extension AttributeSchema {
  /// The attribute that every optimizer has.
  static func learningRate(_ value: Double) -> AttributeSchema {
    AttributeSchema(
      "learning_rate", .float, default: .float(value),
      summary: "The size of a step; the value of '@fit.learning_rate' at the start.")
  }

  /// What is added to a denominator.
  static func epsilon(_ value: Double) -> AttributeSchema {
    AttributeSchema("epsilon", .float, default: .float(value), summary: "What keeps the denominator from 0.")
  }
}
