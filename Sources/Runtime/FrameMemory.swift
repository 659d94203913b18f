import CSupport
import FraguaKernels
import FraguaTensors
import Synchronization

/// What a ``Frame`` has: memory, the tables that point to it, and the contexts of the threads that run a step.
///
/// Whoever has taken it uses it alone; ``FramePool`` hands it on.
final class FrameMemory: @unchecked Sendable {
  let arguments: [AlignedMemory]
  let results: [AlignedMemory]
  /// Where the parameters lie.
  let parameters: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  /// The ``ParameterBlock/identity`` of the block that ``parameters`` point into; 0 is none.
  var parameterIdentity: UInt64 = 0
  /// A context for each thread of a team.
  let contexts: UnsafeMutablePointer<FraguaContext>
  /// The context of a caller that runs the step without the team.
  var contextAlone: UnsafeMutablePointer<FraguaContext> { contexts + threads }

  private let threads: Int
  private let arena: AlignedMemory
  private let argumentTable: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let resultTable: UnsafeMutablePointer<UnsafeMutableRawPointer?>
  private let barrier: UnsafeMutablePointer<FraguaBarrier>
  /// For each thread its stamps; empty unless the step is profiled.
  private let stamps: UnsafeMutableBufferPointer<UInt64>

  /// Whether somebody uses it, and the next one of its pool.
  let isTaken = Atomic(true)
  let next = AtomicLazyReference<FrameMemory>()

  /// Memory that its maker has taken.
  init(_ layout: FrameLayout) {
    let threads = layout.threads
    self.threads = threads
    arguments = layout.argumentTypes.map { AlignedMemory(byteCount: $0.byteCount) }
    results = layout.resultTypes.map { AlignedMemory(byteCount: $0.byteCount) }
    arena = AlignedMemory(byteCount: layout.arenaBytes)
    argumentTable = Self.table(arguments)
    resultTable = Self.table(results)
    parameters = .allocate(capacity: layout.parameterCount + 1)
    parameters.initialize(repeating: nil, count: layout.parameterCount + 1)
    barrier = UnsafeMutableRawPointer.allocate(byteCount: 64, alignment: 64).bindMemory(
      to: FraguaBarrier.self, capacity: 1)
    barrier.initialize(to: FraguaBarrier())
    stamps = .allocate(capacity: threads * layout.stampCount)
    stamps.initialize(repeating: 0)
    contexts = .allocate(capacity: threads + 1)
    for index in 0...threads {
      let isAlone = index == threads
      let thread = isAlone ? 0 : index
      (contexts + index).initialize(
        to: FraguaContext(
          version: 2, thread: UInt32(thread), threads: UInt32(isAlone ? 1 : threads), spins: layout.spins,
          arguments: UnsafePointer(argumentTable), results: UnsafePointer(resultTable),
          parameters: UnsafePointer(parameters),
          arena: arena.start.assumingMemoryBound(to: CChar.self), barrier: barrier, wait: fragua_barrier_wait,
          stamps: stamps.baseAddress.map { $0 + thread * layout.stampCount }, now: fragua_now,
          // The threads of a team have made them zeros; of the caller's, each step says it.
          denormalsAreZeros: thread == 0 ? 0 : 1))
    }
  }

  deinit {
    argumentTable.deallocate()
    resultTable.deallocate()
    parameters.deallocate()
    UnsafeMutableRawPointer(barrier).deallocate()
    contexts.deallocate()
    stamps.deallocate()
  }

  /// The stamps of `thread`.
  func stamps(of thread: Int) -> UnsafeMutableBufferPointer<UInt64> {
    let count = stamps.count / threads
    return UnsafeMutableBufferPointer(rebasing: stamps[thread * count..<(thread + 1) * count])
  }

  /// A table of where `memories` start.
  private static func table(_ memories: [AlignedMemory]) -> UnsafeMutablePointer<UnsafeMutableRawPointer?> {
    let table = UnsafeMutablePointer<UnsafeMutableRawPointer?>.allocate(capacity: memories.count + 1)
    table.initialize(repeating: nil, count: memories.count + 1)
    for (index, memory) in memories.enumerated() { table[index] = memory.start }
    return table
  }
}

/// What a ``FrameMemory`` is made for.
struct FrameLayout {
  let argumentTypes: [TensorType]
  let resultTypes: [TensorType]
  let parameterCount: Int
  /// The temporaries, with the scratch of all threads.
  let arenaBytes: Int
  let threads: Int
  /// How often a waiting thread looks before it sleeps.
  let spins: UInt32
  /// The stamps of each thread; 0 unless the step is profiled.
  let stampCount: Int
}
