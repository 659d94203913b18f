import CSupport
import FraguaKernels
import FraguaSource
import FraguaTensors
import Synchronization

/// Threads that run steps together: the caller is thread 0, the others wait between steps.
///
/// A waiting thread spins for some microseconds, then sleeps. Several callers may use it at once: one gets the threads,
/// the others run their steps alone meanwhile, which gives the same bits.
public final class ThreadTeam: Sendable {
  /// The number of threads, the caller's included.
  public let count: Int
  /// How often a waiting thread looks before it sleeps: about 30 µs; not at all where threads outnumber processors.
  public let spins: UInt32
  /// Belongs to the caller that made ``isBusy`` true, and is handed to the others by its signals.
  private nonisolated(unsafe) let shared: UnsafeMutablePointer<Shared>
  private let others: [SystemThread]
  /// Whether a caller uses the other threads.
  private let isBusy = Atomic(false)

  /// What the caller and the other threads share.
  private struct Shared {
    /// Counts up when a step starts.
    var started = FraguaSignal()
    /// Counts up when a thread has finished a step.
    var finished = FraguaSignal()
    var isStopping = false
    var spins: UInt32 = 0
    var step: UInt64 = 0
    /// A context for each thread.
    var contexts: UnsafePointer<FraguaContext>?
  }

  /// The processors that this process may use: those of its affinity mask, as far as its control groups' quotas go.
  public static var processorsAllowed: Int { min(Int(fragua_processors_allowed()), ProcessLimits.processors ?? .max) }

  /// A team of `count` threads, or of as many as the system gives: the caller's own at least.
  /// - Requires: at least one.
  public init(_ count: Int) {
    precondition(count >= 1, "a team of \(count) threads")
    spins = count <= Self.processorsAllowed ? 1000 : 0
    shared = UnsafeMutablePointer<Shared>.allocate(capacity: 1)
    shared.initialize(to: Shared())
    shared.pointee.spins = spins
    nonisolated(unsafe) let shared = shared
    others = SystemThread.start(atMost: count - 1, stackBytes: Self.stackBytes) { Self.work(shared, $0) }
    self.count = others.count + 1
  }

  deinit {
    Self.stop(others, shared)
    shared.deallocate()
  }

  /// Runs the step at `address` and returns when it is done: on all threads, each with its context, or, where another
  /// caller keeps them busy, on this one with the context `alone`.
  func run(_ address: UInt64, _ contexts: UnsafePointer<FraguaContext>, alone: UnsafePointer<FraguaContext>) {
    if count == 1 || isBusy.exchange(true, ordering: .acquiring) {
      fragua_call_step(address, alone)
    } else {
      runTogether(address, contexts)
      isBusy.store(false, ordering: .releasing)
    }
  }

  /// Runs the step on all threads. Never inlined, so that a step on one thread saves no registers for it.
  @inline(never)
  private func runTogether(_ address: UInt64, _ contexts: UnsafePointer<FraguaContext>) {
    shared.pointee.step = address
    shared.pointee.contexts = contexts
    shared.pointee.finished.count = 0
    fragua_signal(&shared.pointee.started)
    fragua_call_step(address, contexts)
    var done: UInt32 = 0
    while done < UInt32(count - 1) { done = fragua_wait_for_change(&shared.pointee.finished, done, spins) }
  }

  // MARK: The other threads

  /// As much stack as any kernel needs many times over; little where there are a thousand threads.
  private static let stackBytes = 1 << 20

  /// Ends `threads`, which wait for a step.
  private static func stop(_ threads: [SystemThread], _ shared: UnsafeMutablePointer<Shared>) {
    shared.pointee.isStopping = true
    fragua_signal(&shared.pointee.started)
    for thread in threads { thread.join() }
  }

  /// What thread `index` does: runs steps until the team ends.
  private static func work(_ shared: UnsafeMutablePointer<Shared>, _ index: Int) {
    // This thread runs nothing but steps, which need not set the mode then.
    DenormalMode.flush()
    var seen: UInt32 = 0
    while true {
      seen = fragua_wait_for_change(&shared.pointee.started, seen, shared.pointee.spins)
      if shared.pointee.isStopping { return }
      fragua_call_step(shared.pointee.step, shared.pointee.contexts! + index)
      fragua_signal(&shared.pointee.finished)
    }
  }
}
