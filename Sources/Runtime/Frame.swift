import CSupport
import FraguaKernels
import FraguaSource
import FraguaTensors

/// The memory that one caller of an ``Executable`` has for itself: arguments, results and temporaries.
///
/// Write the arguments, take a step, read the results, and again: a step allocates nothing and takes no lock, however
/// many others run the same executable. Belongs to one task at a time; each takes a frame of its own.
public final class Frame {
  public let executable: Executable
  private let memory: FrameMemory
  // What a step needs, here so that it counts no references on the way to it.
  private let team: ThreadTeam
  private let address: UInt64
  /// What each thread of the team gets, and what the caller gets that runs without them.
  private let contexts: UnsafeMutablePointer<FraguaContext>
  private let contextAlone: UnsafeMutablePointer<FraguaContext>

  /// A frame that nobody else uses; its memory goes back to the executable with it.
  init(_ executable: Executable) {
    self.executable = executable
    memory = executable.frames.take()
    team = executable.team
    address = executable.code.address
    contexts = memory.contexts
    contextAlone = memory.contextAlone
  }

  deinit { executable.frames.giveBack(memory) }

  /// The memory of argument `index`, to be written before a step.
  public func argumentMemory(_ index: Int) -> UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(
      start: memory.arguments[index].start, count: executable.argumentTypes[index].byteCount)
  }

  /// Result `index` of the last step.
  public func result(_ index: Int) -> Tensor {
    let type = executable.resultTypes[index]
    return Tensor(type, bytes: UnsafeRawBufferPointer(start: memory.results[index].start, count: type.byteCount))
  }

  /// Runs the step once with the arguments in their memory; it may update the parameters of `store`.
  /// - Throws: where the store lacks a parameter, or has it in another type.
  public func step(_ store: ParameterStore) throws(Diagnostic) { try step(store.block) }

  /// Runs the step once with the arguments in their memory.
  /// - Throws: where the snapshot lacks a parameter, or has it in another type; where the step updates parameters.
  public func step(_ snapshot: ParameterSnapshot = .empty) throws(Diagnostic) { try step(snapshot.block) }

  /// Runs the step once with `tensors` as arguments; it may update the parameters of `store`.
  /// - Throws: where an argument or a parameter is missing or has another type.
  public func run(_ tensors: [Tensor], _ store: ParameterStore) throws(Diagnostic) -> [Tensor] {
    try run(tensors, store.block)
  }

  /// Runs the step once with `tensors` as arguments.
  /// - Throws: where an argument or a parameter is missing or has another type; where the step updates parameters.
  public func run(_ tensors: [Tensor], _ snapshot: ParameterSnapshot = .empty) throws(Diagnostic) -> [Tensor] {
    try run(tensors, snapshot.block)
  }

  /// - Parameter denormalsAreZeros: whether the caller has made them so (``DenormalMode``): the step need not look.
  package func step(_ parameters: ParameterBlock, denormalsAreZeros: Bool = false) throws(Diagnostic) {
    if memory.parameterIdentity != parameters.identity {
      return try bindAndStep(parameters, denormalsAreZeros: denormalsAreZeros)
    }
    takeStep(denormalsAreZeros: denormalsAreZeros)
  }

  /// The first step with `parameters`. Never inlined, so that the others save no registers for it.
  @inline(never)
  private func bindAndStep(_ parameters: ParameterBlock, denormalsAreZeros: Bool) throws(Diagnostic) {
    try bind(parameters)
    takeStep(denormalsAreZeros: denormalsAreZeros)
  }

  private func takeStep(denormalsAreZeros: Bool) {
    contexts[0].denormalsAreZeros = denormalsAreZeros ? 1 : 0
    contextAlone.pointee.denormalsAreZeros = denormalsAreZeros ? 1 : 0
    team.run(address, contexts, alone: contextAlone)
  }

  package func run(_ tensors: [Tensor], _ parameters: ParameterBlock) throws(Diagnostic) -> [Tensor] {
    let types = executable.argumentTypes
    let program = executable.program
    guard tensors.count == types.count else {
      throw Diagnostic("'@\(program.name)' takes \(types.count) arguments, not \(tensors.count)")
    }
    for (index, tensor) in tensors.enumerated() {
      guard tensor.type == types[index] else {
        throw Diagnostic("the argument '%\(program.argumentNames[index])' is \(tensor.type), expected \(types[index])")
      }
      tensor.withBytes { argumentMemory(index).copyMemory(from: $0) }
    }
    try step(parameters)
    return executable.resultTypes.indices.map(result)
  }

  /// When each call of the last step began and ended on `thread`, in nanoseconds; empty unless the step is profiled.
  func stamps(of thread: Int) -> UnsafeMutableBufferPointer<UInt64> { memory.stamps(of: thread) }

  /// Makes the contexts point to `parameters`, which the caller of a step keeps alive.
  private func bind(_ parameters: ParameterBlock) throws(Diagnostic) {
    if parameters.isReadOnly, let name = executable.updatedParameters.first {
      let function = executable.program.name
      throw Diagnostic("'@\(function)' updates the parameter '@\(name)', which a snapshot does not allow")
        .noting("run it with a ParameterStore of the caller's own")
    }
    memory.parameterIdentity = 0
    var index = 0
    for buffer in executable.program.buffers {
      guard case .parameter(let name) = buffer.kind else { continue }
      memory.parameters[index] = try parameters.address(of: name, buffer.type)
      index += 1
    }
    memory.parameterIdentity = parameters.identity
  }
}

@available(*, unavailable)
extension Frame: Sendable {}
