import FraguaGraph

/// What fusion decided about one edge of the graph, for `--explain-fusion`.
public struct FusionDecision: Sendable {
  /// The value that is used.
  public let producer: Value
  /// The value that is computed from it.
  public let consumer: Value
  public let isFused: Bool
  /// Why, in words.
  public let reason: String
}
