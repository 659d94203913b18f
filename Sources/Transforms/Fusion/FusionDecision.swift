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

/// The form of a fused region, written in its `form` attribute; lowering asks it, fusion writes it.
public enum RegionForm: String, Sendable, CaseIterable {
  /// Elementwise.
  case map
  /// Reductions and elementwise work over one index space.
  case rows
  /// One contraction, what feeds it, what follows it, sums beside it.
  case contract
  /// One scatter and what follows it.
  case scatter
  /// A whole small network, one row a lane.
  case lanes
}
