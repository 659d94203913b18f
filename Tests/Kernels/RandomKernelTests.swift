import FraguaKernels
import FraguaSource
import FraguaTensors
import TestSupport
import Testing

@Suite struct RandomKernelTests {
  /// Every random kernel passes the verifier and runs.
  @Test(arguments: Kernel.Form.allCases) func kernels(_ form: Kernel.Form) {
    for seed in UInt64(0)..<300 {
      let example = RandomKernels.case(seed: seed, form: form)
      #expect(example.kernel.form == form, "seed \(seed)")
      let errors = KernelVerifier.verify(example.kernel)
      #expect(errors.isEmpty, "seed \(seed): \(errors.map(\.message))\n\(KernelPrinter.print(example.kernel))")
      if !errors.isEmpty { return }
      let memory = example.tensors.map { tensor -> UnsafeMutableRawPointer in
        let start = UnsafeMutableRawPointer.allocate(byteCount: tensor.type.byteCount, alignment: 64)
        tensor.withBytes { start.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
        return start
      }
      KernelInterpreter.run(example.kernel, on: memory)
      for start in memory { start.deallocate() }
    }
  }

  /// Every random program passes the verifier, runs, and survives printing and parsing.
  @Test func programs() throws {
    for seed in UInt64(0)..<300 {
      let (program, arguments, parameters) = RandomKernels.program(seed: seed)
      let errors = KernelVerifier.verify(program)
      #expect(errors.isEmpty, "seed \(seed): \(errors.map(\.message))")
      if !errors.isEmpty { return }
      let first = try KernelInterpreter(program).run(arguments: arguments, parameters: parameters)
      let text = KernelPrinter.print(KernelDump(program))
      let parsed: KernelDump
      do {
        parsed = try KernelParser.parse(SourceFile(path: "random", text: text))
      } catch {
        Issue.record("seed \(seed): \(error.rendered(files: [SourceFile(path: "random", text: text)]))")
        return
      }
      #expect(parsed == KernelDump(program), "seed \(seed)")
      #expect(KernelPrinter.print(parsed) == text, "seed \(seed)")
      let second = try KernelInterpreter(parsed.program).run(arguments: arguments, parameters: parameters)
      for (a, b) in zip(first.results, second.results) { #expect(a.firstDifference(from: b) == nil, "seed \(seed)") }
    }
  }
}
