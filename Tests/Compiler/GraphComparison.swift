import FraguaCodeGen
import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaLowering
import FraguaRuntime
import FraguaScheduling
import FraguaSource
import FraguaSyntax
import FraguaTensors
import FraguaTransforms
import TestSupport

/// A function of a graph with data, taken through the whole compiler and compared stage by stage.
struct GraphComparison {
  /// What does not agree, in words.
  struct Mismatch: Error, CustomStringConvertible {
    let description: String
  }

  let graph: Graph
  let entry: String
  let arguments: [Tensor]
  let parameters: [String: Tensor]
  let seed: UInt64
  /// What the symbols of the entry are bound to.
  let bindings: [String: Int]
  /// The function after all passes but fusion: what the oracle runs.
  private let optimized: Function

  /// The instruction sets whose code can be tried on this machine, the default first.
  static let instructionSets = Target.InstructionSet.allCases.filter(Processor.canEmulate).sorted { a, _ in
    a == Processor.hostInstructionSet
  }

  init(
    _ graph: Graph, entry: String, _ arguments: [Tensor], _ parameters: [String: Tensor], seed: UInt64,
    bindings: [String: Int] = [:]
  ) throws {
    self.graph = graph
    self.entry = entry
    self.arguments = arguments
    self.parameters = parameters
    self.seed = seed
    self.bindings = bindings
    let options = CompilerOptions(bindings: bindings, vocabulary: .standard, verifiesAfterEachPass: true)
    let passed = try Compiler.transform(graph, entry: entry, after: "dead-code", options).graph
    optimized = passed.functions.first { $0.name == entry }!
  }

  /// Checks that passes, from `decompose` to `dead-code`, change no bit; of f64, where `simplify` rounds less often,
  /// nothing that rounding does not explain.
  func checkOptimization() throws {
    let options = CompilerOptions(bindings: bindings, vocabulary: .standard)
    let plain = try Compiler.transform(graph, entry: entry, after: "decompose", options).graph
    let expected = GraphInterpreter(plain).run(entry, arguments: arguments, parameters: parameters)
    let actual = GraphInterpreter(Graph(name: "optimized", functions: [optimized])).run(
      entry, arguments: arguments, parameters: parameters)
    let pairs =
      zip(actual.results, expected.results) + expected.updated.map { (actual.updated[$0.key]!, $0.value) }
    for (i, (a, b)) in pairs.enumerated() {
      if let difference = a.firstDifference(from: b), !agreeInDouble(a, b) {
        throw Mismatch(description: "optimized and unoptimized differ in result \(i), \(difference)")
      }
    }
  }

  /// Checks the planned program for `set`: checkers, text, and the kernel interpreter's results against the oracle's.
  /// - Returns: the program with its data.
  func checkPlanned(_ set: Target.InstructionSet, _ counts: inout StochasticOracle.Counts) throws -> ProgramRuns {
    let planned = try Compiler.plan(graph, entry: entry, options(set))
    let runs = try ProgramRuns(planned.program, arguments, parameters)
    if let violation = try ProgramRuns.violation(planned.program, planned.schedule, planned.plan) {
      throw Mismatch(description: "\(set): \(violation)")
    }
    try checkOracle(runs.outcomes[0], "\(set), kernel interpreter", &counts)
    try checkOrder(set, runs)
    return runs
  }

  /// Checks that the order of calls that needs least memory computes the same bits.
  private func checkOrder(_ set: Target.InstructionSet, _ runs: ProgramRuns) throws {
    let order = KernelOrder(runs.program, leastBytes: 0)
    guard order.positions.sorted() == Array(runs.program.calls.indices), order.peakBytes <= order.sourcePeakBytes else {
      throw Mismatch(description: "\(set): the order of calls is \(order)")
    }
    guard order.positions != Array(runs.program.calls.indices) else { return }
    let ordered = try ProgramRuns(order.apply(to: runs.program), arguments, parameters)
    if let difference = ProgramRuns.difference(ordered.outcomes, runs.outcomes) {
      throw Mismatch(description: "\(set): calls in the order \(order.positions) compute something else: \(difference)")
    }
  }

  /// Checks that the fused graph, printed and read again, is the same text and computes the same bits.
  func checkDump(_ set: Target.InstructionSet, _ runs: ProgramRuns) throws {
    let text = GraphPrinter.print(try Compiler.transform(graph, entry: entry, options(set)).graph)
    let read = try Parser.parse(SourceFile(path: "dump", text: text), vocabulary: .standard)
    if GraphPrinter.print(read) != text { throw Mismatch(description: "\(set): the fused graph prints differently") }
    var again = options(set)
    again.bindings = [:]
    let program = try Compiler.plan(read, entry: entry, again).program
    let rerun = try ProgramRuns(program, arguments, parameters)
    if let difference = ProgramRuns.difference(rerun.outcomes, runs.outcomes) {
      throw Mismatch(description: "\(set): the fused graph, read again, computes something else: \(difference)")
    }
  }

  /// Checks compiled code as the compiler schedules it.
  func checkCompiled(_ set: Target.InstructionSet?, _ runs: ProgramRuns) throws {
    let compiled = try Compiler.compile(graph, entry: entry, options(set))
    if compiled.executable.program != runs.program { throw Mismatch(description: "compiled another program") }
    try check([compiled.executable], set ?? Processor.hostInstructionSet, runs)
  }

  /// Checks compiled code of `runs` as the compiler schedules it, without going through the passes again.
  func checkScheduled(_ set: Target.InstructionSet, _ runs: ProgramRuns) throws {
    let schedule = Scheduler(Target(set), threads: 4).schedule(runs.program)
    try check(runs.executables(under: schedule, Processor(emulating: set), reusesMemory: true), set, runs)
  }

  /// Checks compiled code of `runs` under a random schedule, which divides what the compiler would run on one thread;
  /// a third of them with dead bytes poisoned.
  func checkRandomSchedule(_ set: Target.InstructionSet, _ runs: ProgramRuns) throws {
    var schedules = RandomSchedules(seed: seed, Target(set))
    let schedule = schedules.schedule(runs.program)
    let plan = MemoryPlanner.plan(runs.program, schedule, reusesMemory: seed % 4 != 0)
    if let violation = try ProgramRuns.violation(runs.program, schedule, plan) {
      throw Mismatch(description: "\(set), \(schedule): \(violation)")
    }
    let executables = runs.executables(
      under: schedule, Processor(emulating: set), reusesMemory: seed % 4 != 0, poisons: seed % 3 == 1)
    do {
      try check(executables, set, runs)
    } catch let error as Mismatch {
      throw Mismatch(description: "\(error.description), \(schedule)")
    }
  }

  /// Checks that the executables give the bits of the kernel interpreter.
  private func check(_ executables: [Executable], _ set: Target.InstructionSet, _ runs: ProgramRuns) throws {
    for executable in executables {
      if let difference = try runs.difference(executable) {
        throw Mismatch(description: "\(set), compiled for \(executable.threads) threads: \(difference)")
      }
    }
  }

  /// Checks the results and updated parameters of a first run against the oracle's.
  private func checkOracle(
    _ outcome: ProgramRuns.Outcome, _ what: String, _ counts: inout StochasticOracle.Counts
  ) throws {
    let oracle = StochasticOracle(function: optimized, arguments: arguments, parameters: parameters)
    let updated = optimized.updates.map { outcome.parameters[$0.parameter]! }
    if let difference = oracle.difference(from: outcome.results + updated, seed: seed, &counts) {
      throw Mismatch(description: "\(what) and oracle: \(difference)")
    }
  }

  private func options(_ set: Target.InstructionSet?) -> CompilerOptions {
    CompilerOptions(
      bindings: bindings, backend: LLVMBackend(Processor(emulating: set)), threads: 4, vocabulary: .standard,
      verifiesAfterEachPass: true)
  }

  /// Whether two tensors of f64 agree to twelve digits.
  private func agreeInDouble(_ a: Tensor, _ b: Tensor) -> Bool {
    a.type == b.type && a.element == .f64
      && zip(a.doubles, b.doubles).allSatisfy { x, y in
        x == y || x.isNaN && y.isNaN || abs(x - y) <= 1e-12 * max(abs(x), abs(y))
      }
  }
}

/// Two sequences, one after the other.
private func + <T>(_ a: some Sequence<T>, _ b: some Sequence<T>) -> [T] { Array(a) + Array(b) }
