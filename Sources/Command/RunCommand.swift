import ArgumentParser
import Fragua
import FraguaCodeGen
import FraguaKernels
import FraguaScheduling

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
    case .kernels(let dump, let places): outcome = try run(dump, places)
    }
    if let folder { try outcome.save(to: folder, json: json) } else { outcome.print(json: json) }
  }

  /// The checkpoint of --params with its path.
  private func checkpoint() throws(Diagnostic) -> (checkpoint: Checkpoint, path: String)? {
    guard let params else { return nil }
    return (try Checkpoint(contentsOf: params), params)
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
    let names = graph.resultNames(of: entry)
    if interpret {
      let expanded = try Self.expanded(graph, entry, options)
      if let function = expanded.function(named: entry) { try Self.checkInterpreterMemory(function) }
      let updates = expanded.function(named: entry)?.updates.map(\.parameter) ?? []
      let initial = try initialParameters(graph, entry, expanded.parameters, updated: Set(updates))
      let (results, updated) = GraphInterpreter(expanded).run(entry, arguments: tensors, parameters: initial.tensors)
      return RunOutcome(results: Array(zip(names, results)), parameters: initial.tensors, updated: updated)
    }
    options.watchesArgmax = true
    let compiled = try Compiler.compile(graph, entry: entry, options)
    let initial = try initialParameters(graph, entry, compiled.parameters, updated: compiled.updatedParameters)
    let store = ParameterStore(initial.tensors)
    var results = try compiled.run(tensors, store)
    if results.count > names.count, results.removeLast()[0].asDouble != 0 {
      Console.warn(.argmaxOfNaN(in: entry, at: root.origin.location))
    }
    let updated = compiled.updatedParameters.map { ($0, store[$0]!) }
    return RunOutcome(
      results: Array(zip(names, results)), parameters: initial.tensors,
      updated: Dictionary(uniqueKeysWithValues: updated))
  }

  /// What the parameters and `states` start with, where `entry` updates the ones in `updated`.
  private func initialParameters(
    _ graph: Graph, _ entry: String, _ states: [Parameter], updated: Set<String>
  ) throws(Diagnostic) -> InitialParameters {
    let isTraining =
      graph.trainings.contains { $0.name == entry } || graph.function(named: entry).map { $0.role == .train } ?? false
    let initial = try InitialParameters(
      graph, states: states, training: isTraining ? (entry, updated) : nil, seed: seed, vocabulary: .standard,
      checkpoint: checkpoint())
    for remark in initial.remarks { Console.remark(remark) }
    return initial
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
    let passes = Pipeline.standard.stages.map(\.name)
    let last = ExpandOptimizers.pass.name
    if let stage = graph.stage, let position = passes.firstIndex(of: stage), position >= passes.firstIndex(of: last)! {
      try collecting { () throws(Diagnostic) in try graph.checkSymbols(options.bindings) }
      return graph
    }
    return try Compiler.transform(graph, entry: entry, after: last, options).graph
  }

  /// Checks that all values of `function`, which the naive evaluators keep, fit in the memory.
  private static func checkInterpreterMemory(_ function: Function) throws(Diagnostic) {
    var total = 0
    for node in function.nodes {
      for result in node.results {
        let (sum, overflow) = total.addingReportingOverflow(result.type.checkedByteCount ?? .max)
        total = overflow ? .max : sum
      }
    }
    do throws(Diagnostic) {
      try ProcessLimits.require(total) {
        "interpreting '@\(function.name)' takes \(ProcessLimits.words(total)), more than the \($0) of memory that there is"
      }
    } catch { throw error.located(at: function.origin.location).noting("run it compiled, without --interpret") }
  }

  // MARK: Kernels

  /// Runs a dump of kernels.
  private func run(_ dump: KernelDump, _ places: KernelPlaces) throws -> RunOutcome {
    let program = dump.program
    let processor = Processor(compilation.cpu)
    try dump.check(places, for: interpret ? nil : processor)
    if let function, function.name != program.name {
      throw Diagnostic("'\(file)' holds the kernels of '@\(program.name)', not of '@\(function.name)'")
    }
    try compilation.refuseBindings(of: "'\(file)'")
    let tensors = try DataArguments(data).tensors(for: Self.signature(of: program))
    let parameters = try checkpoint()?.checkpoint.parameters ?? [:]
    for name in program.parameterNames where parameters[name] == nil {
      throw Diagnostic("there is no value for the parameter '@\(name)'")
        .noting(params.map { "'\($0)' lacks it" } ?? "give the parameters with --params FILE")
    }
    let names = program.resultNames.enumerated().map { $1.isEmpty ? "result\($0)" : $1 }
    if interpret {
      try Executable.checkMemory(program, nil, threads: 1, limitBytes: ProcessLimits.memoryBytes)
      let outcome = try KernelInterpreter(program).run(arguments: tensors, parameters: parameters)
      return RunOutcome(
        results: Array(zip(names, outcome.results)), parameters: parameters, updated: outcome.parameters)
    }
    let threads = try compilation.threadCount()
    let backend = LLVMBackend(processor)
    let (schedule, plan) = Compiler.completed(
      dump, backend, threads: threads, usesMemoryPlan: !compilation.withoutPlan)
    try Executable.checkMemory(program, plan, threads: threads, limitBytes: ProcessLimits.memoryBytes)
    let objects = backend.compile(
      program, schedule, plan, StepInstrumentation(poisonsDeadBytes: compilation.poisons), workers: threads)
    let executable = Executable(backend.link(objects), program, schedule, plan, threads: threads)
    let store = ParameterStore(parameters)
    let results = try executable.run(tensors, store)
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
