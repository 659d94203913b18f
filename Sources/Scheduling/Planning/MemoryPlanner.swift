import FraguaKernels
import FraguaTensors

/// Lays the temporaries of a kernel program out in one arena.
public enum MemoryPlanner {
  /// The life of a temporary in barrier intervals, both ends included.
  struct Life {
    let buffer: Int
    let start: Int
    let end: Int
    let byteCount: Int
  }

  /// The plan of `program` under `schedule`.
  /// - Parameter reusesMemory: off gives every temporary memory of its own, to find out whether the plan is at fault.
  public static func plan(_ program: KernelProgram, _ schedule: Schedule, reusesMemory: Bool = true) -> MemoryPlan {
    let lives = lives(program, schedule)
    let bound = reusesMemory ? lowerBound(lives) : lives.reduce(0) { $0 + $1.byteCount }
    var best: (offsets: [Int], size: Int)?
    if reusesMemory {
      portfolio: for order in orders(lives) {
        for usesBestFit in [false, true] {
          let placed = place(lives, order, usesBestFit)
          if best == nil || placed.size < best!.size { best = placed }
          if best!.size == bound { break portfolio }
        }
      }
    } else {
      best = stacked(lives)
    }
    var offsets = [Int?](repeating: nil, count: program.buffers.count)
    for (life, offset) in zip(lives, best?.offsets ?? []) { offsets[life.buffer] = offset }
    let scratch = schedule.calls.map(\.scratchBytes).max() ?? 0
    // A gap of two lines between threads keeps prefetchers apart.
    let stride = scratch == 0 ? 0 : rounded(scratch) + 128
    return MemoryPlan(
      offsets: offsets, scratchOffset: best?.size ?? 0, scratchStride: stride, arenaBytes: best?.size ?? 0,
      lowerBoundBytes: bound)
  }

  /// The barrier interval of each call: calls in one interval may run at the same time.
  static func intervals(_ program: KernelProgram, _ schedule: Schedule) -> [Int] {
    if schedule.maximumThreads == 1 { return Array(program.calls.indices) }
    var result: [Int] = []
    var interval = 0
    var next = schedule.barriers.makeIterator()
    var barrier = next.next()
    for call in program.calls.indices {
      if barrier == call {
        interval += 1
        barrier = next.next()
      }
      result.append(interval)
    }
    return result
  }

  /// The lives of the temporaries that calls touch.
  static func lives(_ program: KernelProgram, _ schedule: Schedule) -> [Life] {
    let intervals = intervals(program, schedule)
    var first: [Int: Int] = [:]
    var last: [Int: Int] = [:]
    for (call, interval) in zip(program.calls, intervals) {
      for buffer in call.buffers where program.buffers[buffer].kind == .temporary {
        if first[buffer] == nil { first[buffer] = interval }
        last[buffer] = interval
      }
    }
    return program.buffers.indices.compactMap { buffer in
      guard let start = first[buffer], let end = last[buffer] else { return nil }
      return Life(buffer: buffer, start: start, end: end, byteCount: rounded(program.buffers[buffer].type.byteCount))
    }
  }

  /// `bytes`, rounded up to whole lines.
  static func rounded(_ bytes: Int) -> Int {
    (bytes + MemoryPlan.alignmentBytes - 1) / MemoryPlan.alignmentBytes * MemoryPlan.alignmentBytes
  }

  /// The largest sum of live bytes at one instant.
  private static func lowerBound(_ lives: [Life]) -> Int {
    var changes: [Int: Int] = [:]
    for life in lives {
      changes[life.start, default: 0] += life.byteCount
      changes[life.end + 1, default: 0] -= life.byteCount
    }
    var live = 0
    var most = 0
    for interval in changes.keys.sorted() {
      live += changes[interval]!
      most = max(most, live)
    }
    return most
  }

  private static func orders(_ lives: [Life]) -> [[Int]] {
    let duration = { (life: Life) in life.end - life.start + 1 }
    let keys: [(Life) -> Int] = [
      { -$0.byteCount }, { $0.start }, { -duration($0) }, { -$0.byteCount * duration($0) },
    ]
    return keys.map { key in lives.indices.sorted { (key(lives[$0]), $0) < (key(lives[$1]), $1) } }
  }

  /// Places each buffer in the given order at the lowest, or the tightest, gap among those that live at the same time.
  private static func place(_ lives: [Life], _ order: [Int], _ usesBestFit: Bool) -> (offsets: [Int], size: Int) {
    var offsets = [Int](repeating: 0, count: lives.count)
    var placed: [(start: Int, end: Int, offset: Int, limit: Int)] = []  // by offset
    var size = 0
    for index in order {
      let life = lives[index]
      var position = 0
      var best: (gap: Int, offset: Int)?
      for other in placed where other.start <= life.end && life.start <= other.end {
        let gap = other.offset - position
        if gap >= life.byteCount {
          if best == nil || (usesBestFit && gap < best!.gap) { best = (gap, position) }
          if !usesBestFit { break }
        }
        position = max(position, other.limit)
      }
      let offset = best?.offset ?? position
      offsets[index] = offset
      size = max(size, offset + life.byteCount)
      let entry = (start: life.start, end: life.end, offset: offset, limit: offset + life.byteCount)
      placed.insert(entry, at: placed.firstIndex { $0.offset >= offset } ?? placed.count)
    }
    return (offsets, size)
  }

  private static func stacked(_ lives: [Life]) -> (offsets: [Int], size: Int) {
    var offsets: [Int] = []
    var size = 0
    for life in lives {
      offsets.append(size)
      size += life.byteCount
    }
    return (offsets, size)
  }
}
