/// Where each temporary of a kernel program lies in the arena.
public struct MemoryPlan: Sendable, Hashable {
  /// For each buffer of the program, its byte offset in the arena; `nil` for buffers that are not temporaries.
  public var offsets: [Int?]
  /// The offset in the arena at which thread 0's scratch starts.
  public var scratchOffset: Int
  /// The scratch of one thread, rounded up so that threads share no cache line; thread `t`'s starts at `scratchOffset +
  /// t * scratchStride`.
  public var scratchStride: Int
  /// The arena's size without the scratch.
  public var arenaBytes: Int
  /// The largest sum of bytes live at one instant, in this order, sizes rounded alike: no plan is smaller.
  public var lowerBoundBytes: Int

  public init(
    offsets: [Int?], scratchOffset: Int, scratchStride: Int, arenaBytes: Int, lowerBoundBytes: Int
  ) {
    self.offsets = offsets
    self.scratchOffset = scratchOffset
    self.scratchStride = scratchStride
    self.arenaBytes = arenaBytes
    self.lowerBoundBytes = lowerBoundBytes
  }

  /// Buffers start on multiples of this.
  public static let alignmentBytes = 64
}
