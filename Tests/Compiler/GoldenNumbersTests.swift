import FraguaCodeGen
import FraguaCompiler
import FraguaKernels
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

    /// As the table has it.
    var description: String {
      "Step(\"\(graph)\", .\(set), calls: \(calls), barriers: \(barriers), arena: \(arenaBytes), "
        + "bound: \(lowerBoundBytes), moved: \(movedBytes))"
    }
  }

  static let steps = [
    Step("student", .avx512, calls: 1, barriers: 0, arena: 0, bound: 0, moved: 512),
    Step("student", .avx2, calls: 1, barriers: 0, arena: 0, bound: 0, moved: 512),
    Step("tiny-deep", .avx512, calls: 30, barriers: 9, arena: 134528, bound: 134528, moved: 1_742_856),
    Step("tiny-deep", .avx2, calls: 30, barriers: 9, arena: 134528, bound: 134528, moved: 1_742_856),
    Step("mnist-mlp", .avx512, calls: 12, barriers: 4, arena: 1_185_408, bound: 1_185_408, moved: 38_771_544),
    Step("mnist-mlp", .avx2, calls: 12, barriers: 4, arena: 1_119_360, bound: 1_119_360, moved: 35_625_816),
    Step("wide-mlp", .avx512, calls: 13, barriers: 4, arena: 14_155_776, bound: 14_155_776, moved: 810_598_436),
    Step("wide-mlp", .avx2, calls: 13, barriers: 4, arena: 14_155_776, bound: 14_155_776, moved: 693_157_924),
    Step("tanh-mlp", .avx512, calls: 14, barriers: 3, arena: 2_361_472, bound: 2_361_472, moved: 15_240_292),
    Step("tanh-mlp", .avx2, calls: 14, barriers: 5, arena: 1_837_056, bound: 1_837_056, moved: 13_667_428),
    Step("deep-1000", .avx512, calls: 3001, barriers: 0, arena: 6_141_952, bound: 6_141_952, moved: 22_718_900),
    Step("deep-1000", .avx2, calls: 3001, barriers: 0, arena: 6_141_952, bound: 6_141_952, moved: 22_718_900),
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
