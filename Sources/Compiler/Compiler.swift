import FraguaGraph
import FraguaKernels
import FraguaLowering
import FraguaRuntime
import FraguaScheduling
import FraguaSource
import FraguaTensors
import FraguaTransforms

/// The way from a graph to a function that runs: the picture of `docs/architecture.md` as code.
public enum Compiler {
  /// `graph` after the passes up to and including `last`, for the function `entry` alone.
  public static func transform(
    _ graph: Graph, entry: String, after last: String? = nil, _ options: CompilerOptions
  ) throws(Diagnostics) -> (graph: Graph, timings: [Pipeline.Timing]) {
    // Numbers that the text holds keep denormals, whatever the caller computes with; folding sets its own mode.
    try withDenormalsKept { () throws(Diagnostics) in try transformed(graph, entry: entry, after: last, options) }
  }

  private static func transformed(
    _ graph: Graph, entry: String, after last: String?, _ options: CompilerOptions
  ) throws(Diagnostics) -> (graph: Graph, timings: [Pipeline.Timing]) {
    var context = PassContext(
      vocabulary: options.vocabulary, entries: [entry], mode: options.mode, bindings: options.bindings,
      target: options.backend.target, memoryLimitBytes: options.memoryLimitBytes)
    if options.verifiesAfterEachPass {
      context.verifyAfterEachPass = { (graph) throws(Diagnostics) in try GraphVerifier.check(graph) }
    }
    guard options.watchesArgmax, graph.stage == nil else {
      return try Pipeline.standard.run(graph, after: last, context)
    }
    var beforeBinding = context
    beforeBinding.bindings = [:]
    var (inlined, timings) = try Pipeline.standard.run(graph, after: Inline.pass.name, beforeBinding)
    inlined.watchArgmax(in: entry)
    let rest = try Pipeline.standard.run(inlined, after: last, context)
    return (rest.graph, timings + rest.timings)
  }

  /// A function lowered, scheduled and planned.
  public struct Planned: Sendable {
    public let graph: Graph
    public let function: Function
    /// The order of the kernels' calls, beside that of the source.
    public let order: KernelOrder
    public let program: KernelProgram
    public let schedule: Schedule
    public let plan: MemoryPlan
    public var times: CompilationTimes
  }

  /// The kernels of function `entry`, with their schedule and memory plan.
  public static func plan(_ graph: Graph, entry: String, _ options: CompilerOptions) throws(Diagnostics) -> Planned {
    try withDenormalsKept { () throws(Diagnostics) in try planned(graph, entry: entry, options) }
  }

  private static func planned(
    _ graph: Graph, entry: String, _ options: CompilerOptions
  ) throws(Diagnostics) -> Planned {
    let (fused, timings) = try transform(graph, entry: entry, options)
    var times = CompilationTimes(passes: timings)
    guard let function = fused.function(named: entry) else {
      throw Diagnostics(Diagnostic("there is no function '@\(entry)'"))
    }
    let lowered = try collecting { () throws(Diagnostic) in
      try times.measure("lower") { () throws(Diagnostic) in try Lowering.lower(function) }
    }
    let order = times.measure("order") { KernelOrder(lowered) }
    let program = order.apply(to: lowered)
    let errors = times.measure("verify") { KernelVerifier.verify(program) }
    guard errors.isEmpty else { throw Diagnostics(errors.map { Self.located($0, function) }) }
    let (schedule, plan) = completed(
      KernelDump(program), options.backend, threads: options.threads, usesMemoryPlan: options.usesMemoryPlan,
      &times)
    return Planned(
      graph: fused, function: function, order: order, program: program, schedule: schedule, plan: plan, times: times)
  }

  /// A schedule and a memory plan of the program of `dump`: its own where it has them.
  public static func completed(
    _ dump: KernelDump, _ backend: any Backend, threads: Int, usesMemoryPlan: Bool
  ) -> (schedule: Schedule, plan: MemoryPlan) {
    var times = CompilationTimes(passes: [])
    return completed(dump, backend, threads: threads, usesMemoryPlan: usesMemoryPlan, &times)
  }

  private static func completed(
    _ dump: KernelDump, _ backend: any Backend, threads: Int, usesMemoryPlan: Bool, _ times: inout CompilationTimes
  ) -> (schedule: Schedule, plan: MemoryPlan) {
    let schedule = times.measure("schedule") {
      dump.schedule ?? backend.schedule(dump.program, threads: threads)
    }
    let plan = times.measure("plan") {
      dump.plan ?? backend.plan(dump.program, schedule, reusesMemory: usesMemoryPlan)
    }
    return (schedule, plan)
  }

  /// An error of kernels that lowering made, which no input should make it do.
  private static func located(_ error: Diagnostic, _ function: Function) -> Diagnostic {
    error.located(at: function.origin.location)
      .noting("in the kernels of '@\(function.name)', which are not run: this is a defect of fragua, please report it")
  }

  /// Function `entry`, compiled.
  public static func compile(
    _ graph: Graph, entry: String, _ options: CompilerOptions
  ) throws(Diagnostics) -> CompiledFunction {
    var planned = try plan(graph, entry: entry, options)
    try collecting { () throws(Diagnostic) in
      try options.backend.checkRuns()
      try Executable.checkMemory(
        planned.program, planned.plan, threads: options.threads, limitBytes: options.memoryLimitBytes)
    }
    let objects = planned.times.measure("code") { [planned] in
      options.backend.compile(
        planned.program, planned.schedule, planned.plan,
        StepInstrumentation(isProfiled: options.isProfiled, poisonsDeadBytes: options.poisonsDeadBytes),
        workers: options.threads)
    }
    planned.times.isCodeFromCache = objects.isFromCache
    let executable = planned.times.measure("link") { [planned] in
      Executable(
        options.backend.link(objects), planned.program, planned.schedule, planned.plan, threads: options.threads,
        isProfiled: options.isProfiled)
    }
    options.reportTimes?(entry, planned.times)
    return CompiledFunction(planned, executable)
  }
}

/// A function that is ready to run, by any number of tasks at once.
///
/// ``run(_:_:)`` copies tensors in and out. Where a step is to allocate nothing, a caller takes a frame of
/// ``executable`` and keeps it.
public struct CompiledFunction: Sendable {
  public let name: String
  public let argumentNames: [String]
  public let argumentTypes: [TensorType]
  public let resultTypes: [TensorType]
  /// What each result is: the loss, a metric, or neither.
  public let resultRoles: [FraguaGraph.Function.ResultRole]
  /// The parameters and states that it reads or updates, with their initializers.
  public let parameters: [Parameter]
  /// The names of those that it updates.
  public let updatedParameters: Set<String>
  /// Floating-point operations of one run.
  public let flops: Int
  public let executable: Executable
  /// The order of the kernels' calls.
  public let order: KernelOrder
  /// How long the stages of compiling it took.
  public let times: CompilationTimes

  init(_ planned: Compiler.Planned, _ executable: Executable) {
    let function = planned.function
    name = function.name
    argumentNames = function.argumentNames
    argumentTypes = function.arguments.map(\.type)
    resultTypes = function.results.map(\.type)
    resultRoles = function.resultRoles
    let used = Set(planned.program.parameterNames)
    parameters = planned.graph.parameters.filter { used.contains($0.name) }
    updatedParameters = Set(function.updates.map(\.parameter))
    flops = planned.program.calls.reduce(0) { $0 + planned.program.kernel(of: $1).flops }
    self.executable = executable
    order = planned.order
    times = planned.times
  }

  /// Runs it once on `arguments` with the parameters of `store`, which it may update.
  /// - Throws: where an argument or a parameter is missing or has another type.
  public func run(_ arguments: [Tensor], _ store: ParameterStore) throws(Diagnostic) -> [Tensor] {
    try executable.run(arguments, store)
  }

  /// Runs it once on `arguments` with the parameters of `snapshot`.
  /// - Throws: where an argument or a parameter is missing or has another type; where it updates parameters.
  public func run(_ arguments: [Tensor], _ snapshot: ParameterSnapshot = .empty) throws(Diagnostic) -> [Tensor] {
    try executable.run(arguments, snapshot)
  }
}
