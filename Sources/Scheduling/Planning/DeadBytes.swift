import FraguaKernels
import FraguaTensors

/// The bytes of the arena that hold nothing, call by call: what a step that poisons dead bytes fills.
///
/// When a buffer is born and when it has died all its bytes are dead, whatever the plan laid over it. So where a plan
/// lets two buffers overlap that live at the same time, the older one loses its elements.
package struct DeadBytes {
  /// For each call of the program: the ranges of the arena that are filled before it, ascending and apart; both ends
  /// are multiples of ``MemoryPlan/alignmentBytes``.
  package let rangesBeforeCall: [[Range<Int>]]

  /// The dead bytes of a step of `program`. Before the first call everything is dead, and before the first call of each
  /// later barrier interval those buffers that died with the interval before it, and those that it brings to life.
  package init(_ program: KernelProgram, _ schedule: Schedule, _ plan: MemoryPlan) {
    var filled: [Int: [Range<Int>]] = [0: [0..<MemoryPlanner.rounded(plan.arenaBytes)]]
    for life in MemoryPlanner.lives(program, schedule) {
      guard let offset = plan.offsets[life.buffer] else { continue }
      let bytes = offset..<offset + life.byteCount
      if life.start > 0 { filled[life.start, default: []].append(bytes) }
      filled[life.end + 1, default: []].append(bytes)
    }
    var ranges: [[Range<Int>]] = []
    var last = -1
    for interval in MemoryPlanner.intervals(program, schedule) {
      ranges.append(interval == last ? [] : Self.joined(filled[interval] ?? []))
      last = interval
    }
    rangesBeforeCall = ranges
  }

  /// Ranges that overlap or touch, made one.
  private static func joined(_ ranges: [Range<Int>]) -> [Range<Int>] {
    var result: [Range<Int>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
      if let last = result.last, range.lowerBound <= last.upperBound {
        result[result.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        result.append(range)
      }
    }
    return result
  }
}
