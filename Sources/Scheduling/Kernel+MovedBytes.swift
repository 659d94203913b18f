import FraguaKernels
import FraguaTensors

extension Kernel {
  /// The bytes that one run reads and writes if each element of each buffer moves once; a buffer that is updated counts
  /// twice.
  public var movedBytes: Int {
    buffers.reduce(0) { $0 + $1.count * $1.element.byteCount * ($1.use == .update ? 2 : 1) }
  }

  /// The bytes that packing an operand of a contraction moves besides: each copy is written once and read once, or
  /// once a block of the other operand.
  ///
  /// - Parameter threads: how many run the kernel. Where it is divided along the other operand's axis, each makes a
  ///   copy of its own.
  public func packedBytes(under schedule: CallSchedule, threads: Int) -> Int {
    guard case .contract(let body) = self.body, let tile = schedule.tile else { return 0 }
    let factors = Dictionary(uniqueKeysWithValues: parts.filter(\.yieldsLast).map { ($0.name, $0.axes) })
    /// All elements of one factor, moved so many times.
    func bytes(
      _ factor: String, _ packing: ContractTile.Packing, otherAxis: Int?, moves: Int
    ) -> Int {
      if packing == .direct { return 0 }
      let elements = factors[factor]!.reduce(1) { $0 * axes[$1] }
      var copies = 1
      if case .split(let axis, _) = schedule.partition, axis == otherAxis { copies = threads }
      return moves * copies * elements * body.accumulator.byteCount
    }
    let broadcast = ContractScratch.broadcastAxis(self, body, tile)
    let lane = ContractScratch.laneAxis(self, body, tile)
    let lanesAreColumns = tile.laneAxis == .n
    // Panels are read again for each block of the broadcast axis, and written again where they are not kept.
    let scratch = ContractScratch(self, body, tile, schedule.partition)
    let blocks = scratch.block.map { (axes[broadcast!] + $0 - 1) / $0 } ?? 1
    let panelMoves = scratch.keepsPanels ? 1 + blocks : 2 * blocks
    return bytes(lanesAreColumns ? "rhs" : "lhs", tile.lanePacking, otherAxis: broadcast, moves: panelMoves)
      + bytes(lanesAreColumns ? "lhs" : "rhs", tile.broadcastPacking, otherAxis: lane, moves: 2)
  }
}

extension KernelProgram {
  /// The bytes that one step moves: what every call reads and writes, each element of each of its buffers once, and
  /// what packing copies. What caches hold from one call to the next is not taken off.
  public func movedBytes(under schedule: Schedule) -> Int {
    zip(calls, schedule.calls).reduce(0) { sum, item in
      let kernel = kernel(of: item.0)
      return sum + kernel.movedBytes + kernel.packedBytes(under: item.1, threads: schedule.maximumThreads)
    }
  }
}
