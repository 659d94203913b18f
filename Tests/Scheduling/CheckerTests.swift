import FraguaKernels
import FraguaScheduling
import FraguaSource
import FraguaTensors
import TestSupport
import Testing

/// The checkers of schedules and plans find what is planted and nothing else.
@Suite struct CheckerTests {
  /// A map over `[rows, columns]` that copies with the given strides.
  private func copy(_ axes: [Int], _ load: Access, _ store: Access, counts: (Int, Int)) -> Kernel {
    var program = ScalarProgram()
    let x = program.load(load, .f32)
    return Kernel(
      axes: axes, parallelAxes: axes.count,
      buffers: [KernelBuffer(.f32, count: counts.0, use: .read), KernelBuffer(.f32, count: counts.1, use: .write)],
      body: .rows(RowsBody([.scalar(Block(program, stores: [Store(store, x)]), yields: [])])))
  }

  /// `x -> t0 -> t1 -> ... -> r`, each call by one of `kernels`, all of 64 elements.
  private func chain(_ kernels: [Kernel], _ calls: [Int]) -> KernelProgram {
    let type = TensorType([64], .f32)
    var program = KernelProgram(name: "f", kernels: kernels, argumentNames: ["x"], resultNames: ["r"])
    program.buffers.append(ProgramBuffer(name: "x", type: type, kind: .argument(0)))
    for (i, kernel) in calls.enumerated() {
      let kind = i == calls.count - 1 ? ProgramBuffer.Kind.result(0) : .temporary
      program.buffers.append(ProgramBuffer(name: "t\(i)", type: type, kind: kind))
      program.calls.append(KernelCall(name: "c\(i)", kernel: kernel, buffers: [i, i + 1]))
    }
    return program
  }

  private func split(_ axis: Int, _ unit: Int) -> CallSchedule {
    CallSchedule(partition: .split(axis: axis, unit: unit))
  }

  private let rowMajor = Access(buffer: 0, strides: [8, 1])
  private let stored = Access(buffer: 1, strides: [8, 1])

  /// The violations of two calls in one barrier interval under the given schedules.
  private func races(_ first: Kernel, _ a: CallSchedule, _ second: Kernel, _ b: CallSchedule, threads: Int = 2) -> Int {
    let program = chain([first, second], [0, 1])
    #expect(KernelVerifier.verify(program).map(\.message) == [])
    let open = BarrierChecker.check(program, Schedule(calls: [a, b], barriers: [], maximumThreads: threads))
    let closed = BarrierChecker.check(program, Schedule(calls: [a, b], barriers: [1], maximumThreads: threads))
    #expect(closed == [])
    return open.count
  }

  @Test func barriers() {
    let same = copy([8, 8], rowMajor, stored, counts: (64, 64))
    let flat = copy([64], Access(buffer: 0, strides: [1]), Access(buffer: 1, strides: [1]), counts: (64, 64))
    let transposed = copy([8, 8], Access(buffer: 0, strides: [1, 8]), stored, counts: (64, 64))
    let reversed = copy([8, 8], Access(buffer: 0, offset: 56, strides: [-8, 1]), stored, counts: (64, 64))
    let neighbour = copy(
      [8, 8],
      Access(
        buffer: 0, offset: 8, strides: [8, 1], guards: [AffineGuard(offset: 1, coefficients: [1, 0], bound: 8)],
        fill: Scalar(Float(0))),
      stored, counts: (64, 64))
    let single = CallSchedule()
    // The same rows, by rows or by columns; the same rows of a flat buffer.
    #expect(races(same, split(0, 2), same, split(0, 2)) == 0)
    #expect(races(same, split(1, 1), same, split(1, 1)) == 0)
    #expect(races(same, split(0, 2), flat, split(0, 16)) == 0)
    #expect(races(same, split(0, 8), transposed, split(0, 8)) == 0)
    #expect(races(same, split(0, 2), transposed, split(1, 2)) == 0)
    #expect(races(same, single, transposed, single) == 0)
    #expect(races(same, split(0, 2), transposed, split(0, 2), threads: 1) == 0)
    // Other units, other axes, other elements.
    #expect(races(same, split(0, 2), same, split(0, 1)) == 1)
    #expect(races(same, split(0, 2), same, split(1, 2)) == 1)
    #expect(races(same, split(0, 2), flat, split(0, 8)) == 1)
    #expect(races(same, split(0, 2), transposed, split(0, 2)) == 1)
    #expect(races(same, split(0, 2), reversed, split(0, 2)) == 1)
    #expect(races(same, split(0, 2), neighbour, split(0, 2)) == 1)
    #expect(races(same, single, same, split(0, 2)) == 1)
    #expect(races(same, split(0, 2), same, single) == 1)
  }

  /// Write after read and write after write, through a buffer that is written twice.
  @Test func antiDependences() {
    let same = copy([8, 8], rowMajor, stored, counts: (64, 64))
    let transposed = copy([8, 8], Access(buffer: 0, strides: [1, 8]), stored, counts: (64, 64))
    var program = chain([same, transposed], [0, 1, 0])
    // c0: x -> t0, c1: t0' -> t1, c2: x -> t0 again.
    program.calls[2].buffers = [0, 1]
    program.calls[1].buffers = [1, 3]
    let schedule = Schedule(calls: [split(0, 2), split(0, 2), split(0, 2)], barriers: [1], maximumThreads: 2)
    #expect(BarrierChecker.check(program, schedule).count == 1)
    var fixed = schedule
    fixed.barriers = [1, 2]
    #expect(BarrierChecker.check(program, fixed) == [])
  }

  /// A side sum runs on a thread that nobody else knows.
  @Test func sideSums() {
    var lhs = ScalarProgram()
    _ = lhs.load(Access(buffer: 0, strides: [8, 0, 1]), .f32)
    var rhs = ScalarProgram()
    _ = rhs.load(Access(buffer: 1, strides: [0, 1, 8]), .f32)
    var side = ScalarProgram()
    let value = side.input(0, .f32)
    let contract = Kernel(
      axes: [8, 8, 8], parallelAxes: 2,
      buffers: [
        KernelBuffer(.f32, count: 64, use: .read), KernelBuffer(.f32, count: 64, use: .read),
        KernelBuffer(.f32, count: 64, use: .write), KernelBuffer(.f32, count: 8, use: .write),
      ],
      body: .contract(
        ContractBody(
          batchAxes: 0, mAxes: 1, nAxes: 1, kAxes: 1, accumulator: .f32, lhs: lhs, rhs: rhs,
          epilogue: Block(side, stores: [Store(Access(buffer: 2, strides: [8, 1, 0]), value)]),
          rhsSum: Block(side, stores: [Store(Access(buffer: 3, strides: [0, 1, 0]), value)]))))
    let bias = copy([8], Access(buffer: 0, strides: [1]), Access(buffer: 1, strides: [1]), counts: (8, 8))
    let (matrix, vector) = (TensorType([64], .f32), TensorType([8], .f32))
    let program = KernelProgram(
      name: "f",
      buffers: [
        ProgramBuffer(name: "x", type: matrix, kind: .argument(0)),
        ProgramBuffer(name: "w", type: matrix, kind: .parameter("w")),
        ProgramBuffer(name: "t", type: matrix, kind: .temporary),
        ProgramBuffer(name: "s", type: vector, kind: .temporary),
        ProgramBuffer(name: "r", type: vector, kind: .result(0)),
      ], kernels: [contract, bias],
      calls: [
        KernelCall(name: "a", kernel: 0, buffers: [0, 1, 2, 3]), KernelCall(name: "b", kernel: 1, buffers: [3, 4]),
      ],
      argumentNames: ["x"], resultNames: ["r"])
    #expect(KernelVerifier.verify(program).map(\.message) == [])
    func violations(_ a: CallSchedule, _ b: CallSchedule) -> Int {
      BarrierChecker.check(program, Schedule(calls: [a, b], barriers: [], maximumThreads: 2)).count
    }
    #expect(violations(split(1, 2), split(0, 2)) == 0)
    #expect(violations(split(0, 2), split(0, 2)) == 1)
    #expect(violations(split(0, 2), CallSchedule()) == 1)
    #expect(violations(CallSchedule(), CallSchedule()) == 0)
  }

  @Test func scheduleStructure() {
    let same = copy([8, 8], rowMajor, stored, counts: (64, 64))
    let program = chain([same], [0, 0])
    let good = Schedule(calls: [split(0, 2), split(0, 2)], barriers: [1], maximumThreads: 2)
    func violations(_ change: (inout Schedule) -> Void) -> [String] {
      var schedule = good
      change(&schedule)
      return BarrierChecker.check(program, schedule).map(\.message)
    }
    #expect(violations { _ in } == [])
    #expect(violations { $0.calls.removeLast() } == ["1 schedules for 2 calls"])
    #expect(violations { $0.barriers = [2] } == ["a barrier before call 2"])
    #expect(violations { $0.barriers = [1, 1] } == ["the barriers 1, 1 do not ascend"])
    #expect(violations { $0.maximumThreads = 0 } == ["0 threads"])
    #expect(violations { $0.calls[0] = CallSchedule(partition: .split(axis: 2, unit: 1)) }.count == 1)
    #expect(violations { $0.calls[0] = CallSchedule(partition: .split(axis: 0, unit: 0)) }.count == 1)
  }

  @Test func memoryPlans() {
    let same = copy([8, 8], rowMajor, stored, counts: (64, 64))
    // x -> t0 -> t1 -> t2 -> r; 256 bytes each.
    let program = chain([same], [0, 0, 0, 0])
    let calls = [CallSchedule](
      repeating: CallSchedule(partition: .split(axis: 0, unit: 2), scratchBytes: 100), count: 4)
    let schedule = Schedule(calls: calls, barriers: [1, 2, 3], maximumThreads: 2)
    let good = MemoryPlan(
      offsets: [nil, 0, 256, 0, nil], scratchOffset: 512, scratchStride: 128, arenaBytes: 512, lowerBoundBytes: 512)
    func violations(_ schedule: Schedule, _ change: (inout MemoryPlan) -> Void) -> [String] {
      var plan = good
      change(&plan)
      return MemoryPlanChecker.check(program, schedule, plan).map(\.message)
    }
    #expect(violations(schedule) { _ in } == [])
    #expect(
      violations(schedule) { $0.offsets[2] = 192 } == [
        "'%t0' and '%t1' overlap at 192 while both live", "'%t2' and '%t1' overlap at 192 while both live",
      ])
    #expect(violations(schedule) { $0.offsets[2] = 255 }.contains { $0.contains("not on a multiple") })
    #expect(violations(schedule) { $0.offsets[2] = 320 }.contains { $0.contains("ends behind the arena") })
    #expect(violations(schedule) { $0.offsets[2] = -64 }.contains { $0.contains("not on a multiple") })
    #expect(violations(schedule) { $0.offsets[2] = nil } == ["'%t1' has no place"])
    #expect(violations(schedule) { $0.offsets[0] = 0 }.contains { $0.contains("is no temporary") })
    #expect(violations(schedule) { $0.offsets.removeLast() } == ["4 offsets for 5 buffers"])
    #expect(violations(schedule) { $0.scratchOffset = 448 }.contains { $0.contains("begins inside the arena") })
    #expect(violations(schedule) { $0.scratchStride = 64 }.contains { $0.contains("a call needs 100") })
    #expect(violations(schedule) { $0.scratchStride = 120 }.contains { $0.contains("not aligned") })
    #expect(violations(schedule) { $0.lowerBoundBytes = 600 }.contains { $0.contains("below their lower bound") })
    // Without the barrier between c1 and c2, t0 and t2 live in one interval; one thread needs none.
    var open = schedule
    open.barriers = [1, 3]
    #expect(violations(open) { _ in } == ["'%t0' and '%t2' overlap at 0 while both live"])
    open.barriers = []
    open.maximumThreads = 1
    #expect(violations(open) { _ in } == [])
  }

  /// What the scheduler and the planner make of random programs passes the checkers.
  @Test(arguments: [1, 2, 3]) func scheduledPrograms(_ threads: Int) throws {
    for seed in UInt64(0)..<150 {
      let program = RandomKernels.program(seed: seed).program
      let single = Schedule(
        calls: program.calls.map { _ in CallSchedule() }, barriers: Array(program.calls.indices.dropFirst()),
        maximumThreads: threads)
      #expect(BarrierChecker.check(program, single) == [], "seed \(seed)")
      let scheduled = Scheduler(Target(.avx512), threads: threads).schedule(program)
      #expect(BarrierChecker.check(program, scheduled) == [], "seed \(seed)")
      for schedule in [single, scheduled] {
        let plan = MemoryPlanner.plan(program, schedule)
        #expect(MemoryPlanChecker.check(program, schedule, plan) == [], "seed \(seed)")
        let dump = KernelDump(program, schedule: schedule, plan: plan)
        let text = KernelPrinter.print(dump)
        let parsed = try KernelParser.parse(SourceFile(path: "dump", text: text))
        #expect(parsed == dump, "seed \(seed)")
      }
    }
  }
}
