import FraguaCodeGen
import FraguaCompiler
import FraguaData
import FraguaGraph
import FraguaKernels
import FraguaScheduling
import FraguaSource
import FraguaSyntax

/// The graphs of `graphs/bench`, at the batch sizes that benchmarks run them with.
enum BenchmarkGraphs {
  static let batches = [
    "student": 32, "tiny-deep": 32, "mnist-mlp": 128, "wide-mlp": 512, "tanh-mlp": 256, "deep-1000": 32,
  ]

  /// Graph `name`.
  static func graph(_ name: String) throws -> Graph {
    let path = #filePath.replacing("Tests/Compiler/BenchmarkGraphs.swift", with: "graphs/bench/\(name).graph")
    return try Parser.parse(try readSourceFile(path), vocabulary: .standard)
  }

  /// The training step of graph `name`, planned for `set` and 2 threads.
  static func planned(_ name: String, _ set: Target.InstructionSet, entry: String = "fit") throws -> Compiler.Planned {
    let graph = try graph(name)
    let options = CompilerOptions(
      bindings: ["B": batches[name]!], backend: LLVMBackend(Processor(set)), threads: 2, vocabulary: .standard,
      verifiesAfterEachPass: true)
    return try Compiler.plan(graph, entry: entry, options)
  }
}
