import FraguaCodeGen
import FraguaKernels
import FraguaRuntime
import FraguaScheduling
import FraguaSource
import FraguaTensors
import TestSupport
import Testing

/// Steps as objects that others can link: one prefix for all names, constants inside.
@Suite struct StepSymbolsTests {
  /// A program that adds a constant to its argument.
  private func program() throws -> KernelProgram {
    let text = """
      kernels @f version 1 {stage = "lower"}

      arguments "x"
      results "y"

      constant 0 : tensor<5xf32> = dense<"0x0000C03F000000C0000040400000803E000000BF">

      buffer %x : tensor<5xf32> = argument 0
      buffer %c : tensor<5xf32> = constant 0
      buffer %y : tensor<5xf32> = result 0

      kernel @k map [5] (b0: read f32[5], b1: read f32[5], b2: write f32[5]) {
        scalar {
          %0 = load b0[d0] : f32
          %1 = load b1[d0] : f32
          %2 = add %0, %1 : f32
          store %2, b2[d0]
        }
      }

      call @k(%x, %c, %y) {name = "y", origin = ""}
      """
    return try KernelParser.parse(SourceFile(path: "f.kernels", text: text)).program
  }

  @Test func haveOnePrefix() throws {
    let program = try program()
    let processor = Processor()
    let schedule = Scheduler(processor.target, threads: 1).schedule(program)
    let plan = MemoryPlanner.plan(program, schedule)
    let text = StepCompiler.text(program, schedule, plan, processor, .llvm, prefix: "student")
    let visible = text.split(separator: "\n").filter {
      $0.hasPrefix("define") && !$0.contains(" internal ") || $0.hasPrefix("@")
    }
    #expect(visible.count == 2 && visible.allSatisfy { $0.contains("@student_") }, "\(visible)")
    let objects = StepCompiler.compile(program, schedule, plan, processor, prefix: "student")
    #expect(objects.stepName == "student_step")
    let executable = Executable(LoadedStep(objects), program, schedule, plan, threads: 1)
    let result = try executable.run([Tensor([5], [1, 2, 3, 4, 5] as [Float])])
    #expect(result == [Tensor([5], [2.5, 0, 6, 4.25, 4.5] as [Float])])
  }

  /// A step that is cut into parts finds its constants, in whichever module a part lies.
  @Test(arguments: [1, 2, 4]) func partsFindConstants(workers: Int) throws {
    let one = try program()
    var program = one
    program.calls = (0..<200).map { _ in one.calls[0] }
    let processor = Processor()
    let schedule = Scheduler(processor.target, threads: 1).schedule(program)
    let plan = MemoryPlanner.plan(program, schedule)
    let objects = StepCompiler.compile(program, schedule, plan, processor, workers: workers)
    let executable = Executable(LoadedStep(objects), program, schedule, plan, threads: 1)
    let result = try executable.run([Tensor([5], [1, 2, 3, 4, 5] as [Float])])
    #expect(result == [Tensor([5], [2.5, 0, 6, 4.25, 4.5] as [Float])])
  }

  /// Other constants are another entry of the cache.
  @Test func constantsArePartOfTheCode() throws {
    let first = try program()
    var second = first
    second.constants[0] = ConstantTensor(Tensor([5], [0, 0, 0, 0, 1] as [Float]))
    let processor = Processor()
    let schedule = Scheduler(processor.target, threads: 1).schedule(first)
    let plan = MemoryPlanner.plan(first, schedule)
    let files = [first, second].map { StepCompiler.compile($0, schedule, plan, processor).files }
    #expect(files[0] != files[1])
  }
}
