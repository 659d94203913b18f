/// How the threads of a team share a kernel.
public enum Partition: Sendable, Hashable {
  /// Thread 0 runs it alone.
  case single
  /// Axis `axis` is cut into units of `unit` coordinates, and thread `t` of `T` takes units `t * U / T ..< (t + 1) * U
  /// / T` of the `U` there are. `axis` is the position of a parallel axis among the kernel's axes.
  case split(axis: Int, unit: Int)
}

/// How a contraction is tiled.
public struct ContractTile: Sendable, Hashable {
  /// Which axis runs along vector lanes: columns (n), rows (m), or the innermost k where sums run in lanes.
  public enum LaneAxis: String, Sendable, Hashable, CaseIterable { case n, m, k }
  /// How an operand reaches the inner loop: as it lies in memory, or copied into scratch first.
  public enum Packing: String, Sendable, Hashable, CaseIterable { case direct, packed }

  public var laneAxis: LaneAxis
  /// Scalars that are broadcast a step of k: rows of the register tile. Where lanes run along k, rows of one factor
  /// that share the other one.
  public var rows: Int
  /// Elements along the lanes of the register tile; a multiple of the vector's lanes.
  public var lanes: Int
  /// The operand without the lane axis (lhs where the lane axis is n).
  public var broadcastPacking: Packing
  /// The operand with the lane axis.
  public var lanePacking: Packing

  public init(
    laneAxis: LaneAxis, rows: Int, lanes: Int, broadcastPacking: Packing, lanePacking: Packing
  ) {
    self.laneAxis = laneAxis
    self.rows = rows
    self.lanes = lanes
    self.broadcastPacking = broadcastPacking
    self.lanePacking = lanePacking
  }
}

/// How one call of a kernel runs. It cannot change what is computed, only how fast.
public struct CallSchedule: Sendable, Hashable {
  public var partition: Partition
  /// The axis along vector lanes; for `contract` see `tile`.
  public var vectorAxis: Int?
  public var tile: ContractTile?
  /// Scratch of each thread: packed operands, row-local arrays.
  public var scratchBytes: Int

  public init(
    partition: Partition = .single, vectorAxis: Int? = nil, tile: ContractTile? = nil, scratchBytes: Int = 0
  ) {
    self.partition = partition
    self.vectorAxis = vectorAxis
    self.tile = tile
    self.scratchBytes = scratchBytes
  }
}

/// The schedule of a kernel program: one entry a call, and the barriers.
public struct Schedule: Sendable, Hashable {
  public var calls: [CallSchedule]
  /// The calls before which all threads wait for each other, ascending.
  public var barriers: [Int]
  /// The most threads that the step is worth.
  public var maximumThreads: Int

  public init(calls: [CallSchedule], barriers: [Int], maximumThreads: Int) {
    self.calls = calls
    self.barriers = barriers
    self.maximumThreads = maximumThreads
  }
}
