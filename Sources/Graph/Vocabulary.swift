/// The words that a graph file may use: operations, initializers, optimizers and links of trainings. Nothing registers globally; embedders
/// pass more.
public struct Vocabulary: Sendable {
  public let operations: OperationTable
  public let initializers: InitializerTable
  public let optimizers: OptimizerTable
  /// What clauses of a training may name.
  public let links: LinkTable
  /// What other systems call them.
  public let otherNames: OtherNames

  public init(
    operations: OperationTable, initializers: InitializerTable, optimizers: OptimizerTable,
    links: LinkTable = LinkTable([]), otherNames: OtherNames = OtherNames()
  ) {
    self.operations = operations
    self.initializers = initializers
    self.optimizers = optimizers
    self.links = links
    self.otherNames = otherNames
  }
}
