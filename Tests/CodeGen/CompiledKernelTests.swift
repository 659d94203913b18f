import FraguaCodeGen
import FraguaKernels
import FraguaScheduling
import TestSupport
import Testing

/// Compiled code gives the interpreter's bits at every width, schedule and number of threads.
@Suite struct CompiledKernelTests {
  @Test(arguments: Kernel.Form.allCases, [Target.InstructionSet.avx512, .avx2])
  func kernelsGiveTheInterpretersBits(_ form: Kernel.Form, _ set: Target.InstructionSet) throws {
    guard Processor.canEmulate(set) else { return }
    for seed in 0..<UInt64(40) {
      try expectEqual(
        KernelComparison(RandomKernels.case(seed: seed, form: form)), seed: seed, Processor(emulating: set))
    }
  }

  @Test(arguments: [Target.InstructionSet.avx512, .avx2])
  func programsGiveTheInterpretersBits(_ set: Target.InstructionSet) throws {
    guard Processor.canEmulate(set) else { return }
    for seed in 0..<UInt64(60) {
      try expectEqual(KernelComparison(programOf: seed), seed: seed, Processor(emulating: set))
    }
  }

  /// Random kernels and programs in turn, each for one instruction set, under one schedule, with 1, 2 or 4 threads.
  ///
  /// More than `make test` runs, and from which seed on:
  /// ```
  /// FRAGUA_RANDOM_KERNELS=50000 FRAGUA_RANDOM_SEED=1000 swift test -c release --skip-build --filter randomKernels
  /// ```
  @Test func randomKernels() throws {
    let seeds = RandomCases.seeds("FRAGUA_RANDOM_KERNELS", default: 300)
    let sets = Target.InstructionSet.allCases.filter(Processor.canEmulate)
    let clock = ContinuousClock()
    let start = clock.now
    for seed in seeds {
      RandomCases.note(seed: seed)
      let comparison =
        seed % 2 == 0 ? KernelComparison(RandomKernels.case(seed: seed)) : KernelComparison(programOf: seed)
      let processor = Processor(emulating: sets[Int(seed / 2) % sets.count])
      let threads = [1, 2, 4][Int(seed / 6) % 3]
      var schedules = RandomSchedules(seed: seed, processor.target)
      let schedule =
        seed % 5 == 0
        ? Scheduler(processor.target, threads: 4).schedule(comparison.program) : schedules.schedule(comparison.program)
      let difference = try comparison.difference(schedule, processor, threads: threads, reusesMemory: seed % 4 != 0)
      #expect(difference == nil, "seed \(seed), \(processor.target.instructionSet), \(threads) threads, \(schedule)")
      if seed % 5000 == 4999 { print("randomKernels: through seed \(seed) after \(clock.now - start)") }
    }
    print("randomKernels: \(seeds.count) kernels and programs from seed \(seeds.lowerBound) in \(clock.now - start)")
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
