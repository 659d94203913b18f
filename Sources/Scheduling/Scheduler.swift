import FraguaKernels
import FraguaTensors

/// Chooses how a kernel program runs on a target: vector axes, tiles, the threads' parts, barriers.
///
/// Nothing it decides changes what is computed.
public struct Scheduler: Sendable {
  public let target: Target
  /// The most threads that will run it.
  public let threads: Int

  public init(_ target: Target, threads: Int) {
    self.target = target
    self.threads = threads
  }

  /// A step that has less work than this runs on one thread: handing it over costs more.
  public static let leastWorkForThreads = 131_072
  /// A kernel that has less work than this runs on one thread of several: calling it takes as long.
  public static let leastWorkForSplit = 2048

  /// What a barrier costs, in bytes that a thread could pack meanwhile: about two microseconds with what threads lose
  /// by not ending together.
  public static let barrierBytes = 65_536.0

  /// The schedule of `program`.
  public func schedule(_ program: KernelProgram) -> Schedule {
    // What does not depend on a call's buffers is found once for all calls of a kernel.
    let plain = program.kernels.map { unpartitioned($0) }
    let total = program.calls.reduce(0) { $0 + program.kernel(of: $1).work }
    guard threads > 1, total >= Self.leastWorkForThreads else {
      return Schedule(calls: program.calls.map { plain[$0.kernel] }, barriers: [], maximumThreads: 1)
    }
    let options = zip(program.kernels, plain).map { self.options($0, $1) }
    var calls: [CallSchedule] = []
    var barriers: [Int] = []
    var analysis = BarrierAnalysis()
    for (index, call) in program.calls.enumerated() {
      let own = options[call.kernel]
      let waits = own.map { analysis.needsBarrier(before: $0.footprints, of: call.buffers) }
      let costs = zip(own, waits).map { $0.cost + ($1 ? Self.barrierBytes : 0) }
      let chosen = costs.indices.min { costs[$0] < costs[$1] }!
      if waits[chosen] {
        barriers.append(index)
        analysis.passBarrier()
      }
      analysis.add(own[chosen].footprints, of: call.buffers)
      calls.append(own[chosen].schedule)
    }
    return Schedule(calls: calls, barriers: barriers, maximumThreads: threads)
  }

  /// A way to share a kernel among threads.
  private struct Option {
    let schedule: CallSchedule
    let footprints: [Footprint]
    /// What it costs a thread besides barriers before it, in bytes that it could pack meanwhile.
    let cost: Double
  }

  /// The ways to share `kernel`, of which the rest of the schedule is `plain`.
  private func options(_ kernel: Kernel, _ plain: CallSchedule) -> [Option] {
    partitions(kernel, plain).map { partition in
      var schedule = plain
      schedule.partition = partition
      if case .contract(let body) = kernel.body {
        schedule.scratchBytes = ContractScratch(kernel, body, schedule.tile!, partition).byteCount
      }
      return Option(
        schedule: schedule, footprints: BarrierAnalysis.footprints(kernel, partition),
        cost: cost(of: partition, kernel, plain))
    }
  }

  /// What sharing `kernel` as `partition` says costs a thread, in bytes that it could pack meanwhile: what it packs,
  /// what the busiest thread has more to do than the mean, and the barrier that readers of anything but rows will need.
  private func cost(of partition: Partition, _ kernel: Kernel, _ schedule: CallSchedule) -> Double {
    var schedule = schedule
    schedule.partition = partition
    // A multiply-add takes about as long as two bytes do.
    let work = 2 * Double(kernel.work)
    guard case .split(let axis, let unit) = partition else {
      return Double(kernel.packedBytes(under: schedule, threads: 1)) + work * (1 - 1 / Double(threads))
    }
    let units = (kernel.axes[axis] + unit - 1) / unit
    let most = (units + threads - 1) / threads
    return Double(kernel.packedBytes(under: schedule, threads: threads)) / Double(threads)
      + work * Double(most * threads - units) / Double(units * threads) + (axis > 0 ? Self.barrierBytes : 0)
  }

  /// Everything but the threads' parts.
  private func unpartitioned(_ kernel: Kernel) -> CallSchedule {
    switch kernel.body {
    case .rows(let body):
      var schedule = CallSchedule(vectorAxis: vectorAxis(kernel))
      schedule.scratchBytes = RowsScratch(kernel, body, RowsStrategy(kernel, schedule), target).byteCount
      return schedule
    case .contract(let body):
      let tile = ContractTiling(kernel: kernel, body: body, target: target).best()
      return CallSchedule(tile: tile, scratchBytes: ContractScratch(kernel, body, tile, .single).byteCount)
    case .scatter(let body): return CallSchedule(scratchBytes: ScatterScratch(kernel, body).byteCount)
    case .lanes: return CallSchedule(vectorAxis: 0)
    }
  }

  /// The axis along which most accesses are contiguous; among equals the innermost, reduced ones first.
  private func vectorAxis(_ kernel: Kernel) -> Int? {
    var candidates = Array(0..<kernel.parallelAxes)
    if kernel.axes.count > kernel.parallelAxes, kernel.sumsAlongInnermostAxis {
      candidates.append(kernel.axes.count - 1)
    }
    var best: (score: Int, axis: Int)?
    for axis in candidates where kernel.axes[axis] > 1 {
      var score = 0
      kernel.forEachAccess { access, _, _ in
        switch access.stride(along: axis) {
        case 1: score += 4
        case 0: score += 1
        default: score -= 4
        }
      }
      if kernel.axes[axis] < 8 { score -= 3 }
      if best == nil || score >= best!.score { best = (score, axis) }
    }
    return best?.axis
  }

  // MARK: Threads

  /// The ways to share the kernel among threads, the ones to prefer at equal cost first.
  private func partitions(_ kernel: Kernel, _ schedule: CallSchedule) -> [Partition] {
    guard kernel.work >= Self.leastWorkForSplit, kernel.form != .lanes else { return [.single] }
    var result: [Partition] = []
    switch kernel.body {
    case .contract(let body):
      let tile = schedule.tile!
      let broadcast = ContractScratch.broadcastAxis(kernel, body, tile)
      let lane = ContractScratch.laneAxis(kernel, body, tile)
      for axis in 0..<kernel.parallelAxes where axis != broadcast && axis != lane {
        result += split(axis, kernel, step: 1, granule: 1)
      }
      let mAxis = tile.laneAxis == .n ? broadcast : lane
      let nAxis = tile.laneAxis == .n ? lane : broadcast
      let size = body.accumulator.byteCount
      let rowBytes = kernel.axes.suffix(body.kAxes).reduce(size, *)
      let vector = max(1, target.vectorBytes / max(4, size))
      for axis in tile.laneAxis == .k ? [broadcast].compactMap({ $0 }) : [mAxis, nAxis].compactMap({ $0 }) {
        if axis == broadcast {
          let most = min(Self.mostGranules, ContractScratch.blockBytes / rowBytes)
          result += split(axis, kernel, step: tile.rows, granule: 1, mostGranules: most)
        } else {
          let granule = min(vector, tile.lanes)
          result += split(axis, kernel, step: tile.lanes, granule: granule, mostGranules: 8 * tile.lanes / granule)
        }
      }
    case .rows:
      for axis in 0..<kernel.parallelAxes {
        let isVector = axis == schedule.vectorAxis
        result += split(axis, kernel, step: isVector ? 16 : 8, granule: isVector ? 16 : 1)
      }
    case .scatter: if kernel.axes[0] >= threads { result.append(.split(axis: 0, unit: 1)) }
    case .lanes: break
    }
    return result + [.single]
  }

  /// The most granules of a part that a thread owns as a whole.
  private static let mostGranules = 128

  /// Sharing `axis` in units of `step`, or, where they fit, in one part for each thread, of whole granules: no thread
  /// has much more to do then, and kernels whose steps differ have the same parts, so that none waits for another.
  /// Nothing where a thread would have no part.
  private func split(
    _ axis: Int, _ kernel: Kernel, step: Int, granule: Int, mostGranules: Int = Self.mostGranules
  ) -> [Partition] {
    let extent = kernel.axes[axis]
    guard extent >= threads * granule else { return [] }
    let granules = (extent + granule - 1) / granule
    let part = (granules + threads - 1) / threads
    if part <= mostGranules { return [.split(axis: axis, unit: part * granule)] }
    return extent >= threads * step ? [.split(axis: axis, unit: step)] : []
  }
}
