import CSupport
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Threads that run steps together: the caller is thread 0, the others wait between steps.
///
/// A waiting thread spins for some microseconds, then sleeps. Not for use by several callers at once.
public final class ThreadTeam: @unchecked Sendable {
  /// The number of threads, the caller's included.
  public let count: Int
  /// How often a waiting thread looks before it sleeps: about 30 µs; not at all where threads outnumber processors.
  public let spins: UInt32
  private let shared: UnsafeMutablePointer<Shared>
  private let others: [SystemThread]

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

  /// A team of `count` threads.
  /// - Requires: at least one.
  /// - Throws: where the system refuses one of them; those that were there end.
  public init(_ count: Int) throws(Diagnostic) {
    precondition(count >= 1, "a team of \(count) threads")
    self.count = count
    spins = count <= Self.processorsAllowed ? 1000 : 0
    let shared = UnsafeMutablePointer<Shared>.allocate(capacity: 1)
    shared.initialize(to: Shared())
    shared.pointee.spins = spins
    self.shared = shared
    do throws(Diagnostic) { others = try Self.start(count, shared) } catch {
      shared.deallocate()
      throw error
    }
  }

  deinit {
    Self.stop(others, shared)
    shared.deallocate()
  }

  /// Runs the step at `address` on all threads, each with its context, and returns when all have finished.
  func run(_ address: UInt64, _ contexts: UnsafePointer<FraguaContext>) {
    if count == 1 {
      fragua_call_step(address, contexts)
      return
    }
    shared.pointee.step = address
    shared.pointee.contexts = contexts
    shared.pointee.finished.count = 0
    fragua_signal(&shared.pointee.started)
    fragua_call_step(address, contexts)
    var done: UInt32 = 0
    while done < UInt32(count - 1) { done = fragua_wait_for_change(&shared.pointee.finished, done, spins) }
  }

  // MARK: The other threads

  /// Starts all threads but the caller's.
  private static func start(
    _ count: Int, _ shared: UnsafeMutablePointer<Shared>
  ) throws(Diagnostic) -> [SystemThread] {
    nonisolated(unsafe) let shared = shared
    var threads: [SystemThread] = []
    threads.reserveCapacity(count - 1)
    while threads.count < count - 1 {
      let index = threads.count + 1
      do throws(Diagnostic) { threads.append(try SystemThread { work(shared, index) }) } catch {
        stop(threads, shared)
        throw error.noting("there are \(index) of \(count) threads; '--threads \(max(1, index / 2))' asks for fewer")
          .noting("'ulimit -u', the control group's pids.max and the memory for stacks limit threads")
      }
    }
    return threads
  }

  /// Ends `threads`, which wait for a step.
  private static func stop(_ threads: [SystemThread], _ shared: UnsafeMutablePointer<Shared>) {
    shared.pointee.isStopping = true
    fragua_signal(&shared.pointee.started)
    for thread in threads { thread.join() }
  }

  /// What thread `index` does: runs steps until the team ends.
  private static func work(_ shared: UnsafeMutablePointer<Shared>, _ index: Int) {
    var seen: UInt32 = 0
    while true {
      seen = fragua_wait_for_change(&shared.pointee.started, seen, shared.pointee.spins)
      if shared.pointee.isStopping { return }
      fragua_call_step(shared.pointee.step, shared.pointee.contexts! + index)
      fragua_signal(&shared.pointee.finished)
    }
  }
}
