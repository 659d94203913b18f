import FraguaKernels

/// Proves that a schedule and a plan that were read, not made, can run on a target.
///
/// People edit dumps, and take them from one machine to another: a tile or scratch for other vectors would write where
/// nothing is reserved.
public enum DumpChecker {
  /// The most threads and the most bytes of a thread's scratch or of the arena that a dump may name: far below where
  /// sizes overflow.
  static let mostThreads = 1024
  static let mostBytes = KernelVerifier.mostElements

  /// What is wrong with the schedule and the plan of `dump`; empty where nothing is.
  /// - Requires: ``KernelVerifier`` accepts its program.
  public static func check(_ dump: KernelDump, for target: Target) -> [KernelViolation] {
    guard let schedule = dump.schedule else { return [] }
    let program = dump.program
    var violations = BarrierChecker.structure(program, schedule) + sizes(schedule, dump.plan)
    if !violations.isEmpty { return violations }
    for (number, call) in program.calls.enumerated() {
      violations += check(schedule.calls[number], program.kernel(of: call), target).map {
        KernelViolation("call \(number) ('\(call.name)') \($0)", at: .scheduled(call: number))
      }
    }
    if !violations.isEmpty { return violations }
    violations = BarrierChecker.check(program, schedule)
    if violations.isEmpty, let plan = dump.plan { violations = MemoryPlanChecker.check(program, schedule, plan) }
    return violations
  }

  /// Checks that no number is out of all proportion.
  private static func sizes(_ schedule: Schedule, _ plan: MemoryPlan?) -> [KernelViolation] {
    var violations: [KernelViolation] = []
    if schedule.maximumThreads > mostThreads {
      violations.append(KernelViolation("\(schedule.maximumThreads) threads, more than \(mostThreads)", at: .schedule))
    }
    for (number, call) in schedule.calls.enumerated() where call.scratchBytes > mostBytes {
      violations.append(
        KernelViolation("call \(number) has \(call.scratchBytes) bytes of scratch", at: .scheduled(call: number)))
    }
    guard let plan else { return violations }
    for (bytes, what) in [
      (plan.arenaBytes, "the arena"), (plan.scratchOffset, "what lies before the scratch"),
      (plan.scratchStride, "a thread's scratch"),
    ] where bytes > mostBytes {
      violations.append(KernelViolation("\(what) has \(bytes) bytes", at: .plan))
    }
    return violations
  }

  private static func check(_ schedule: CallSchedule, _ kernel: Kernel, _ target: Target) -> [String] {
    var need = 0
    switch kernel.body {
    case .contract(let body):
      guard let tile = schedule.tile else { return ["is a contraction without a tile"] }
      if let violation = check(tile, kernel, body, target) { return [violation] }
      need = ContractScratch(kernel, body, tile, schedule.partition).byteCount
    case .rows(let body):
      if let axis = schedule.vectorAxis, !kernel.axes.indices.contains(axis) {
        return ["has vectors along axis \(axis) of \(kernel.axes.count)"]
      }
      need = RowsScratch(kernel, body, RowsStrategy(kernel, schedule), target).byteCount
    case .scatter(let body): need = ScatterScratch(kernel, body).byteCount
    case .lanes: break
    }
    if schedule.scratchBytes < need {
      return ["has \(schedule.scratchBytes) bytes of scratch, but needs \(need) on this target"]
    }
    return []
  }

  /// What is wrong with a tile; `nil` where nothing is.
  private static func check(
    _ tile: ContractTile, _ kernel: Kernel, _ body: ContractBody, _ target: Target
  ) -> String? {
    let words = "\(tile.laneAxis) \(tile.rows) x \(tile.lanes)"
    guard (1...64).contains(tile.rows), (1...512).contains(tile.lanes) else {
      return "has the tile \(words), which no register file holds"
    }
    let lanes = max(1, target.vectorBytes / max(4, body.accumulator.byteCount))
    let laneAxis = ContractScratch.laneAxis(kernel, body, tile)
    if laneAxis != nil, tile.lanes % lanes != 0 {
      return "has the tile \(words), whose lanes are no multiple of the \(lanes) of a vector"
    }
    if (tile.laneAxis == .k) != (body.summation == .lanes) {
      let order = body.summation == .lanes ? "run in lanes along k" : "are chains along k"
      return "has the tile \(words), but its sums \(order)"
    }
    if tile.laneAxis == .k, tile.lanes != Kernel.sumLanes || tile.rows > Kernel.sumLanes {
      return "has the tile \(words), but sums in lanes have \(Kernel.sumLanes), of at most as many rows"
    }
    if ContractTiling.legal(tile, kernel, body, target) != tile {
      return "has the tile \(words), which reads an operand directly that must be packed, or has an axis too many"
    }
    return nil
  }
}
