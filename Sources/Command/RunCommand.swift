import ArgumentParser
import Fragua
import FraguaCodeGen
import FraguaKernels

/// `fragua run`: runs a function once, compiled or interpreted.
struct RunCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "run",
    abstract: "Run a function once, of a graph or of a dump, and print or save its results.",
    discussion: """
      Examples:
        fragua run graphs/perceptron.graph --data 'x=[[-1, 2]]'
        fragua run graphs/student.graph --function @loss \\
          --params out/parameters.safetensors \\
          --data x=graphs/data/students.csv:classes,hours \\
          --data y=graphs/data/students.csv:passed
        fragua run dump.kernels --params parameters.safetensors --data 'x=[[4, 5]]'

      Without --params, parameters start as their initializers say. --interpret computes with the naive evaluators in \
      place of compiled code (a dump of kernels: with the kernel interpreter, to the same bits). --out DIR saves each \
      result as DIR/NAME.npy and, where the function updates parameters, DIR/parameters.safetensors.
      """)

  @Argument(help: "The graph file, or a dump.")
  var file: String

  @Option(help: ArgumentHelp("The function (default: @predict, or the only one).", valueName: "@f"))
  var function: FunctionName?

  @Option(help: ArgumentHelp("The parameters, a safetensors file.", valueName: "FILE"))
  var params: String?

  @Option(
    name: .customLong("data"), parsing: .singleValue,
    help: ArgumentHelp("The value of an argument. Once for each argument.", valueName: "NAME=SOURCE"))
  var data: [String] = []

  @Option(help: ArgumentHelp("The folder to save the results to.", valueName: "DIR"))
  var out: String?

  @Option(help: ArgumentHelp("What initializers and random operations draw from.", valueName: "N"))
  var seed: UInt64 = 0

  @Option(help: ArgumentHelp("train or inference (default: train for a training, else inference).", valueName: "MODE"))
  var mode: Mode?

  @Flag(help: "Interpret instead of compiling.")
  var interpret = false

  @OptionGroup var compilation: CompilationArguments

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func run() throws {
    let folder = try out.map { try OutputFolder($0, for: Checkpoint.fileName) }
    let outcome: RunOutcome
    switch try InputFile(file) {
    case .graph(let graph): outcome = try run(graph)
    case .kernels(let dump, _): outcome = try run(dump)
    }
    if let folder { try outcome.save(to: folder, json: json) } else { outcome.print(json: json) }
  }

  /// The tensors of --params with their path.
  private func checkpoint() throws(Diagnostic) -> (tensors: [String: Tensor], path: String)? {
    guard let params else { return nil }
    return (try Checkpoint(contentsOf: params).parameters, params)
  }

  // MARK: Graphs

  /// Runs a function of a graph.
  private func run(_ graph: Graph) throws -> RunOutcome {
    let entry = try graph.entry(function, prefersTraining: false)
    guard let root = graph.rootFunction(of: entry) else { throw unknownFunction(entry, in: graph) }
    let arguments = try DataArguments(data)
    let tensors = try arguments.tensors(for: root)
    let ranges = LabelRanges(of: root, in: graph)
    try arguments.checkLabels(tensors, of: root, ranges)
    for warning in arguments.labelWarnings(tensors, of: root, ranges) { Console.warn(warning) }
    var options = try compilation.compilerOptions(mode: mode)
    options.bindings = try Self.bindings(of: root, tensors, options.bindings)
    let checkpoint = try checkpoint()
    let names = graph.resultNames(of: entry)
    if interpret {
      let expanded = try Self.expanded(graph, entry, options)
      let initial = try InitialParameters(
        graph, states: expanded.parameters, seed: seed, vocabulary: .standard, checkpoint: checkpoint)
      let (results, updated) = GraphInterpreter(expanded).run(entry, arguments: tensors, parameters: initial.tensors)
      return RunOutcome(results: Array(zip(names, results)), parameters: initial.tensors, updated: updated)
    }
    let watching = graph.watchingArgmax(in: entry)
    let compiled = try Compiler.compile(watching ?? graph, entry: entry, options)
    let initial = try InitialParameters(
      graph, states: compiled.parameters, seed: seed, vocabulary: .standard, checkpoint: checkpoint)
    let store = ParameterStore()
    for (name, tensor) in initial.tensors { store[name] = tensor }
    var results = try compiled.run(tensors, store)
    if watching != nil, results.removeLast()[0].asDouble != 0 {
      Console.warn(.argmaxOfNaN(in: entry, at: root.origin.location))
    }
    let updated = compiled.updatedParameters.map { ($0, store[$0]!) }
    return RunOutcome(
      results: Array(zip(names, results)), parameters: initial.tensors,
      updated: Dictionary(uniqueKeysWithValues: updated))
  }

  /// What the shapes of the data bind the symbols of the arguments to, with `given` ones.
  private static func bindings(
    of function: Function, _ tensors: [Tensor], _ given: [String: Int]
  ) throws(Diagnostic) -> [String: Int] {
    var result = given
    for ((name, value), tensor) in zip(zip(function.argumentNames, function.arguments), tensors) {
      for (extent, wanted) in zip(tensor.extents, value.type.shape) {
        guard case .symbol(let symbol) = wanted else { continue }
        if let known = result[symbol], known != extent {
          throw Diagnostic("the data for '%\(name)' are \(tensor.type), but \(symbol) is \(known)").noting(
            given[symbol] != nil ? "it is bound by --bind" : "another argument's data bind it")
        }
        result[symbol] = extent
      }
    }
    return result
  }

  /// `graph` where the naive evaluators can run it: without derivatives and trainings, extents fixed.
  private static func expanded(_ graph: Graph, _ entry: String, _ options: CompilerOptions) throws(Diagnostics) -> Graph
  {
    let passes = Pipeline.standard.passes.map(\.name)
    let last = ExpandOptimizers.pass.name
    if let stage = graph.stage, let position = passes.firstIndex(of: stage), position >= passes.firstIndex(of: last)! {
      try collecting { () throws(Diagnostic) in try graph.checkSymbols(options.bindings) }
      return graph
    }
    return try Compiler.transform(graph, entry: entry, after: last, options).graph
  }

  // MARK: Kernels

  /// Runs a dump of kernels.
  private func run(_ dump: KernelDump) throws -> RunOutcome {
    let program = dump.program
    let errors = KernelVerifier.verify(program)
    if !errors.isEmpty { throw Diagnostics(errors) }
    if let function, function.name != program.name {
      throw Diagnostic("'\(file)' holds the kernels of '@\(program.name)', not of '@\(function.name)'")
    }
    try compilation.refuseBindings(of: "'\(file)'")
    let tensors = try DataArguments(data).tensors(for: Self.signature(of: program))
    let parameters = try checkpoint()?.tensors ?? [:]
    for name in program.parameterNames where parameters[name] == nil {
      throw Diagnostic("there is no value for the parameter '@\(name)'")
        .noting(params.map { "'\($0)' lacks it" } ?? "give the parameters with --params FILE")
    }
    let names = program.resultNames.enumerated().map { $1.isEmpty ? "result\($0)" : $1 }
    if interpret {
      try Executable.checkMemory(program, nil, threads: 1, limitBytes: AlignedMemory.physicalBytes)
      let outcome = try KernelInterpreter(program).run(arguments: tensors, parameters: parameters)
      return RunOutcome(
        results: Array(zip(names, outcome.results)), parameters: parameters, updated: outcome.parameters)
    }
    let processor = Processor(compilation.cpu)
    let wrong = DumpChecker.check(dump, for: processor.target)
    guard wrong.isEmpty else { throw scheduleErrors(wrong, in: file, processor) }
    let schedule =
      try dump.schedule ?? Scheduler(processor.target, threads: compilation.threadCount()).schedule(program)
    let plan = dump.plan ?? MemoryPlanner.plan(program, schedule, reusesMemory: !compilation.withoutPlan)
    let threads = try compilation.threadCount()
    try Executable.checkMemory(program, plan, threads: threads, limitBytes: AlignedMemory.physicalBytes)
    let objects = StepCompiler.compile(
      program, schedule, plan, processor, StepInstrumentation(poisonsDeadBytes: compilation.poisons), workers: threads
    ).objects
    let executable = try Executable(objects, program, schedule, plan, threads: threads)
    let store = ParameterStore()
    for (name, tensor) in parameters { store[name] = tensor }
    try executable.bind(store)
    let results = try executable.run(tensors)
    let updated = program.parameterNames.map { ($0, store[$0]!) }
    return RunOutcome(
      results: Array(zip(names, results)), parameters: parameters, updated: Dictionary(uniqueKeysWithValues: updated))
  }

  /// A function with the arguments of a kernel program.
  private static func signature(of program: KernelProgram) -> Function {
    var builder = FunctionBuilder(name: program.name)
    for (index, name) in program.argumentNames.enumerated() {
      if let buffer = program.buffers.first(where: { $0.kind == .argument(index) }) {
        _ = builder.argument(name, buffer.type)
      }
    }
    return builder.function
  }
}
