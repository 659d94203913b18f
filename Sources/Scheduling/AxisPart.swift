import FraguaKernels

/// Tiles of one size that follow each other along an axis.
public struct AxisPart: Sendable, Hashable {
  /// Where the first one starts.
  public let offset: Int
  public let count: Int
  public let size: Int

  /// Behind the last one.
  public var end: Int { offset + count * size }

  /// `extent` cut into as few tiles of at most `limit` as there can be, all of base + 1 and then of base: no thin
  /// remainder arises, and at most two bodies of code.
  /// - Requires: both are positive.
  public static func balanced(_ extent: Int, atMost limit: Int) -> [AxisPart] {
    let tiles = (extent + limit - 1) / limit
    let (base, larger) = (extent / tiles, extent % tiles)
    var result: [AxisPart] = []
    if larger > 0 { result.append(AxisPart(offset: 0, count: larger, size: base + 1)) }
    result.append(AxisPart(offset: larger * (base + 1), count: tiles - larger, size: base))
    return result
  }
}
