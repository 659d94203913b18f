import ArgumentParser
import Fragua
import FraguaCodeGen
import FraguaKernels
import FraguaScheduling
import FraguaTensors

/// `fragua bench`: how long a step takes, on random data that stay the same.
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measure how long a training step, or one run of a function, takes on random data.",
    discussion: """
      Examples:
        fragua bench graphs/bench/mnist-mlp.graph --batch 128 --threads 2
        fragua bench --peak --threads 1

      first_s     from opening the file to the first result, compilation included
      compile_s   the part of it that passes and code generation took
      step_us     the median time of a step over blocks of steps; min_us the least
      spread      the time that nine blocks of ten stay under, over the least
      loss0       the loss of the first step; loss1 of the last one
      flops       floating-point operations of a step; gflops = flops / step_us / 1000
      peak_gflops what the threads reach with multiply-adds in registers, measured
                  in the type that most of the step's floats are of
      peak_share  gflops / peak_gflops
      arena_bytes the memory of temporaries; arena_lower_bound_bytes, what of it is
                  live at one instant at most
      peak_bytes  of them what is live during one kernel at most, in the order in which
                  the kernels run; source_peak_bytes, in that of the source

      With --steps N exactly N more steps follow the first one, whatever the time,
      and the peak is not measured. So two runs differ in nothing but their steps,
      for tools that count:
        valgrind --tool=callgrind fragua bench student.graph --steps 10000

      With --sweep N the batches 1 to N are measured in turn, a line each: batch,
      step_us (the least) and row_ns; then the worst step between neighbours, that is,
      how much more a row takes with one row more.

      With --peak there are only threads, cpu, peak_f32_gflops and peak_f64_gflops.
      """)

  private static let defaultSeconds = 1.5

  @Argument(help: "The graph file; none with --peak.")
  var file: String?

  @Flag(help: "Measure no graph, but what the threads reach with multiply-adds in registers.")
  var peak = false

  @Option(
    help: ArgumentHelp("The function (default: the only training, @predict, or the only function).", valueName: "@f"))
  var function: FunctionName?

  @Option(help: ArgumentHelp("The rows of a step (default: 32, or what a dump was made for).", valueName: "N"))
  var batch: Int?

  @Option(help: ArgumentHelp("How long to measure (default: \(defaultSeconds)).", valueName: "SECONDS"))
  var seconds: Double?

  @Option(help: ArgumentHelp("Measure exactly N steps, and not the peak.", valueName: "N"))
  var steps: Int?

  @Option(help: ArgumentHelp("Measure the batches 1 to N.", valueName: "N"))
  var sweep: Int?

  @Option(help: ArgumentHelp("What the data and the initializers draw from.", valueName: "N"))
  var seed: UInt64 = 0

  @OptionGroup var compilation: CompilationArguments

  @Flag(help: "Let first_s profit from code that an earlier run left in the cache.")
  var cache = false

  @Flag(help: "Show first where the time goes, kernel by kernel.")
  var kernels = false

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws {
    try requireBatch(batch)
    guard (0...86400).contains(seconds ?? 0) else { throw ValidationError("--seconds is from 0 to 86400") }
    guard (2...10_000).contains(sweep ?? 2) else { throw ValidationError("--sweep is from 2 to 10000") }
    if sweep != nil, batch != nil || steps != nil || seconds != nil || kernels || peak {
      throw ValidationError("--sweep goes with none of --batch, --steps, --seconds, --kernels and --peak")
    }
    guard steps ?? 1 >= 1 else { throw ValidationError("--steps is at least 1") }
    if steps != nil, seconds != nil || kernels {
      throw ValidationError("--steps goes with neither --seconds nor --kernels")
    }
  }

  func run() throws {
    if peak { return try measureProcessor() }
    guard let file else {
      throw UsageError(
        command: "bench", message: "there is no graph file to measure",
        hint: "name one, or measure the processor alone with --peak.")
    }
    if let sweep { return try BatchSweep(self, file).run(to: sweep) }
    try measure(file)
  }

  /// The type of most floats that `program` keeps in memory.
  private static func commonFloat(_ program: KernelProgram) -> ElementType {
    let count = { (element: ElementType) in
      program.buffers.filter { $0.type.element == element }.reduce(0) { $0 + $1.type.elementCount }
    }
    return count(.f64) > count(.f32) ? .f64 : .f32
  }

  /// Measures what the threads reach in registers, for `--peak`.
  private func measureProcessor() throws {
    let unfit = [
      file.map { "'\($0)'" }, function.map { _ in "--function" }, batch.map { _ in "--batch" },
      compilation.bindings.first.map { _ in "--bind" }, kernels ? "--kernels" : nil, steps.map { _ in "--steps" },
    ]
    if let first = unfit.lazy.compactMap({ $0 }).first {
      throw UsageError(
        command: "bench", message: "--peak measures the processor alone, but there is \(first) too",
        hint: "leave out one of the two.")
    }
    let processor = Processor(compilation.cpu)
    let threads = try compilation.threadCount()
    let peaks = try [ElementType.f32, .f64].map { element in
      let peak = try measurePeak(processor, threads: threads, element: element)
      return ("peak_\(element.rawValue)_gflops", JSON(Decimals.rounded(peak, 3)))
    }
    report([("threads", .integer(threads)), ("cpu", .string(processor.target.instructionSet.rawValue))] + peaks)
  }

  /// Measures a function of the graph in `file`.
  private func measure(_ file: String) throws {
    var options = try compilation.compilerOptions()
    if !cache { options.backend = LLVMBackend(Processor(compilation.cpu)) }
    let begin = ContinuousClock.now
    let graph = try InputFile.graph(file)
    let entry = try graph.entry(function)
    guard let root = graph.rootFunction(of: entry) else { throw unknownFunction(entry, in: graph) }
    if let symbol = graph.batchSymbol(of: entry), options.bindings[symbol] == nil {
      options.bindings[symbol] = batch ?? 32
    }
    let compileBegin = ContinuousClock.now
    let compiled = try Compiler.compile(graph, entry: entry, options)
    let compileSeconds = (ContinuousClock.now - compileBegin) / .seconds(1)
    let executable = compiled.executable
    let initial = try InitialParameters(graph, states: compiled.parameters, seed: seed, vocabulary: .standard)
    let store = ParameterStore(initial.tensors)
    let frame = executable.frame()
    // Making the data up is no part of what a user waits for.
    let dataBegin = ContinuousClock.now
    BenchmarkData(LabelRanges(of: root, in: graph), seed: seed).fill(frame, of: compiled)
    let dataTime = ContinuousClock.now - dataBegin
    try frame.step(store)
    let firstSeconds = (ContinuousClock.now - begin - dataTime) / .seconds(1)
    let lossResult = compiled.resultTypes.firstIndex { $0.rank == 0 && $0.element.isFloat }
    let firstLoss = lossResult.map { frame.result($0)[0].asDouble } ?? 0
    let times =
      try steps.map { try StepTimes(measuring: frame, store, steps: $0) }
      ?? StepTimes(measuring: frame, store, seconds: seconds ?? Self.defaultSeconds)
    let lastLoss = lossResult.map { frame.result($0)[0].asDouble } ?? 0
    if kernels {
      options.isProfiled = true
      options.reportTimes = nil
      let profiled = try Compiler.compile(graph, entry: entry, options)
      let frame = profiled.executable.frame()
      BenchmarkData(LabelRanges(of: root, in: graph), seed: seed).fill(frame, of: profiled)
      try showKernels(of: frame, store, stepSeconds: times.median)
    }
    let gflops = Double(compiled.flops) / times.median / 1e9
    var peak: [(String, JSON)] = []
    if steps == nil {
      let most = try measurePeak(
        Processor(compilation.cpu), threads: executable.threads, element: Self.commonFloat(executable.program))
      peak = [
        ("peak_gflops", JSON(Decimals.rounded(most, 1))), ("peak_share", JSON(Decimals.rounded(gflops / most, 3))),
      ]
    }
    let plan = executable.plan
    let figures: [(String, JSON)] = [
      ("graph", .string(graph.name)), ("function", .string("@" + entry)),
      ("batch", .integer(compiled.argumentTypes.first?.shape.first?.fixedValue ?? 1)),
      ("threads", .integer(executable.threads)),
      ("cpu", .string(Processor(compilation.cpu).target.instructionSet.rawValue)),
      ("first_s", JSON(Decimals.rounded(firstSeconds, 4))), ("step_us", JSON(Decimals.rounded(times.median * 1e6, 3))),
      ("min_us", JSON(Decimals.rounded(times.minimum * 1e6, 3))),
      ("spread", JSON(Decimals.rounded(times.spread, 3))), ("loss0", JSON(firstLoss)), ("loss1", JSON(lastLoss)),
      ("flops", .integer(compiled.flops)), ("gflops", JSON(Decimals.rounded(gflops, 2))),
    ]
    report(
      figures + peak + [
        ("arena_bytes", .integer(plan.arenaBytes)), ("arena_lower_bound_bytes", .integer(plan.lowerBoundBytes)),
        ("peak_bytes", .integer(compiled.order.peakBytes)),
        ("source_peak_bytes", .integer(compiled.order.sourcePeakBytes)),
        ("compile_s", JSON(Decimals.rounded(compileSeconds, 4))),
      ])
  }

  /// Prints where the time of a step goes, which takes about `stepSeconds` and was compiled to be profiled.
  private func showKernels(of frame: Frame, _ store: ParameterStore, stepSeconds: Double) throws {
    let steps = max(5, min(2000, Int((seconds ?? Self.defaultSeconds) / stepSeconds)))
    _ = try StepProfile(running: frame, store, steps: 5)
    KernelTable(try StepProfile(running: frame, store, steps: steps)).print(asJSON: json)
  }

  private func report(_ figures: [(String, JSON)]) {
    if json { return Console.print(JSON.object(figures).text) }
    for (name, value) in figures {
      let text = if case .string(let string) = value { string } else { value.text }
      Console.print(name + String(repeating: " ", count: 26 - name.count) + text)
    }
  }
}
