/// The operations that a parser knows, by name; embedders pass a larger table.
public struct OperationTable: Sendable {
  private let operations: [String: any Operation]
  /// All operations in the order they were listed.
  public let all: [any Operation]

  /// - Requires: names are unique.
  public init(_ all: [any Operation]) {
    self.all = all
    operations = Dictionary(uniqueKeysWithValues: all.map { ($0.name, $0) })
  }

  public subscript(_ name: String) -> (any Operation)? { operations[name] }

  /// The names, in the order they were listed.
  public var names: [String] { all.map(\.name) }
}
