import FraguaGraph
import FraguaOperations

extension Vocabulary {
  /// The operations, initializers and optimizers of the project.
  public static let standard = Vocabulary(
    operations: .standard, initializers: .standard, optimizers: .standard, otherNames: .standard)
}
