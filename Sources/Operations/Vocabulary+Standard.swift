import FraguaGraph

extension Vocabulary {
  /// The operations, initializers, optimizers and links of the project.
  public static let standard = Vocabulary(
    operations: .standard, initializers: .standard, optimizers: .standard, links: .standard,
    otherNames: .standard)
}
