import FraguaCodeGen
import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaRuntime
import FraguaScheduling
import FraguaTensors
import FraguaTraining
import TestSupport
import Testing

/// Filling memory that holds nothing changes no bit where plan and barriers are right, and shows where they are not.
@Suite struct PoisonTests {
  /// A training step of a benchmark with data: two runs of it, compiled with that plan.
  private struct Step {
    let planned: Compiler.Planned
    private let arguments: [Tensor]
    private let parameters: [String: Tensor]
    private let processor = Processor(nil)

    init(_ name: String, threads: Int) throws {
      let graph = try BenchmarkGraphs.graph(name)
      let options = CompilerOptions(
        bindings: ["B": BenchmarkGraphs.batches[name]!], threads: threads, vocabulary: .standard)
      planned = try Compiler.plan(graph, entry: "fit", options)
      var random = RandomSource(seed: 3)
      arguments = planned.function.arguments.map { argument in
        let type = argument.type
        let elements = (0..<type.elementCount).map { index in
          type.element.isFloat ? Double.random(in: -1...1, using: &random) : Double(index % 10)
        }
        return Tensor(type, rounding: elements)
      }
      let used = Set(planned.program.parameterNames)
      parameters = try InitialParameters(
        graph, states: planned.graph.parameters.filter { used.contains($0.name) }, seed: 5, vocabulary: .standard
      ).tensors
    }

    /// All tensors that two steps leave: the second's results, then the parameters by name.
    func run(_ plan: MemoryPlan, poisons: Bool) throws -> [Tensor] {
      let (program, schedule) = (planned.program, planned.schedule)
      let objects = StepCompiler.compile(
        program, schedule, plan, processor, StepInstrumentation(poisonsDeadBytes: poisons)
      )
      let executable = Executable(LoadedStep(objects), program, schedule, plan, threads: schedule.maximumThreads)
      let store = ParameterStore(parameters)
      _ = try executable.run(arguments, store)
      return try executable.run(arguments, store) + program.parameterNames.sorted().map { store[$0]! }
    }

    /// The first and the last barrier interval in which a call touches each temporary.
    var lives: [Int: ClosedRange<Int>] {
      var lives: [Int: ClosedRange<Int>] = [:]
      for (index, call) in planned.program.calls.enumerated() {
        let isShared = planned.schedule.maximumThreads > 1
        let interval = isShared ? planned.schedule.barriers.count { $0 <= index } : index
        for buffer in call.buffers where planned.program.buffers[buffer].kind == .temporary {
          lives[buffer] = (lives[buffer]?.lowerBound ?? interval)...interval
        }
      }
      return lives
    }

    /// A buffer of floats that is read in a later interval than that of its birth, and one that is born meanwhile.
    func pair(for defect: Defect) -> (old: Int, new: Int)? {
      let lives = lives
      let pairs = lives.keys.sorted().flatMap { old in lives.keys.sorted().map { (old: old, new: $0) } }
      return pairs.first { old, new in
        let (life, birth) = (lives[old]!, lives[new]!.lowerBound)
        guard old != new, planned.program.buffers[old].type.element.isFloat, birth > life.lowerBound else {
          return false
        }
        return defect == .overlap ? birth < life.upperBound : birth == life.upperBound
      }
    }
  }

  @Test(arguments: BenchmarkGraphs.batches.keys.sorted(), [1, 2])
  func changesNoBit(_ name: String, _ threads: Int) throws {
    let step = try Step(name, threads: threads)
    let plan = step.planned.plan
    let plain = try step.run(plan, poisons: false)
    let poisoned = try step.run(plan, poisons: true)
    for (a, b) in zip(plain, poisoned) { #expect(a.hasSameBits(as: b)) }
    #expect(plain.allSatisfy { !$0.hasNaN })
  }

  /// How a plan is broken.
  enum Defect: CaseIterable {
    /// Two buffers on one place, of which one is born in the middle of the other's life.
    case overlap
    /// The other takes the place where the first is read for the last time.
    case lifeCutShort
  }

  /// A wrong plan gives NaN, whether or not what overwrites the live buffer happens to be harmless.
  @Test(arguments: Defect.allCases, [1, 2]) func showsAWrongPlan(_ defect: Defect, _ threads: Int) throws {
    let steps = ["mnist-mlp", "tanh-mlp", "wide-mlp"].lazy.map { name in try? Step(name, threads: threads) }
    let found = steps.compactMap { step in step.flatMap { step in step.pair(for: defect).map { (step, $0) } } }
    let (step, pair) = try #require(found.first)
    let program = step.planned.program
    var plan = step.planned.plan
    plan.offsets[pair.new] = plan.offsets[pair.old]
    #expect(!MemoryPlanChecker.check(program, step.planned.schedule, plan).isEmpty)
    #expect(try step.run(plan, poisons: true).contains { $0.hasNaN }, "\(program.buffers[pair.old].name)")
    // Nothing shows without.
    #expect(try !step.run(plan, poisons: false).contains { $0.hasNaN }, "\(program.buffers[pair.old].name)")
  }

  /// What the step fills before each call of a chain `x -> t0 -> t1 -> t2 -> r` with a barrier between every two.
  @Test func fillsWhatIsBornAndWhatHasDied() {
    var copy = ScalarProgram()
    let element = copy.load(Access(buffer: 0, strides: [1]), .f32)
    let kernel = Kernel(
      axes: [24], parallelAxes: 1,
      buffers: [KernelBuffer(.f32, count: 24, use: .read), KernelBuffer(.f32, count: 24, use: .write)],
      body: .rows(
        RowsBody([
          .scalar(Block(copy, stores: [Store(Access(buffer: 1, strides: [1]), element)]), yields: [])
        ])))
    var program = KernelProgram(name: "f", kernels: [kernel], argumentNames: ["x"], resultNames: ["r"])
    let kinds: [ProgramBuffer.Kind] = [.argument(0), .temporary, .temporary, .temporary, .result(0)]
    for (i, kind) in kinds.enumerated() {
      program.buffers.append(ProgramBuffer(name: "b\(i)", type: TensorType([24], .f32), kind: kind))
    }
    for i in 0..<4 { program.calls.append(KernelCall(name: "c\(i)", kernel: 0, buffers: [i, i + 1])) }
    let calls = Array(repeating: CallSchedule(partition: .split(axis: 0, unit: 8)), count: 4)
    let plan = MemoryPlan(
      offsets: [nil, 0, 128, 0, nil], scratchOffset: 256, scratchStride: 0, arenaBytes: 256, lowerBoundBytes: 256)
    let apart = Schedule(calls: calls, barriers: [1, 2, 3], maximumThreads: 2)
    #expect(DeadBytes(program, apart, plan).rangesBeforeCall == [[0..<256], [128..<256], [0..<128], [128..<256]])
    let single = Schedule(calls: Array(repeating: CallSchedule(), count: 4), barriers: [], maximumThreads: 1)
    #expect(DeadBytes(program, single, plan).rangesBeforeCall == [[0..<256], [128..<256], [0..<128], [128..<256]])
    // The calls 1 and 2 run at the same time, so that nothing is filled between them.
    let together = Schedule(calls: calls, barriers: [1, 3], maximumThreads: 2)
    let wide = MemoryPlan(
      offsets: [nil, 0, 128, 256, nil], scratchOffset: 384, scratchStride: 0, arenaBytes: 384, lowerBoundBytes: 384)
    #expect(DeadBytes(program, together, wide).rangesBeforeCall == [[0..<384], [128..<384], [], [0..<256]])
  }
}

extension Tensor {
  /// Whether an element is no number.
  fileprivate var hasNaN: Bool { element.isFloat && doubles.contains { $0.isNaN } }
}
