import FraguaCodeGen
import FraguaKernels
import Testing

/// Compiled kernels give the interpreter's bits at every width, schedule and number of threads.
@Suite struct CompiledKernelTests {
  @Test(arguments: Kernel.Form.allCases, [Target.InstructionSet.avx512, .avx2])
  func compiledKernelsGiveTheInterpretersBits(_ form: Kernel.Form, _ set: Target.InstructionSet) {
    guard Processor.canRun(set) else { return }
    let processor = Processor(set)
    for seed in 0..<UInt64(40) {
      var samples = KernelSamples(seed: seed)
      let kernel = samples.kernel(form)
      var schedules = RandomSchedules(seed: seed, processor.target)
      for round in 0..<3 {
        let run = KernelComparison(kernel, round == 0 ? nil : schedules.schedule(kernel), processor, seed: seed)
        let threads = [1, 2, 4][round]
        if let difference = run.difference(threads: threads) {
          Issue.record("\(form) of seed \(seed), \(set), \(threads) threads, \(run.schedule.calls[0]): \(difference)\n\(kernel)")
          return
        }
      }
    }
  }
}
