import FraguaCodeGen
import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaRuntime
import FraguaScheduling
import FraguaSource
import FraguaTensors
import TestSupport
import Testing

/// Graphs and dumps with mistakes in them are refused with a place, or are programs: then machine code gives the
/// interpreter's bits, also where memory that holds nothing is poisoned.
///
/// A trap ends the test run. More than `make test` runs, and from which seed on:
/// ```
/// FRAGUA_MUTATIONS=50000 FRAGUA_RANDOM_SEED=1000 swift test -c release --skip-build --filter MutatedDumpTests
/// ```
@Suite struct MutatedDumpTests {
  /// How many texts came how far.
  struct Counts {
    var refused = 0
    var accepted = 0
    var ran = 0
  }

  @Test func kernelsAreRefusedOrRun() throws {
    let texts = try MutationCorpus().kernels
    let counts = try mutations(of: texts, default: 600) { file, seed, counts in try checkKernels(file, seed, &counts) }
    #expect(counts.ran > 0 && counts.refused > 0)
  }

  @Test func graphsAreRefusedOrRun() throws {
    let texts = try MutationCorpus().graphs
    let counts = try mutations(of: texts, default: 600) { file, seed, counts in try checkGraph(file, seed, &counts) }
    #expect(counts.ran > 0 && counts.refused > 0)
  }

  /// Runs `body` on a change of one of `texts` for each seed, and says how many came how far.
  private func mutations(
    of texts: [[UInt8]], default count: Int, _ body: (SourceFile, UInt64, inout Counts) throws -> Void
  ) throws -> Counts {
    let seeds = RandomCases.seeds("FRAGUA_MUTATIONS", default: count)
    let clock = ContinuousClock()
    let start = clock.now
    var counts = Counts()
    for seed in seeds {
      var mutator = TextMutator(seed: seed, texts: texts)
      let bytes = mutator.next().bytes
      RandomCases.note(seed: seed, bytes)
      try body(SourceFile(path: "mutated", bytes: bytes), seed, &counts)
    }
    print(
      "MutatedDumpTests: \(seeds.count) texts from seed \(seeds.lowerBound) in \(clock.now - start); \(counts.refused) "
        + "refused, \(counts.accepted) accepted, \(counts.ran) ran")
    return counts
  }

  private func checkKernels(_ file: SourceFile, _ seed: UInt64, _ counts: inout Counts) throws {
    let dump: KernelDump
    let places: KernelPlaces
    do throws(Diagnostic) { (dump, places) = try KernelParser.parseWithPlaces(file) } catch {
      counts.refused += 1
      return expectPlaces([error], seed)
    }
    let processor = Processor(emulating: MutationCorpus.set)
    var errors = KernelVerifier.verify(dump.program, places)
    if errors.isEmpty {
      errors = DumpChecker.check(dump, for: processor.target).map { $0.diagnostic(in: places) }
    }
    guard errors.isEmpty else {
      counts.refused += 1
      return expectPlaces(errors, seed)
    }
    counts.accepted += 1
    // What is printed is the same program.
    let again = try KernelParser.parse(SourceFile(path: "again", text: KernelPrinter.print(dump)))
    #expect(again == dump, "seed \(seed)")
    try run(dump, processor, seed, &counts)
  }

  private func checkGraph(_ file: SourceFile, _ seed: UInt64, _ counts: inout Counts) throws {
    let graph: Graph
    do throws(Diagnostics) { graph = try MutationCorpus.parse(file) } catch {
      counts.refused += 1
      return expectPlaces(error.all, seed)
    }
    counts.accepted += 1
    // Parameters of any size can be declared; only what fits is compiled.
    guard graph.functions.allSatisfy(isSmall), graph.parameters.allSatisfy({ isSmall($0.type) }) else { return }
    let options = MutationCorpus.options(for: graph)
    let names = graph.functions.map(\.name) + graph.gradients.map(\.name) + graph.trainings.map(\.name)
    for name in names {
      let planned: Compiler.Planned
      do throws(Diagnostics) { planned = try Compiler.plan(graph, entry: name, options) } catch {
        #expect(!error.all.contains { $0.rendered().contains("defect") }, "seed \(seed): \(error)")
        continue
      }
      try run(
        KernelDump(planned.program, schedule: planned.schedule, plan: planned.plan),
        Processor(emulating: MutationCorpus.set), seed, &counts)
    }
  }

  /// Whether all values of a function are small.
  private func isSmall(_ function: Function) -> Bool {
    let results = function.nodes.flatMap(\.results) + function.arguments + function.parameterReads.map(\.value)
    return results.allSatisfy { isSmall($0.type) }
      && function.nodes.allSatisfy { node in
        if case .fused(_, let region) = node.kind { isSmall(region.function) } else { true }
      }
  }

  /// Whether a tensor of `type` is of some thousand elements, its symbols taken for the batch.
  private func isSmall(_ type: TensorType) -> Bool {
    let extents = type.shape.map { $0.fixedValue ?? MutationSeeds.batch }
    var count = 1
    for extent in extents {
      let (product, overflow) = count.multipliedReportingOverflow(by: extent)
      if overflow || product > 1 << 16 { return false }
      count = product
    }
    return true
  }

  /// Expects every error to say where.
  private func expectPlaces(_ errors: [Diagnostic], _ seed: UInt64) {
    #expect(!errors.isEmpty)
    for error in errors { #expect(error.location != nil, "seed \(seed): \(error.message)") }
  }

  /// Expects machine code to give what the interpreter gives, if the program is small.
  private func run(_ dump: KernelDump, _ processor: Processor, _ seed: UInt64, _ counts: inout Counts) throws {
    let program = dump.program
    let points = program.calls.reduce(0) { $0 + program.kernel(of: $1).axes.reduce(1, *) }
    guard points < 1 << 20, program.buffers.allSatisfy({ isSmall($0.type) }),
      Processor.canEmulate(MutationCorpus.set)
    else { return }
    var source = RandomSource(seed: seed)
    var arguments = program.argumentNames.map { _ in Tensor([1], [0] as [Float]) }
    var parameters: [String: Tensor] = [:]
    for buffer in program.buffers {
      let tensor = RandomKernels.tensor(buffer.type.extents, buffer.type.element, &source)
      switch buffer.kind {
      case .argument(let i): arguments[i] = tensor
      case .parameter(let name): parameters[name] = tensor
      case .result, .temporary, .constant: break
      }
    }
    let schedule = dump.schedule ?? Scheduler(processor.target, threads: 2).schedule(program)
    let plan = dump.plan ?? MemoryPlanner.plan(program, schedule)
    guard plan.scratchOffset + 2 * plan.scratchStride < 1 << 26 else { return }
    let runs = try ProgramRuns(program, arguments, parameters)
    let objects = StepCompiler.compile(
      program, schedule, plan, processor, StepInstrumentation(poisonsDeadBytes: true)
    )
    let executable = Executable(LoadedStep(objects), program, schedule, plan, threads: 2)
    let difference = try runs.difference(executable)
    #expect(difference == nil, "seed \(seed): \(difference ?? "")")
    counts.ran += 1
  }
}
