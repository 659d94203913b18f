import FraguaSource

/// Where a node came from; rewrites hand it on, so that errors, NaN reports and profiles name source lines.
public indirect enum Origin: Sendable, Hashable {
  case unknown
  /// Written by the user.
  case written(SourceLocation)
  /// Part of the derivative of a node with that origin.
  case gradient(Origin)
  /// Made from several nodes.
  case fused([Origin])

  /// The first place in the text, if any.
  public var location: SourceLocation? {
    switch self {
    case .unknown: nil
    case .written(let location): location
    case .gradient(let origin): origin.location
    case .fused(let origins): origins.lazy.compactMap(\.location).first
    }
  }
}
