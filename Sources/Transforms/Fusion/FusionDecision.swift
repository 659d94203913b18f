/// What fusion decided about one edge of the graph, for `--explain-fusion`.
public struct FusionDecision: Sendable, Equatable, CustomStringConvertible {
  /// The value that is used, as dumps name it.
  public let producer: String
  /// The value that is computed from it.
  public let consumer: String
  public let isFused: Bool
  /// Why, in words.
  public let reason: String

  public var description: String {
    "\(producer) -> \(consumer): \(isFused ? "fused" : "not fused") because \(reason)"
  }
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
