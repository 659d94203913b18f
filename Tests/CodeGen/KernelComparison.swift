import FraguaCodeGen
import FraguaKernels
import FraguaRuntime
import FraguaScheduling
import FraguaTensors
import TestSupport

/// A kernel program with contents for its arguments and parameters, run compiled and by the interpreter.
struct KernelComparison {
  let program: KernelProgram
  let arguments: [Tensor]
  let parameters: [String: Tensor]

  /// A kernel alone: what it reads and writes are the parameters of a program of one call.
  init(_ sample: RandomKernels.Case) {
    let buffers = sample.kernel.buffers.enumerated().map { i, buffer in
      ProgramBuffer(name: "b\(i)", type: TensorType([buffer.count], buffer.element), kind: .parameter("b\(i)"))
    }
    program = KernelProgram(
      name: "sample", buffers: buffers, kernels: [sample.kernel],
      calls: [KernelCall(name: "sample", kernel: 0, buffers: Array(buffers.indices))])
    arguments = []
    parameters = Dictionary(uniqueKeysWithValues: sample.tensors.enumerated().map { ("b\($0)", $1) })
  }

  /// A program with its arguments, without parameters.
  init(_ program: KernelProgram, _ arguments: [Tensor]) {
    (self.program, self.arguments, parameters) = (program, arguments, [:])
  }

  /// The random program of `seed`.
  init(programOf seed: UInt64) {
    (program, arguments, parameters) = RandomKernels.program(seed: seed)
  }

  /// Where compiled code differs from the interpreter; `nil` where it does not.
  /// - Parameter runs: how often it runs, each on the parameters that the one before left.
  func difference(
    _ schedule: Schedule, _ processor: Processor, threads: Int, reusesMemory: Bool = true, runs: Int = 2
  ) throws -> String? {
    let interpreter = try KernelInterpreter(program)
    let plan = MemoryPlanner.plan(program, schedule, reusesMemory: reusesMemory)
    let objects = StepCompiler.compile(program, schedule, plan, processor, workers: threads)
    let store = ParameterStore(parameters)
    let frame = Executable(LoadedStep(objects), program, schedule, plan, threads: threads).frame()
    var expected = parameters
    for run in 0..<runs {
      let outcome = try interpreter.run(arguments: arguments, parameters: expected)
      expected = outcome.parameters
      let results = try frame.run(arguments, store)
      for (i, (want, got)) in zip(outcome.results, results).enumerated() {
        if let difference = got.firstDifference(from: want) { return "run \(run), result \(i), \(difference)" }
      }
      for (name, want) in expected {
        if let difference = store[name]!.firstDifference(from: want) { return "run \(run), @\(name), \(difference)" }
      }
    }
    return nil
  }
}
