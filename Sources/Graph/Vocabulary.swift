/// The words that a graph file may use: operations, initializers, optimizers. Nothing registers globally; embedders
/// pass more.
public struct Vocabulary: Sendable {
  public let operations: OperationTable
  public let initializers: InitializerTable
  public let optimizers: OptimizerTable

  public init(operations: OperationTable, initializers: InitializerTable, optimizers: OptimizerTable) {
    self.operations = operations
    self.initializers = initializers
    self.optimizers = optimizers
  }
}
