import FraguaSource
import FraguaTensors

/// Runs kernel programs on host tensors: what a kernel means, written to be read.
///
/// Compiled code gives the same bits (NaN of any payload are one), at every schedule. It is slow and needs no schedule.
public struct KernelInterpreter: Sendable {
  /// What a run gives back.
  public struct Outcome: Sendable {
    /// The results, in order.
    public var results: [Tensor]
    /// All parameters and states of the program after the run, by name.
    public var parameters: [String: Tensor]
  }

  public let program: KernelProgram

  /// Prepares to run `program`.
  /// - Throws: what ``KernelVerifier`` finds.
  public init(_ program: KernelProgram) throws(Diagnostics) {
    let errors = KernelVerifier.verify(program)
    if !errors.isEmpty { throw Diagnostics(errors) }
    self.program = program
  }

  /// Runs the program once.
  /// - Throws: where an argument or a parameter is missing or of another type.
  public func run(arguments: [Tensor], parameters: [String: Tensor] = [:]) throws(Diagnostic) -> Outcome {
    if arguments.count != program.argumentNames.count {
      throw Diagnostic("'@\(program.name)' takes \(program.argumentNames.count) arguments, not \(arguments.count)")
    }
    var memories: [HostMemory] = []
    for buffer in program.buffers {
      let memory = HostMemory(byteCount: buffer.type.byteCount)
      switch buffer.kind {
      case .argument(let i): try memory.fill(from: arguments[i], buffer)
      case .parameter(let name):
        guard let value = parameters[name] else { throw Diagnostic("no value for the parameter '@\(name)'") }
        try memory.fill(from: value, buffer)
      case .constant(let i): try memory.fill(from: program.constants[i].tensor, buffer)
      case .result, .temporary: break
      }
      memories.append(memory)
    }
    for call in program.calls {
      Self.run(program.kernel(of: call), on: call.buffers.map { memories[$0].start })
    }
    return outcome(memories)
  }

  /// Runs one kernel on memory, its buffers' elements row after row as ``ElementType`` lays them out.
  /// - Requires: ``KernelVerifier`` accepts `kernel`; `memory` holds one block for each of its buffers, of at least its
  ///   size.
  public static func run(_ kernel: Kernel, on memory: [UnsafeMutableRawPointer]) {
    precondition(memory.count == kernel.buffers.count, "a kernel has as many memories as buffers")
    withUnsafeTemporaryAllocation(of: Int.self, capacity: max(kernel.axes.count, 1)) { coordinates in
      coordinates.initialize(repeating: 0)
      let run = KernelRun(kernel: kernel, memory: memory, coordinates: coordinates.baseAddress!)
      withDenormalsAsZeros {
        switch kernel.body {
        case .rows(let body): run.rows(body)
        case .contract(let body): run.contract(body)
        case .scatter(let body): run.scatter(body)
        case .lanes(let body): run.lanes(body)
        }
      }
    }
  }

  /// The results and parameters as they lie in memory.
  private func outcome(_ memories: [HostMemory]) -> Outcome {
    var results = [Tensor?](repeating: nil, count: program.resultNames.count)
    var parameters: [String: Tensor] = [:]
    for (buffer, memory) in zip(program.buffers, memories) {
      switch buffer.kind {
      case .result(let i): results[i] = memory.tensor(buffer.type)
      case .parameter(let name): parameters[name] = memory.tensor(buffer.type)
      case .argument, .temporary, .constant: break
      }
    }
    return Outcome(results: results.map { $0! }, parameters: parameters)
  }
}

/// Zeroed memory of one buffer.
private final class HostMemory {
  let start: UnsafeMutableRawPointer
  private let byteCount: Int

  init(byteCount: Int) {
    self.byteCount = byteCount
    start = .allocate(byteCount: max(byteCount, 1), alignment: 64)
    start.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
  }

  deinit { start.deallocate() }

  /// Copies `tensor`'s elements.
  func fill(from tensor: Tensor, _ buffer: ProgramBuffer) throws(Diagnostic) {
    if tensor.type != buffer.type {
      throw Diagnostic("'%\(buffer.name)' is a \(buffer.type), but a \(tensor.type) is given")
    }
    tensor.withBytes { UnsafeMutableRawBufferPointer(start: start, count: byteCount).copyMemory(from: $0) }
  }

  /// The memory as a tensor.
  func tensor(_ type: TensorType) -> Tensor {
    Tensor(type, bytes: UnsafeRawBufferPointer(start: start, count: byteCount))
  }
}

/// One run of one kernel.
struct KernelRun {
  let kernel: Kernel
  let memory: [UnsafeMutableRawPointer]
  /// The point of the index space; the axes that no loop is at are 0.
  let coordinates: UnsafeMutablePointer<Int>

  /// A block of the kernel, ready to run.
  func runner(_ block: Block) -> BlockRunner { BlockRunner(block, of: kernel, on: memory) }
  /// A program of the kernel, ready to run.
  func runner(_ program: ScalarProgram) -> BlockRunner { BlockRunner(program, of: kernel, on: memory) }

  /// The number of points of some axes.
  func count(_ axes: Range<Int>) -> Int { axes.reduce(1) { $0 * kernel.axes[$1] } }

  /// Calls `body` at every point of `axes`, in lexicographic order, with its number; leaves them at 0.
  @inline(__always) func forEachPoint(of axes: Range<Int>, _ body: (Int) -> Void) {
    for number in 0..<count(axes) {
      body(number)
      for axis in axes.reversed() {
        coordinates[axis] += 1
        if coordinates[axis] < kernel.axes[axis] { break }
        coordinates[axis] = 0
      }
    }
  }
}
