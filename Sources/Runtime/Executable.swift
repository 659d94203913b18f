import CSupport
import FraguaCodeGen
import FraguaKernels
import FraguaSource
import FraguaTensors

/// A compiled step with its memory: knows buffers and threads, knows no graph.
///
/// Bind the parameters once, write arguments into their memory, call ``step()``. Nothing is allocated by a step. Not
/// for use by several threads at once.
public final class Executable: @unchecked Sendable {
  public let program: KernelProgram
  public let schedule: Schedule
  public let plan: MemoryPlan
  private let code: LoadedStep
  private let team: ThreadTeam
  private let arena: AlignedMemory
  private var arguments: [AlignedMemory]
  private let results: [AlignedMemory]
  private let constants: [AlignedMemory]
  private let argumentTypes: [TensorType]
  private let resultTypes: [TensorType]
  private var parameters: [AlignedMemory] = []
  private var isBound: Bool
  private let tables: Tables

  /// The tables of pointers that contexts refer to, and the contexts.
  private final class Tables {
    let arguments: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    let results: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    let parameters: UnsafeMutablePointer<UnsafeMutableRawPointer?>
    let constants: UnsafeMutablePointer<UnsafeRawPointer?>
    let barrier: UnsafeMutablePointer<FraguaBarrier>
    let contexts: UnsafeMutablePointer<FraguaContext>
    /// For each thread its stamps; empty unless the step is profiled.
    let stamps: UnsafeMutableBufferPointer<UInt64>

    init(_ arguments: Int, _ results: Int, _ parameters: Int, _ constants: Int, threads: Int, stamps count: Int) {
      self.arguments = .allocate(capacity: arguments + 1)
      self.results = .allocate(capacity: results + 1)
      self.parameters = .allocate(capacity: parameters + 1)
      self.constants = .allocate(capacity: constants + 1)
      barrier = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64).bindMemory(
        to: FraguaBarrier.self, capacity: 1)
      barrier.initialize(to: FraguaBarrier())
      contexts = .allocate(capacity: threads)
      stamps = .allocate(capacity: threads * count)
      stamps.initialize(repeating: 0)
    }

    deinit {
      arguments.deallocate()
      results.deallocate()
      parameters.deallocate()
      constants.deallocate()
      UnsafeMutableRawPointer(barrier).deallocate()
      contexts.deallocate()
      stamps.deallocate()
    }
  }

  /// Links `objects`, made of the other three, and allocates its memory.
  /// - Parameters:
  ///   - threads: how many to run on; no more than the schedule is worth are started.
  ///   - isProfiled: whether `objects` were compiled to be profiled.
  /// - Throws: where the system refuses a thread.
  public init(
    _ objects: [[UInt8]], _ program: KernelProgram, _ schedule: Schedule, _ plan: MemoryPlan, threads: Int,
    isProfiled: Bool = false
  ) throws(Diagnostic) {
    let threads = min(threads, schedule.maximumThreads)
    team = try ThreadTeam(threads)
    self.program = program
    self.schedule = schedule
    self.plan = plan
    let parameterCount = program.parameterNames.count
    isBound = parameterCount == 0
    code = LoadedStep(objects)
    arena = AlignedMemory(byteCount: plan.scratchOffset + threads * plan.scratchStride)
    argumentTypes = Self.types(program, program.argumentNames.count) {
      if case .argument(let i) = $0 { i } else { nil }
    }
    resultTypes = Self.types(program, program.resultNames.count) { if case .result(let i) = $0 { i } else { nil } }
    arguments = argumentTypes.map { AlignedMemory(byteCount: $0.byteCount) }
    results = resultTypes.map { AlignedMemory(byteCount: $0.byteCount) }
    constants = program.constants.map { constant in
      let memory = AlignedMemory(byteCount: constant.tensor.type.byteCount)
      constant.tensor.withBytes {
        if let base = $0.baseAddress { memory.start.copyMemory(from: base, byteCount: $0.count) }
      }
      return memory
    }
    tables = Tables(
      arguments.count, results.count, parameterCount, constants.count, threads: threads,
      stamps: isProfiled ? 2 * program.calls.count : 0)
    for (index, memory) in arguments.enumerated() { tables.arguments[index] = memory.start }
    for (index, memory) in results.enumerated() { tables.results[index] = memory.start }
    for (index, memory) in constants.enumerated() { tables.constants[index] = UnsafeRawPointer(memory.start) }
    for thread in 0..<threads {
      tables.contexts[thread] = FraguaContext(
        version: 1, thread: UInt32(thread), threads: UInt32(threads), spins: team.spins,
        arguments: UnsafePointer(tables.arguments), results: UnsafePointer(tables.results),
        parameters: UnsafePointer(tables.parameters), constants: UnsafePointer(tables.constants),
        arena: arena.start.assumingMemoryBound(to: CChar.self), barrier: tables.barrier, wait: fragua_barrier_wait,
        stamps: stamps(of: thread).baseAddress, now: fragua_now)
    }
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

  /// The number of threads that a step runs on.
  public var threads: Int { team.count }

  /// Makes the step read and update the parameters of `store`.
  /// - Throws: where the store lacks one, or has it in another type.
  public func bind(_ store: ParameterStore) throws(Diagnostic) {
    var memories: [AlignedMemory] = []
    for buffer in program.buffers {
      guard case .parameter(let name) = buffer.kind else { continue }
      memories.append(try store.memory(of: name, buffer.type))
    }
    parameters = memories
    isBound = true
    for (index, memory) in memories.enumerated() { tables.parameters[index] = memory.start }
  }

  /// The memory of argument `index`, to be written before a step.
  public func argumentMemory(_ index: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: arguments[index].start, count: argumentTypes[index].byteCount)
  }

  /// Result `index` of the last step.
  public func result(_ index: Int) -> Tensor {
    Tensor(
      resultTypes[index],
      bytes: UnsafeRawBufferPointer(start: results[index].start, count: resultTypes[index].byteCount))
  }

  /// Runs the step once with the arguments in their memory.
  /// - Requires: ``bind(_:)`` has been called, unless the program has no parameters.
  public func step() {
    precondition(isBound, "a step runs without its parameters")
    team.run(code.address, tables.contexts)
  }

  /// When each call of the last step began and ended on `thread`, in nanoseconds; empty unless the step is profiled.
  func stamps(of thread: Int) -> UnsafeMutableBufferPointer<UInt64> {
    let count = tables.stamps.count / threads
    return UnsafeMutableBufferPointer(rebasing: tables.stamps[thread * count..<(thread + 1) * count])
  }

  /// Runs the step once with `tensors` as arguments.
  /// - Throws: where an argument is missing or has another type.
  public func run(_ tensors: [Tensor]) throws(Diagnostic) -> [Tensor] {
    guard tensors.count == argumentTypes.count else {
      throw Diagnostic("'@\(program.name)' takes \(argumentTypes.count) arguments, not \(tensors.count)")
    }
    for (index, tensor) in tensors.enumerated() {
      guard tensor.type == argumentTypes[index] else {
        throw Diagnostic(
          "the argument '%\(program.argumentNames[index])' is \(tensor.type), expected \(argumentTypes[index])")
      }
      tensor.withBytes { bytes in
        if let base = bytes.baseAddress { arguments[index].start.copyMemory(from: base, byteCount: bytes.count) }
      }
    }
    step()
    return resultTypes.indices.map(result)
  }
}
