/// The words that a graph file may use: operations, initializers, optimizers. Nothing registers globally; embedders
/// pass more.
public struct Vocabulary: Sendable {
  public let operations: OperationTable
  public let initializers: InitializerTable
  public let optimizers: OptimizerTable
  /// What other systems call them.
  public let otherNames: OtherNames

  public init(
    operations: OperationTable, initializers: InitializerTable, optimizers: OptimizerTable,
    otherNames: OtherNames = OtherNames()
  ) {
    self.operations = operations
    self.initializers = initializers
    self.optimizers = optimizers
    self.otherNames = otherNames
  }
}
