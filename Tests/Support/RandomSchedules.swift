import FraguaKernels
import FraguaScheduling

/// Schedules of one kernel, drawn from a seed: partitions, vector axes, tiles and packings that the emitters accept.
public struct RandomSchedules {
  private var random: RandomSource
  private let target: Target

  public init(seed: UInt64, _ target: Target) {
    random = RandomSource(seed: seed &+ 1234)
    self.target = target
  }

  /// A legal schedule of `program`: what each call does is drawn, the barriers follow from it.
  public mutating func schedule(_ program: KernelProgram) -> Schedule {
    var calls: [CallSchedule] = []
    for call in program.calls { calls.append(schedule(program.kernel(of: call))) }
    return Schedule(calls: calls, barriers: BarrierAnalysis.barriers(program, calls), maximumThreads: 8)
  }

  /// A legal schedule of `kernel`.
  public mutating func schedule(_ kernel: Kernel) -> CallSchedule {
    var schedule = CallSchedule()
    switch kernel.body {
    case .rows(let body):
      var axes: [Int?] = [nil] + (0..<kernel.parallelAxes).map { $0 }
      if kernel.axes.count > kernel.parallelAxes { axes.append(kernel.axes.count - 1) }
      schedule.vectorAxis = random.pick(axes)
      schedule.partition = partition(kernel, unit: random.pick([1, 2, 5, 8, 16]))
      schedule.scratchBytes = RowsScratch(kernel, body, RowsStrategy(kernel, schedule), target).byteCount
    case .contract(let body):
      let lanes = max(1, target.vectorBytes / max(4, body.lhs.types.last!.byteCount))
      var tile = ContractTile(
        laneAxis: random.pick([.m, .n]), rows: random.int(1...5), lanes: lanes * random.int(1...3),
        broadcastPacking: random.pick([.direct, .packed]), lanePacking: random.pick([.direct, .packed]))
      tile = ContractTiling.legal(tile, kernel, body, target)
      schedule.tile = tile
      let lane = ContractScratch.laneAxis(kernel, body, tile)
      if kernel.parallelAxes > 0, random.chance(80) {
        let axis = random.int(0...(kernel.parallelAxes - 1))
        let unit = axis == lane && random.chance(50) ? tile.lanes : random.int(1...20)
        schedule.partition = .split(axis: axis, unit: unit)
      }
      schedule.scratchBytes = ContractScratch(kernel, body, tile, schedule.partition).byteCount
    case .scatter(let body):
      if random.chance(70) { schedule.partition = .split(axis: 0, unit: random.int(1...3)) }
      schedule.scratchBytes = ScatterScratch(kernel, body).byteCount
    case .lanes: schedule.vectorAxis = 0
    }
    return schedule
  }

  private mutating func partition(_ kernel: Kernel, unit: Int) -> Partition {
    kernel.parallelAxes > 0 && random.chance(80)
      ? .split(axis: random.int(0...(kernel.parallelAxes - 1)), unit: unit) : .single
  }
}
