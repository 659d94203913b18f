import FraguaKernels

/// Orders the calls of a kernel program so that less memory is live at one instant.
///
/// The order of the source has, for instance, all gradients of activations before all updates of weights, so that all
/// of them live at once; an update behind the gradient that it needs frees it, and the activation too. One call after
/// another is chosen among those whose operands are ready: the one that frees most beyond what it adds, in case of
/// equality the first of the source.
public struct KernelOrder: Sendable {
  /// The positions in the source's order of the calls in the new one.
  public let positions: [Int]
  /// The largest sum of the bytes of temporaries that are live during one call, in either order.
  public let peakBytes: Int
  public let sourcePeakBytes: Int

  /// Temporaries of fewer bytes stay in the second-level cache: waiting for other threads more often costs more.
  public static let leastBytes = 1 << 20

  /// - Parameter leastBytes: the source's order stays where its peak is smaller.
  public init(_ program: KernelProgram, leastBytes: Int = Self.leastBytes) {
    let source = Array(program.calls.indices)
    let start = Ordering(program, leastBytes: leastBytes)
    var state = start
    sourcePeakBytes = state.peakBytes(source)
    var best = (positions: source, peak: sourcePeakBytes)
    if sourcePeakBytes >= leastBytes {
      state = start
      let ordered = state.positions()
      state = start
      let peak = state.peakBytes(ordered)
      if peak < best.peak { best = (ordered, peak) }
    }
    (positions, peakBytes) = best
  }

  /// `program` in this order.
  public func apply(to program: KernelProgram) -> KernelProgram {
    var result = program
    result.calls = positions.map { program.calls[$0] }
    return result
  }
}

/// What calls touch, and the state of choosing one after another.
private struct Ordering {
  private let program: KernelProgram
  /// For each call: the temporaries that it touches, each once.
  private let temporaries: [[Int]]
  /// For each buffer: its bytes in whole lines, and how many of the calls that touch it are still to run.
  private let bytes: [Int]
  private var remaining: [Int]
  private var isBorn: [Bool]
  /// The calls that wait for each, and for how many each waits.
  private var successors: [[Int]]
  private var waitsFor: [Int]

  /// The most calls that are compared at a time, so that the time grows in proportion to the program.
  private static let mostCompared = 64

  /// The fewest bytes of a buffer that matters.
  private let leastGain: Int

  init(_ program: KernelProgram, leastBytes: Int) {
    self.program = program
    leastGain = leastBytes / 32
    temporaries = program.calls.map { call in
      Array(Set(call.buffers.filter { program.buffers[$0].kind == .temporary }))
    }
    bytes = program.buffers.map { MemoryPlanner.rounded($0.type.byteCount) }
    remaining = Array(repeating: 0, count: bytes.count)
    for buffer in temporaries.joined() { remaining[buffer] += 1 }
    isBorn = Array(repeating: false, count: bytes.count)
    successors = Array(repeating: [], count: program.calls.count)
    waitsFor = Array(repeating: 0, count: program.calls.count)
    addDependences()
  }

  /// A call waits for the last writer of what it touches, and for those who read since then what it writes.
  private mutating func addDependences() {
    var writer: [Int: Int] = [:]
    var readers: [Int: [Int]] = [:]
    for (index, call) in program.calls.enumerated() {
      let uses = Array(zip(call.buffers, program.kernel(of: call).buffers))
      var before: Set<Int> = []
      for (buffer, operand) in uses {
        if let last = writer[buffer] { before.insert(last) }
        if operand.use != .read { before.formUnion(readers[buffer] ?? []) }
      }
      for (buffer, operand) in uses where operand.use != .read {
        writer[buffer] = index
        readers[buffer] = []
      }
      for (buffer, operand) in uses where operand.use == .read { readers[buffer, default: []].append(index) }
      for other in before { successors[other].append(index) }
      waitsFor[index] = before.count
    }
  }

  /// The largest sum of live bytes where the calls run in the order `positions`.
  mutating func peakBytes(_ positions: [Int]) -> Int {
    var (live, peak) = (0, 0)
    for call in positions {
      live += temporaries[call].reduce(0) { isBorn[$1] ? $0 : $0 + bytes[$1] }
      peak = max(peak, live)
      run(call)
      live -= temporaries[call].reduce(0) { remaining[$1] == 0 ? $0 + bytes[$1] : $0 }
    }
    return peak
  }

  /// The calls in the new order.
  mutating func positions() -> [Int] {
    var ready = program.calls.indices.filter { waitsFor[$0] == 0 }
    var result: [Int] = []
    result.reserveCapacity(program.calls.count)
    while !ready.isEmpty {
      let gains = ready.prefix(Self.mostCompared).map(gain)
      // What nothing waits for and frees nothing stays where it is.
      let urgent = gains.indices.filter { gains[$0] > 0 || !successors[ready[$0]].isEmpty }
      let chosen = urgent.max { (gains[$0], -$0) < (gains[$1], -$1) } ?? 0
      let call = ready.remove(at: chosen)
      run(call)
      result.append(call)
      for next in successors[call] {
        waitsFor[next] -= 1
        // Ready calls stand in the order of the source.
        if waitsFor[next] == 0 { ready.insert(next, at: ready.firstIndex { $0 > next } ?? ready.count) }
      }
    }
    return result
  }

  /// The bytes that running `call` now frees, less those that it adds; of buffers that matter.
  private func gain(_ call: Int) -> Int {
    temporaries[call].reduce(0) { gain, buffer in
      if bytes[buffer] < leastGain { return gain }
      return gain + (remaining[buffer] == 1 ? bytes[buffer] : 0) - (isBorn[buffer] ? 0 : bytes[buffer])
    }
  }

  private mutating func run(_ call: Int) {
    for buffer in temporaries[call] {
      isBorn[buffer] = true
      remaining[buffer] -= 1
    }
  }
}
