import FraguaCodeGen
import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaScheduling
import FraguaSource
import FraguaSyntax
import FraguaTransforms
import TestSupport

/// The graphs of ``MutationSeeds`` as they are written, after every pass, and as kernels, scheduled and planned.
struct MutationCorpus {
  /// The instruction set that schedules and plans are for.
  static let set = Target.InstructionSet.avx2

  private(set) var graphs: [[UInt8]] = []
  private(set) var kernels: [[UInt8]] = []

  /// - Throws: what is wrong with a sample.
  init() throws {
    for sample in MutationSeeds.samples {
      graphs.append(Array(sample.text.utf8))
      let graph = try Self.parse(SourceFile(path: sample.name, text: sample.text))
      for entry in sample.functions {
        let options = Self.options(for: graph)
        for pass in Pipeline.standard.passes {
          let dump = try Compiler.transform(graph, entry: entry, after: pass.name, options).graph
          graphs.append(Array(GraphPrinter.print(dump).utf8))
        }
        let planned = try Compiler.plan(graph, entry: entry, options)
        for dump in [
          KernelDump(planned.program), KernelDump(planned.program, schedule: planned.schedule),
          KernelDump(planned.program, schedule: planned.schedule, plan: planned.plan),
        ] {
          kernels.append(Array(KernelPrinter.print(dump).utf8))
        }
      }
    }
  }

  /// Reads a graph as the command does.
  static func parse(_ file: SourceFile) throws(Diagnostics) -> Graph {
    let graph = try Parser.parse(file, vocabulary: .standard)
    do throws(Diagnostics) {
      try GraphVerifier.check(graph)
      try Pipeline.standard.checkStage(of: graph)
    } catch {
      throw Diagnostics(error.all.map { $0.located(at: file.location(ofByte: 0)) })
    }
    return graph
  }

  /// How a graph is compiled here: its mode where it has one, the batch of the samples.
  static func options(for graph: Graph) -> CompilerOptions {
    CompilerOptions(
      bindings: graph.functions.contains { $0.argumentSymbols == ["B"] } ? ["B": MutationSeeds.batch] : [:],
      mode: graph.mode, backend: LLVMBackend(Processor(emulating: set)), threads: 2, vocabulary: .standard,
      memoryLimitBytes: 1 << 26)
  }
}
