/// What other systems call the words of a vocabulary: hints for who writes one of theirs.
///
/// Names are compared without case, `_` and `-`, so that `BCEWithLogits` and `bce_with_logits` are one.
public struct OtherNames: Sendable {
  private let operations: [String: String]
  private let initializers: [String: String]
  private let optimizers: [String: String]
  private let absent: Set<String>

  /// For each use in the language, such as `relu` or `constant(value = 1.0)`, the names that others have for it.
  ///
  /// - Parameter absent: operations of others that are none here, nor like any whose name is near.
  public init(
    operations: [String: [String]] = [:], initializers: [String: [String]] = [:], optimizers: [String: [String]] = [:],
    absent: [String] = []
  ) {
    self.absent = Set(absent.map(Self.key))
    self.operations = Self.inverted(operations)
    self.initializers = Self.inverted(initializers)
    self.optimizers = Self.inverted(optimizers)
  }

  /// What is meant by a word that is no operation.
  public func operation(_ name: String) -> String? { operations[Self.key(name)] }

  /// Whether a word is an operation elsewhere, for which there is none here.
  public func isAbsent(_ name: String) -> Bool { absent.contains(Self.key(name)) }

  /// What is meant by a word that is no initializer.
  public func initializer(_ name: String) -> String? { initializers[Self.key(name)] }

  /// What is meant by a word that is no optimizer.
  public func optimizer(_ name: String) -> String? { optimizers[Self.key(name)] }

  private static func inverted(_ names: [String: [String]]) -> [String: String] {
    Dictionary(
      names.flatMap { use, others in others.map { (key($0), use) } }, uniquingKeysWith: { first, _ in first })
  }

  private static func key(_ name: String) -> String { name.lowercased().filter { $0 != "_" && $0 != "-" } }
}
