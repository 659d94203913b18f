import FraguaKernels
import FraguaTensors

/// How a `rows` kernel's stages run along vector lanes.
public enum RowsStrategy: Sendable, Hashable {
  /// Lanes run along the innermost reduced axis: always 16, the virtual lanes of a sum. Where those do not lie along it
  /// the kernel runs one point at a time.
  case alongRow
  /// Lanes run along this parallel axis: each lane is a row of its own.
  case acrossRows(axis: Int)
  /// One point at a time.
  case scalar

  public init(_ kernel: Kernel, _ schedule: CallSchedule) {
    guard let axis = schedule.vectorAxis else {
      self = .scalar
      return
    }
    if axis < kernel.parallelAxes {
      self = .acrossRows(axis: axis)
    } else {
      self = kernel.sumsAlongInnermostAxis ? .alongRow : .scalar
    }
  }

  /// The lanes of the programs that run at each position.
  public func lanes(_ target: Target) -> Int {
    switch self {
    case .alongRow: Kernel.sumLanes
    case .acrossRows: target.lanes
    case .scalar: 1
    }
  }
}

/// Where a `rows` kernel keeps its row-local arrays in a thread's scratch, in bytes.
public struct RowsScratch: Sendable {
  /// For each local: where it starts.
  public private(set) var locals: [Int] = []
  public private(set) var byteCount = 0

  public init(_ kernel: Kernel, _ body: RowsBody, _ strategy: RowsStrategy, _ target: Target) {
    let row = kernel.axes[kernel.parallelAxes...].reduce(1, *)
    let lanes = strategy.lanes(target)
    for stage in body.stages {
      guard case .sweep(let block, let values, _) = stage else { continue }
      for value in values {
        locals.append(byteCount)
        let count = strategy == .alongRow ? row + Kernel.sumLanes : row * lanes
        reserve(count * block.program.types[value].byteCount)
      }
    }
  }

  private mutating func reserve(_ bytes: Int) { byteCount += (bytes + 63) / 64 * 64 }
}

/// Where a `contract` kernel keeps packed operands in a thread's scratch, and how it blocks the broadcast axis.
public struct ContractScratch: Sendable {
  /// One register tile, for epilogues that run in a loop.
  public let tile: Int
  /// Panels of the operand with the lane axis: for each k, the panel's lanes. One that is packed anew for each panel,
  /// or all of them where ``keepsPanels``.
  public let panel: Int
  /// The operand without the lane axis, a block of it.
  public let broadcast: Int
  public let byteCount: Int
  /// The coordinates of the broadcast axis that meet all panels before the next ones do, so that they stay in the
  /// cache; `nil` for all of them. A multiple of the partition's unit.
  public let block: Int?
  /// Whether all panels are kept, so that later blocks find those that the first one packed.
  public let keepsPanels: Bool
  /// Whether the packed broadcast operand has k innermost; else it lies tile by tile, for each k the tile's rows.
  public let broadcastIsRowMajor: Bool
  /// Where k is innermost: the elements from one row of the packed broadcast operand to the next.
  public let broadcastStride: Int

  /// The bytes of a block: half of the second-level cache of the smallest processors in use.
  public static let blockBytes = 256 << 10

  /// The most bytes of panels that each thread keeps; more would leave the third-level cache before they are read
  /// again.
  public static let mostPanelBytes = 16 << 20

  public init(_ kernel: Kernel, _ body: ContractBody, _ tile: ContractTile, _ partition: Partition) {
    let k = kernel.axes.suffix(body.kAxes).reduce(1, *)
    let axis = Self.broadcastAxis(kernel, body, tile)
    let extent = axis.map { kernel.axes[$0] } ?? 1
    let program = tile.laneAxis == .n ? body.lhs : body.rhs
    let size = body.accumulator.byteCount
    var unit = tile.rows
    if case .split(axis, let units) = partition { unit = units }
    // Along k nothing is packed, and no row meets more than one column.
    let isAlongK = tile.laneAxis == .k
    block = isAlongK ? nil : Self.block(extent: extent, rowBytes: k * size, unit: unit)
    // Copied along the axis in which memory is contiguous.
    var isRowMajor = true
    if let axis {
      for case .load(let access) in program.instructions where access.stride(along: axis) == 1 { isRowMajor = false }
      for case .load(let access) in program.instructions where access.stride(along: kernel.axes.count - 1) == 1 {
        isRowMajor = true
      }
    }
    broadcastIsRowMajor = isRowMajor
    let rows = block ?? extent
    // 16 more than needed: room for whole vectors, and no rows 4 KB apart.
    broadcastStride = k + 16
    self.tile = 0
    panel = isAlongK ? 0 : Self.rounded(tile.rows * tile.lanes * size)
    let laneAxis = Self.laneAxis(kernel, body, tile)
    let lanes = laneAxis.map { kernel.axes[$0] } ?? 1
    // Panels lie behind each other only where every unit of a thread's part is whole tiles.
    var isWhole = true
    if case .split(let axis, let unit) = partition, axis == laneAxis { isWhole = unit % max(1, tile.lanes) == 0 }
    keepsPanels =
      block != nil && tile.lanePacking == .packed && isWhole
      && k.multipliedReportingOverflow(by: lanes * size).partialValue <= Self.mostPanelBytes
    let packedLanes = tile.lanes + (keepsPanels ? lanes : 0)
    broadcast = panel + (tile.lanePacking == .packed ? Self.rounded(k * packedLanes * size) : 0)
    let packedBytes = rows * broadcastStride * size + 64
    byteCount = broadcast + (tile.broadcastPacking == .packed ? Self.rounded(packedBytes) : 0)
  }

  private static func rounded(_ bytes: Int) -> Int { (bytes + 63) / 64 * 64 }

  private static func block(extent: Int, rowBytes: Int, unit: Int) -> Int? {
    guard extent * rowBytes > 2 * blockBytes else { return nil }
    let block = max(unit, blockBytes / rowBytes / unit * unit)
    return block < extent ? block : nil
  }

  /// The kernel's axis whose elements are broadcast: the last m axis where lanes run along n, and the other way round;
  /// `nil` where that kind has no axes. Where lanes run along k, the longer of the two.
  public static func broadcastAxis(_ kernel: Kernel, _ body: ContractBody, _ tile: ContractTile) -> Int? {
    if tile.laneAxis == .k {
      let m = body.mAxes > 0 ? body.batchAxes + body.mAxes - 1 : nil
      let n = body.nAxes > 0 ? kernel.parallelAxes - 1 : nil
      guard let m, let n else { return m ?? n }
      return kernel.axes[m] >= kernel.axes[n] ? m : n
    }
    let first = tile.laneAxis == .n ? body.batchAxes : body.batchAxes + body.mAxes
    let count = tile.laneAxis == .n ? body.mAxes : body.nAxes
    return count == 0 ? nil : first + count - 1
  }

  /// The kernel's axis along which lanes run, likewise.
  public static func laneAxis(_ kernel: Kernel, _ body: ContractBody, _ tile: ContractTile) -> Int? {
    if tile.laneAxis == .k { return kernel.axes.count - 1 }
    let first = tile.laneAxis == .m ? body.batchAxes : body.batchAxes + body.mAxes
    let count = tile.laneAxis == .m ? body.mAxes : body.nAxes
    return count == 0 ? nil : first + count - 1
  }
}

/// Where a `scatter` kernel keeps the target while it is summed.
public struct ScatterScratch: Sendable {
  public let byteCount: Int

  public init(_ kernel: Kernel, _ body: ScatterBody) {
    let inner = kernel.axes.suffix(body.innerAxes).reduce(1, *)
    byteCount = (kernel.axes[0] * inner + Kernel.sumLanes) * body.initial.types.last!.byteCount
  }
}
