import FraguaKernels

/// Proves that a memory plan keeps what lives at the same time apart, whatever the planner thought.
///
/// Time is counted in barrier intervals: a buffer lives from the interval of its first access to that of its last, both
/// whole, since threads run the calls of an interval on their own time.
public enum MemoryPlanChecker {
  /// What is wrong with `plan`; empty where nothing is.
  /// - Requires: ``KernelVerifier`` accepts `program`.
  public static func check(_ program: KernelProgram, _ schedule: Schedule, _ plan: MemoryPlan) -> [KernelViolation] {
    var violations = BarrierChecker.structure(program, schedule)
    if plan.offsets.count != program.buffers.count {
      violations.append(
        KernelViolation("\(plan.offsets.count) offsets for \(program.buffers.count) buffers", at: .plan))
    }
    if !violations.isEmpty { return violations }
    let lives = lives(program, schedule)
    violations += bounds(program, plan, lives)
    violations += scratch(schedule, plan)
    if violations.isEmpty { violations += overlaps(program, plan, lives) }
    return violations
  }

  /// The life of a temporary, both ends included.
  private struct Life {
    var first: Int
    var last: Int
  }

  /// The lives of the temporaries that calls touch.
  private static func lives(_ program: KernelProgram, _ schedule: Schedule) -> [Int: Life] {
    var lives: [Int: Life] = [:]
    for (call, interval) in zip(program.calls, BarrierChecker.intervals(program, schedule)) {
      for buffer in call.buffers where program.buffers[buffer].kind == .temporary {
        lives[buffer, default: Life(first: interval, last: interval)].last = interval
      }
    }
    return lives
  }

  /// Checks that every temporary in use lies in the arena, aligned, and nothing else does.
  private static func bounds(_ program: KernelProgram, _ plan: MemoryPlan, _ lives: [Int: Life]) -> [KernelViolation] {
    var violations: [KernelViolation] = []
    for (number, buffer) in program.buffers.enumerated() {
      let name = "'%\(buffer.name)'"
      guard let offset = plan.offsets[number] else {
        if lives[number] != nil { violations.append(KernelViolation("\(name) has no place", at: .plan)) }
        continue
      }
      func fail(_ fact: String) { violations.append(KernelViolation("\(name) \(fact)", at: .planned(number))) }
      if buffer.kind != .temporary { fail("is no temporary, but has a place") }
      if offset < 0 || offset % MemoryPlan.alignmentBytes != 0 {
        fail("lies at \(offset), not on a multiple of \(MemoryPlan.alignmentBytes)")
      }
      if offset > plan.arenaBytes - buffer.type.byteCount {
        fail("ends behind the arena's \(plan.arenaBytes) bytes")
      }
    }
    if plan.lowerBoundBytes > plan.arenaBytes {
      violations.append(
        KernelViolation(
          "the arena's \(plan.arenaBytes) bytes are below their lower bound \(plan.lowerBoundBytes)", at: .plan))
    }
    return violations
  }

  /// Checks that the threads' scratch lies behind the buffers and apart from each other.
  ///
  /// Where no call needs any, it still ends the arena: what lies before it is what is allocated.
  private static func scratch(_ schedule: Schedule, _ plan: MemoryPlan) -> [KernelViolation] {
    let need = schedule.calls.map(\.scratchBytes).max() ?? 0
    var violations: [KernelViolation] = []
    func fail(_ message: String) { violations.append(KernelViolation(message, at: .plan)) }
    if plan.scratchOffset < plan.arenaBytes {
      fail("the scratch begins inside the arena, at \(plan.scratchOffset)")
    }
    if plan.scratchOffset % MemoryPlan.alignmentBytes != 0 || plan.scratchStride % MemoryPlan.alignmentBytes != 0 {
      fail("the scratch is not aligned: at \(plan.scratchOffset), every \(plan.scratchStride)")
    }
    if plan.scratchStride < need {
      fail("a thread's scratch has \(plan.scratchStride) bytes, but a call needs \(need)")
    }
    return violations
  }

  /// Checks that no two places overlap while both live.
  private static func overlaps(_ program: KernelProgram, _ plan: MemoryPlan, _ lives: [Int: Life]) -> [KernelViolation]
  {
    var violations: [KernelViolation] = []
    let sorted = lives.keys.sorted { (plan.offsets[$0]!, $0) < (plan.offsets[$1]!, $1) }
    for (position, a) in sorted.enumerated() {
      let end = plan.offsets[a]! + program.buffers[a].type.byteCount
      for b in sorted[(position + 1)...] {
        if plan.offsets[b]! >= end { break }
        if lives[a]!.first <= lives[b]!.last && lives[b]!.first <= lives[a]!.last {
          let names = "'%\(program.buffers[a].name)' and '%\(program.buffers[b].name)'"
          violations.append(
            KernelViolation("\(names) overlap at \(plan.offsets[b]!) while both live", at: .planned(b)))
        }
      }
    }
    return violations
  }
}
