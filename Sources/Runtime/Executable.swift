import FraguaKernels
import FraguaScheduling
import FraguaSource
import FraguaTensors

/// A compiled step: code and threads; knows no graph, and not who made the code.
///
/// Any number of tasks run it at once, each in a ``Frame`` of its own, with parameters that it gives with the call.
public final class Executable: Sendable {
  public let program: KernelProgram
  public let schedule: Schedule
  public let plan: MemoryPlan
  /// The number of threads that a step runs on, unless others keep them busy: then it runs on its caller's alone.
  public var threads: Int { team.count }
  /// How many threads more the step was to run on, which the system refused.
  public let refusedThreads: Int
  /// The names of the parameters and states that the step writes, in order.
  public let updatedParameters: [String]
  let argumentTypes: [TensorType]
  package let resultTypes: [TensorType]
  let code: any StepCode
  let team: ThreadTeam
  let frames: FramePool

  /// A step whose code was made of the other three.
  /// - Parameters:
  ///   - threads: how many to run on; no more than the schedule is worth are started, and fewer where the system
  ///     refuses some.
  ///   - isProfiled: whether `code` was compiled to be profiled.
  public init(
    _ code: any StepCode, _ program: KernelProgram, _ schedule: Schedule, _ plan: MemoryPlan, threads: Int,
    isProfiled: Bool = false
  ) {
    let wanted = min(threads, schedule.maximumThreads)
    team = ThreadTeam(wanted)
    refusedThreads = wanted - team.count
    self.program = program
    self.schedule = schedule
    self.plan = plan
    self.code = code
    updatedParameters = program.updatedParameters
    argumentTypes = Self.types(program, program.argumentNames.count) {
      if case .argument(let i) = $0 { i } else { nil }
    }
    resultTypes = Self.types(program, program.resultNames.count) { if case .result(let i) = $0 { i } else { nil } }
    frames = FramePool(
      FrameLayout(
        argumentTypes: argumentTypes, resultTypes: resultTypes, parameterCount: program.parameterNames.count,
        arenaBytes: plan.scratchOffset + team.count * plan.scratchStride,
        threads: team.count, spins: team.spins, stampCount: isProfiled ? 2 * program.calls.count : 0))
    // The first caller finds its memory ready.
    frames.giveBack(frames.take())
  }

  private static func types(_ program: KernelProgram, _ count: Int, _ position: (ProgramBuffer.Kind) -> Int?)
    -> [TensorType]
  {
    var result = [TensorType](repeating: TensorType([Int](), .f32), count: count)
    for buffer in program.buffers { if let index = position(buffer.kind) { result[index] = buffer.type } }
    return result
  }

  /// Checks that the memory of a step fits in `limitBytes`, before anything is allocated.
  /// - Parameter plan: `nil` where the program is interpreted.
  public static func checkMemory(
    _ program: KernelProgram, _ plan: MemoryPlan?, threads: Int, limitBytes: Int
  ) throws(Diagnostic) {
    var total = 0
    var parameters = 0
    func add(_ bytes: Int?) {
      let (sum, overflow) = total.addingReportingOverflow(bytes ?? .max)
      total = overflow ? .max : sum
    }
    for buffer in program.buffers {
      if plan != nil, case .temporary = buffer.kind { continue }
      add(buffer.type.checkedByteCount)
      if case .parameter = buffer.kind { parameters += buffer.type.checkedByteCount ?? 0 }
    }
    if let plan {
      add(plan.scratchOffset)
      for _ in 0..<threads { add(plan.scratchStride) }
    }
    func message(_ there: String) -> String {
      "'@\(program.name)' needs \(ProcessLimits.words(total)) for its arguments, results, parameters and temporaries, more than the \(there) of memory that there is"
    }
    do throws(Diagnostic) {
      if total > limitBytes { throw Diagnostic(message(ProcessLimits.words(limitBytes))) }
      // Parameters are there already, or are asked for where they are made.
      try ProcessLimits.require(total - parameters, else: message)
    } catch { throw error.noting("bind a smaller batch, or make the extents smaller") }
  }

  /// Memory to run the step in, for the caller alone; what earlier callers gave back is used again.
  public func frame() -> Frame { Frame(self) }

  /// How many frames have been in use at once.
  package var frameCount: Int { frames.count }

  /// Runs the step once with `tensors` as arguments; it may update the parameters of `store`.
  /// - Throws: where an argument or a parameter is missing or has another type.
  public func run(_ tensors: [Tensor], _ store: ParameterStore) throws(Diagnostic) -> [Tensor] {
    try frame().run(tensors, store)
  }

  /// Runs the step once with `tensors` as arguments.
  /// - Throws: where an argument or a parameter is missing or has another type; where the step updates parameters.
  public func run(_ tensors: [Tensor], _ snapshot: ParameterSnapshot = .empty) throws(Diagnostic) -> [Tensor] {
    try frame().run(tensors, snapshot)
  }
}

extension KernelProgram {
  /// The parameters and states that a call writes, in the order of ``parameterNames``.
  var updatedParameters: [String] {
    var isWritten = [Bool](repeating: false, count: buffers.count)
    for call in calls {
      for (buffer, number) in zip(kernel(of: call).buffers, call.buffers) where buffer.use != .read {
        isWritten[number] = true
      }
    }
    return zip(buffers, isWritten).compactMap { buffer, isWritten in
      if isWritten, case .parameter(let name) = buffer.kind { name } else { nil }
    }
  }
}
