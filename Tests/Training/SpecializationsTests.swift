import Fragua
import FraguaTraining
import Synchronization
import Testing

/// Versions of a function, compiled ahead on another thread.
@Suite(.timeLimit(.minutes(10))) struct SpecializationsTests {
  /// Versions of the linear model's prediction, and how many were compiled.
  private func versions(_ count: Count, _ start: @escaping Specializations.StartThread) throws -> Specializations {
    let graph = try linearGraph()
    return Specializations(startThread: start) { bindings throws(Diagnostics) in
      count.value.add(1, ordering: .relaxed)
      return try Compiler.compile(graph, entry: "predict", CompilerOptions(bindings: bindings, vocabulary: .standard))
    }
  }

  private final class Count: Sendable {
    let value = Atomic(0)
  }

  @Test func isCompiledAheadOnce() throws {
    let count = Count()
    let versions = try versions(count, Specializations.start)
    versions.prepare(["B": 3])
    versions.prepare(["B": 3])
    #expect(try versions.version(for: ["B": 3]).argumentTypes[0].extents == [3, 2])
    #expect(count.value.load(ordering: .relaxed) == 1)
  }

  /// Where the system refuses a thread, the version is compiled by who asks for it: nobody waits for ever.
  @Test func isCompiledOnDemandWithoutAThread() throws {
    let count = Count()
    let versions = try versions(count) { (_) throws(Diagnostic) in throw Diagnostic("the system refuses a thread") }
    versions.prepare(["B": 3])
    #expect(count.value.load(ordering: .relaxed) == 0)
    #expect(try versions.version(for: ["B": 3]).argumentTypes[0].extents == [3, 2])
    #expect(count.value.load(ordering: .relaxed) == 1)
  }
}
