import FraguaKernels
import FraguaScheduling

/// The functions that a step's code consists of: its kernels, each once for each schedule it runs with, and the step
/// function, cut into pieces where it is long.
struct StepParts: Sendable {
  /// A function to be emitted.
  struct Part: Sendable {
    enum Content: Sendable {
      case kernel(Int, CallSchedule)
      case calls(Range<Int>)
      case pieces([String])
      case poison
    }

    let name: String
    let content: Content
    /// About how long LLVM takes for it, in instructions of vectors.
    let cost: Int
    /// Whether LLVM is to optimize it: a piece of a long step only hands pointers to kernels, and there are many.
    var isOptimized = true
  }

  let program: KernelProgram
  let symbols: StepSymbols
  private let schedule: Schedule
  private let plan: MemoryPlan
  let instrumentation: StepInstrumentation
  private let deadBytes: DeadBytes?
  /// All functions; the step function is the last one.
  private(set) var all: [Part] = []
  /// For each call, the name of its kernel's function.
  private var kernelNames: [String] = []
  private let parameterPlaces: [Int?]
  private let barriers: Set<Int>

  init(
    _ program: KernelProgram, _ schedule: Schedule, _ plan: MemoryPlan, _ instrumentation: StepInstrumentation,
    prefix: String
  ) {
    self.program = program
    symbols = StepSymbols(prefix: prefix)
    self.schedule = schedule
    self.plan = plan
    self.instrumentation = instrumentation
    parameterPlaces = program.parameterPlaces
    barriers = Set(schedule.barriers)
    deadBytes = instrumentation.poisonsDeadBytes ? DeadBytes(program, schedule, plan) : nil
    var names: [KernelVariant: String] = [:]
    for (call, schedule) in zip(program.calls, schedule.calls) {
      let variant = KernelVariant(kernel: call.kernel, schedule: schedule)
      if names[variant] == nil {
        let name = symbols.kernel(names.count)
        names[variant] = name
        let cost = program.kernels[call.kernel].codeCost(under: schedule)
        all.append(Part(name: name, content: .kernel(call.kernel, schedule), cost: cost))
      }
      kernelNames.append(names[variant]!)
    }
    if deadBytes != nil { all.append(Part(name: symbols.poison, content: .poison, cost: 1)) }
    addStep()
  }

  /// What they are made from.
  var dump: KernelDump { KernelDump(program, schedule: schedule, plan: plan) }

  /// All that the functions are made from but the constants, as text; what is for people only is left out.
  var text: String {
    var program = program
    program.constants = []
    for index in program.calls.indices {
      program.calls[index].name = ""
      program.calls[index].origin = ""
    }
    return KernelPrinter.print(KernelDump(program, schedule: schedule, plan: plan))
  }

  /// What makes two calls share code: the kernel and how it runs.
  private struct KernelVariant: Hashable {
    let kernel: Int
    let schedule: CallSchedule
  }

  private mutating func addStep() {
    let count = program.calls.count
    // Where LLVM optimizes it takes ten times as long.
    let cost = { [program] (calls: Range<Int>) in calls.reduce(0) { $0 + 10 + program.calls[$1].buffers.count } }
    if count <= StepEmitter.callsPerPart {
      all.append(Part(name: symbols.step, content: .calls(0..<count), cost: cost(0..<count)))
      return
    }
    var pieces: [String] = []
    for start in stride(from: 0, to: count, by: StepEmitter.callsPerPart) {
      let calls = start..<min(start + StepEmitter.callsPerPart, count)
      pieces.append(symbols.piece(pieces.count))
      all.append(Part(name: pieces.last!, content: .calls(calls), cost: cost(calls) / 10, isOptimized: false))
    }
    all.append(
      Part(name: symbols.step, content: .pieces(pieces), cost: pieces.count / 10, isOptimized: false))
  }

  /// The least cost that is worth another module, which itself takes LLVM about half a millisecond.
  private static let leastCostOfShare = 150

  /// The functions divided into at most `most` shares, so that the dearest share costs little: the dearest first, each
  /// to the share that has least. In a share a function stands behind those that it calls.
  func shares(atMost most: Int) -> [[Part]] {
    let total = all.reduce(0) { $0 + $1.cost }
    let count = max(1, min(most, all.count, total / Self.leastCostOfShare))
    var shares = [(cost: Int, parts: [Int])](repeating: (0, []), count: count)
    for part in all.indices.sorted(by: { all[$0].cost > all[$1].cost }) {
      let least = shares.indices.min { shares[$0].cost < shares[$1].cost }!
      shares[least].cost += all[part].cost
      shares[least].parts.append(part)
    }
    return shares.map { $0.parts.sorted().map { all[$0] } }
  }

  /// The functions of a share, divided into those of a module that is optimized and those of one that is not.
  static func modules(of share: [Part]) -> [[Part]] {
    [share.filter(\.isOptimized), share.filter { !$0.isOptimized }].filter { !$0.isEmpty }
  }

  func pointerCount(of part: Part) -> Int {
    if case .kernel(let kernel, _) = part.content { program.kernels[kernel].buffers.count + 1 } else { 1 }
  }

  func integerCount(of part: Part) -> Int {
    switch part.content {
    case .kernel: 2
    case .poison: 1
    case .calls, .pieces: 0
    }
  }

  /// Fills `function` with the code of `part`.
  func emit(_ part: Part, _ function: FunctionEmitter) {
    var function = function
    if part.name == symbols.step {
      StepEmitter.emitConstants(program, symbols, in: function)
      function = StepMode.emitStep(
        function, body: symbols.body, denormalsAreZeros: StepEmitter.Field.denormalsAreZeros)
    }
    let step = StepEmitter(
      function, program, schedule, plan, symbols: symbols, kernelNames: kernelNames, parameterPlaces: parameterPlaces,
      barriers: barriers,
      isProfiled: instrumentation.isProfiled, deadBytes: deadBytes)
    switch part.content {
    // A kernel that thread 0 runs alone owns all of every axis, whatever its bounds say.
    case .kernel(let kernel, let schedule): KernelEmitter(function, program.kernels[kernel], schedule).emit()
    case .calls(let calls): step.emit(calls)
    case .pieces(let names): step.emit(parts: names)
    case .poison: StepEmitter.emitPoison(function)
    }
  }
}

extension Kernel {
  /// About how much code it has under `schedule`: vector instructions.
  func codeCost(under schedule: CallSchedule) -> Int {
    switch body {
    case .contract(let body):
      guard let tile = schedule.tile else { return 0 }
      // At most two sizes of tile along each axis; the epilogue once a vector.
      let vectors = tile.rows * max(1, tile.lanes / 8)
      let sums = [body.lhsSum, body.rhsSum].compactMap { $0?.program.instructions.count }.reduce(0, +)
      return 4 * vectors * (2 + body.epilogue.program.instructions.count) + 4 * sums
    case .rows(let body):
      return body.stages.reduce(0) { sum, stage in
        switch stage {
        case .sweep(let block, _, _), .scalar(let block, _): sum + 4 * block.program.instructionCount
        }
      }
    case .scatter(let body): return body.update.instructionCount + body.epilogue.program.instructionCount
    case .lanes(let body): return 4 * (body.row.program.instructionCount + body.epilogue.program.instructionCount)
    }
  }
}
