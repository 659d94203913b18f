import FraguaCodeGen
import FraguaCompiler
import FraguaKernels
import FraguaScheduling
import Testing

/// What the benchmark graphs' training steps compile to, in numbers that change only when somebody means it.
///
/// Planning needs no processor of the kind planned for. A change for the better is written down here; one for the worse
/// is a defect.
@Suite struct GoldenNumbersTests {
  /// A training step on two threads.
  struct Step: Sendable, Equatable, CustomStringConvertible {
    let graph: String
    let set: Target.InstructionSet
    var calls: Int
    var barriers: Int
    var arenaBytes: Int
    var lowerBoundBytes: Int
    /// See ``KernelProgram/movedBytes(under:)``: packing included.
    var movedBytes: Int

    init(
      _ graph: String, _ set: Target.InstructionSet, calls: Int, barriers: Int, arena: Int, bound: Int, moved: Int
    ) {
      self.graph = graph
      self.set = set
      self.calls = calls
      self.barriers = barriers
      arenaBytes = arena
      lowerBoundBytes = bound
      movedBytes = moved
    }

    /// As the table has it, but for the grouping of digits.
    var description: String {
      "Step(\"\(graph)\", .\(set), calls: \(calls), barriers: \(barriers), arena: \(arenaBytes), "
        + "bound: \(lowerBoundBytes), moved: \(movedBytes))"
    }
  }

  static let steps = [
    Step("student", .avx512, calls: 1, barriers: 0, arena: 0, bound: 0, moved: 512),
    Step("student", .avx2, calls: 1, barriers: 0, arena: 0, bound: 0, moved: 512),
    Step("tiny-deep", .avx512, calls: 29, barriers: 1, arena: 133888, bound: 133888, moved: 2_010_112),
    Step("tiny-deep", .avx2, calls: 29, barriers: 1, arena: 133888, bound: 133888, moved: 2_010_112),
    Step("mnist-mlp", .avx512, calls: 11, barriers: 4, arena: 1_054_336, bound: 1_054_336, moved: 32_955_216),
    Step("mnist-mlp", .avx2, calls: 11, barriers: 4, arena: 1_054_336, bound: 1_054_336, moved: 33_479_504),
    Step("wide-mlp", .avx512, calls: 13, barriers: 7, arena: 12_582_912, bound: 12_582_912, moved: 532_725_796),
    Step("wide-mlp", .avx2, calls: 13, barriers: 7, arena: 12_582_912, bound: 12_582_912, moved: 553_697_316),
    Step("tanh-mlp", .avx512, calls: 13, barriers: 3, arena: 1_312_896, bound: 1_312_896, moved: 14_453_852),
    Step("tanh-mlp", .avx2, calls: 13, barriers: 3, arena: 1_312_896, bound: 1_312_896, moved: 14_453_852),
    Step("deep-1000", .avx512, calls: 3001, barriers: 999, arena: 2_054_144, bound: 2_054_144, moved: 22_718_900),
    Step("deep-1000", .avx2, calls: 3001, barriers: 999, arena: 2_054_144, bound: 2_054_144, moved: 22_718_900),
  ]

  @Test(arguments: steps) func isAsBefore(_ expected: Step) throws {
    let planned = try BenchmarkGraphs.planned(expected.graph, expected.set)
    let (program, schedule, plan) = (planned.program, planned.schedule, planned.plan)
    #expect(try ProgramRuns.violation(program, schedule, plan) == nil)
    let actual = Step(
      expected.graph, expected.set, calls: program.calls.count, barriers: schedule.barriers.count,
      arena: plan.arenaBytes, bound: plan.lowerBoundBytes, moved: program.movedBytes(under: schedule))
    #expect(actual == expected)
    // No kernel of a training step of perceptrons only copies, transposes or broadcasts.
    for call in program.calls where program.kernel(of: call).onlyMovesData {
      Issue.record("the kernel '\(call.name)' (\(call.origin)) computes nothing")
    }
  }
}

extension Kernel {
  /// Whether it writes nothing but elements that it reads, or constants.
  var onlyMovesData: Bool {
    parts.allSatisfy { part in
      !part.block.stores.isEmpty
        && part.block.stores.allSatisfy { store in
          switch part.block.program.instructions[store.value] {
          case .load, .constant: true
          default: false
          }
        }
    }
  }
}
