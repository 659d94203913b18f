import FraguaCodeGen
import FraguaKernels
import TestSupport
import Testing

/// Compiled code gives the interpreter's bits at every width, schedule and number of threads.
@Suite struct CompiledKernelTests {
  @Test(arguments: Kernel.Form.allCases, [Target.InstructionSet.avx512, .avx2])
  func kernelsGiveTheInterpretersBits(_ form: Kernel.Form, _ set: Target.InstructionSet) throws {
    guard Processor.canRun(set) else { return }
    for seed in 0..<UInt64(40) {
      try expectEqual(KernelComparison(RandomKernels.case(seed: seed, form: form)), seed: seed, Processor(set))
    }
  }

  @Test(arguments: [Target.InstructionSet.avx512, .avx2])
  func programsGiveTheInterpretersBits(_ set: Target.InstructionSet) throws {
    guard Processor.canRun(set) else { return }
    for seed in 0..<UInt64(60) { try expectEqual(KernelComparison(programOf: seed), seed: seed, Processor(set)) }
  }

  /// Compares the scheduler's schedule and two random ones, at 1, 2 and 4 threads.
  private func expectEqual(_ comparison: KernelComparison, seed: UInt64, _ processor: Processor) throws {
    var schedules = RandomSchedules(seed: seed, processor.target)
    for (round, threads) in [1, 2, 4].enumerated() {
      let program = comparison.program
      let schedule =
        round == 0 ? Scheduler(processor.target, threads: 4).schedule(program) : schedules.schedule(program)
      let difference = try comparison.difference(schedule, processor, threads: threads, reusesMemory: seed % 4 != 0)
      #expect(difference == nil, "seed \(seed), \(threads) threads, \(schedule)")
    }
  }
}
