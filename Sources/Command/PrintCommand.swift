import ArgumentParser
import Fragua
import FraguaCodeGen
import FraguaKernels
import FraguaScheduling

/// `fragua print`: the program at any stage of the compiler.
struct PrintCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "print",
    abstract: "Print a graph at any stage of the compiler: after a pass, as kernels, as machine code.",
    discussion: """
      Examples:
        fragua print graphs/student.graph
        fragua print graphs/student.graph --function @predict --after fuse --bind B=32
        fragua print graphs/student.graph --stage kernels --bind B=32
        fragua print graphs/student.graph --stage dot --bind B=32 | dot -Tsvg > a.svg

      Without --after and --stage, the graph with all types inferred. Whatever is printed up to the stage 'plan' is a \
      program: 'fragua check', 'run' and 'print' take it and go on from there. 'fragua passes' lists the passes.
      """)

  /// What comes after the passes.
  enum Stage: String, ExpressibleByArgument, CaseIterable {
    case kernels, schedule, plan, llvm, asm, dot
  }

  @Argument(help: "The graph file, or a dump.")
  var file: String

  @Option(help: ArgumentHelp("The last pass to run.", valueName: "PASS"))
  var after: String?

  @Option(
    help: ArgumentHelp(
      "kernels, schedule, plan (kernels with it), llvm, asm, or dot (the fused graph for Graphviz).", valueName: "STAGE"
    ))
  var stage: Stage?

  @Option(
    help: ArgumentHelp("The function (default: the only training, @predict, or the only function).", valueName: "@f"))
  var function: FunctionName?

  @Option(help: ArgumentHelp("train or inference (default: train for a training, else inference).", valueName: "MODE"))
  var mode: Mode?

  @Flag(help: "Print where in the text each node comes from.")
  var locations = false

  @Flag(
    name: .customLong("explain-fusion"),
    help: "Print for each edge of the graph after the pass dead-code whether and why it was fused, and the bytes.")
  var explainsFusion = false

  @OptionGroup var compilation: CompilationArguments

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws {
    if after != nil, stage != nil { throw ValidationError("--after and --stage exclude each other") }
    if explainsFusion, after != nil || stage != nil {
      throw ValidationError("--explain-fusion goes without --after and --stage")
    }
  }

  func run() throws {
    let options = try compilation.compilerOptions(mode: mode)
    switch try InputFile(file) {
    case .graph(let graph): try print(graph, options)
    case .kernels(let dump, let places):
      if after != nil || explainsFusion { throw Diagnostic("'\(file)' is a dump of kernels, which no pass takes") }
      try compilation.refuseBindings(of: "'\(file)'")
      try dump.check(places, for: Processor(compilation.cpu))
      try print(dump, stage)
    }
  }

  /// Prints a graph.
  private func print(_ graph: Graph, _ options: CompilerOptions) throws {
    if explainsFusion { return try explainFusion(graph, options) }
    if let after {
      let entry = try graph.entry(function)
      write(text(try Compiler.transform(graph, entry: entry, after: after, options).graph), stage: after)
    } else if let stage {
      let planned = try Compiler.plan(graph, entry: graph.entry(function), options)
      if stage == .dot { return write(GraphvizText.text(planned.function), stage: stage.rawValue) }
      try print(KernelDump(planned.program, schedule: planned.schedule, plan: planned.plan), stage)
    } else {
      try printAsWritten(graph, options)
    }
  }

  /// Prints a graph that goes through no pass.
  private func printAsWritten(_ graph: Graph, _ options: CompilerOptions) throws {
    try graph.checkSymbols(options.bindings)
    if !options.bindings.isEmpty, graph.stage == nil {
      Console.remark("the pass 'specialize' binds symbols; without --after or --stage the graph is printed as it is")
    }
    if let function {
      guard let body = graph.function(named: function.name) else { throw unknownFunction(function.name, in: graph) }
      write(GraphPrinter.print(body, printing), stage: graph.stage ?? "source")
    } else {
      write(text(graph), stage: graph.stage ?? "source")
    }
  }

  /// Prints kernels that are checked up to `stage`, making a schedule and a plan where the dump has none.
  private func print(_ dump: KernelDump, _ stage: Stage?) throws {
    let processor = Processor(compilation.cpu)
    let program = dump.program
    let (schedule, plan) = Compiler.completed(
      dump, LLVMBackend(processor), threads: try compilation.threadCount(), usesMemoryPlan: !compilation.withoutPlan)
    let name = stage?.rawValue ?? dump.stage.rawValue
    switch stage {
    case nil: write(text(dump), stage: name)
    case .kernels: write(text(KernelDump(program)), stage: name)
    case .schedule: write(text(KernelDump(program, schedule: schedule)), stage: name)
    case .plan: write(text(KernelDump(program, schedule: schedule, plan: plan)), stage: name)
    case .llvm, .asm:
      let listing: StepCompiler.Listing = stage == .llvm ? .llvm : .assembly
      let instrumentation = StepInstrumentation(poisonsDeadBytes: compilation.poisons)
      write(StepCompiler.text(program, schedule, plan, processor, listing, instrumentation), stage: name)
    case .dot: throw Diagnostic("'\(file)' is a dump of kernels; the stage 'dot' takes a graph")
    }
  }

  /// Prints what fusion decided.
  private func explainFusion(_ graph: Graph, _ options: CompilerOptions) throws {
    let entry = try graph.entry(function)
    let before = try Compiler.transform(graph, entry: entry, after: DeadCode.pass.name, options).graph
    guard let found = before.function(named: entry) else { throw unknownFunction(entry, in: graph) }
    // A dump may hold what nothing needs.
    let function = DeadCode.live(found)
    let names = ValueNames(function)
    if !json { Console.print("values are called as in 'print --after \(DeadCode.pass.name)'") }
    if let refusal = Fusion.lanesRefusal(function) {
      let reason = (refusal.value.map { names[$0] + " " } ?? "") + refusal.reason
      if json {
        Console.print(
          JSON.object([
            ("form", .string(Kernel.Form.lanes.rawValue)), ("decision", .string("refused")),
            ("reason", .string(reason)),
          ]).text)
      } else {
        Console.print("all of it as one region, a row a lane: refused because \(reason)")
      }
    }
    for decision in Fusion.decisions(function, target: options.backend.target) {
      let (producer, consumer) = (names[decision.producer], names[decision.consumer])
      guard json else {
        Console.print("\(producer) -> \(consumer): \(decision.text)")
        continue
      }
      Console.print(
        JSON.object([
          ("producer", .string(producer)), ("consumer", .string(consumer)),
          ("decision", .string(decision.verdict.rawValue)), ("reason", .string(decision.reason)),
          ("bytes", .integer(decision.bytes)),
        ]).text)
    }
  }

  // MARK: Text

  /// Constants are shortened on a terminal only, so that what a file holds can be read again.
  private var printing: GraphPrinter.Options {
    GraphPrinter.Options(locations: locations, elidesConstants: Console.outputIsTerminal && !json)
  }

  private func text(_ graph: Graph) -> String { GraphPrinter.print(graph, printing) }

  private func text(_ dump: KernelDump) -> String {
    KernelPrinter.print(dump, elidingConstants: Console.outputIsTerminal && !json)
  }

  private func write(_ text: String, stage: String) {
    if json {
      Console.print(JSON.object([("file", .string(file)), ("stage", .string(stage)), ("text", .string(text))]).text)
    } else {
      Console.print(text.hasSuffix("\n") ? String(text.dropLast()) : text)
    }
  }
}
