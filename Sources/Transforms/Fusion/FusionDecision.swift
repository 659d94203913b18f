import FraguaGraph

/// What fusion decided about one edge of the graph, for `--explain-fusion`.
public struct FusionDecision: Sendable {
  /// How a value reaches what is computed from it.
  public enum Verdict: String, Sendable {
    /// Both are computed in one region: the value stays in registers.
    case fused
    /// The value goes through memory.
    case notFused = "not fused"
    /// Every region that needs the value computes it for itself.
    case computedAgain = "computed again"
  }

  /// The value that is used.
  public let producer: Value
  /// The value that is computed from it.
  public let consumer: Value
  public let verdict: Verdict
  /// Why, in words; empty for ``Verdict/computedAgain``, which has one reason only.
  public let reason: String
  /// Of a fused edge the bytes that need not move: the value's size for its reading, and once more for its writing
  /// where nothing else needs it in memory. Of an edge that is not fused the bytes that are written and read, and of a
  /// value that is computed again those that would be: the value's size.
  public let bytes: Int
  /// Of an edge that is not fused, whether a region writes the value: an argument in another shape is only read.
  public let isWritten: Bool

  /// The decision without the names of its values.
  public var text: String {
    let amount = bytes == 1 ? "1 byte" : "\(bytes) bytes"
    return switch verdict {
    case .fused: "fused because \(reason); saves \(amount)"
    case .notFused: "not fused because \(reason); \(amount) \(isWritten ? "written and read" : "read")"
    case .computedAgain: "computed again where it is used: cheaper than reading \(amount)"
    }
  }
}
