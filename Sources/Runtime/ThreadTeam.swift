import CSupport
import FraguaKernels

#if canImport(Glibc)
  import Glibc
#endif

/// Threads that run steps together: the caller is thread 0, the others wait between steps.
///
/// A waiting thread spins for some microseconds, then sleeps. Not for use by several callers at once.
public final class ThreadTeam: @unchecked Sendable {
  /// The number of threads, the caller's included.
  public let count: Int
  private let shared: UnsafeMutablePointer<Shared>
  private var handles: [pthread_t] = []

  /// What the caller and the other threads share.
  fileprivate struct Shared {
    /// Counts up when a step starts.
    var started: UInt32 = 0
    /// Counts up when a thread has finished a step.
    var finished: UInt32 = 0
    var isStopping = false
    var spins: UInt32 = 0
    var step: UInt64 = 0
    /// A context for each thread.
    var contexts: UnsafePointer<FraguaContext>?
  }

  /// The processors that this process may use.
  public static var processorsAllowed: Int { Int(fragua_processors_allowed()) }

  /// A team of `count` threads.
  public init(_ count: Int) {
    precondition(count >= 1, "a team of \(count) threads")
    self.count = count
    shared = .allocate(capacity: 1)
    shared.initialize(to: Shared())
    shared.pointee.spins = spins
    for index in 1..<max(count, 1) {
      let start = Unmanaged.passRetained(Start(shared: shared, index: index))
      var handle = pthread_t()
      let status = pthread_create(
        &handle, nil,
        { raw in
          Unmanaged<Start>.fromOpaque(raw!).takeRetainedValue().run()
          return nil
        }, start.toOpaque())
      precondition(status == 0, "the system refuses thread \(index) of \(count)")
      handles.append(handle)
    }
  }

  deinit {
    shared.pointee.isStopping = true
    fragua_signal(&shared.pointee.started)
    for handle in handles { pthread_join(handle, nil) }
    shared.deallocate()
  }

  /// How often a waiting thread looks before it sleeps: about 30 µs; not at all where threads outnumber processors.
  public var spins: UInt32 { count <= Self.processorsAllowed ? 1000 : 0 }

  /// Runs the step at `address` on all threads, each with its context, and returns when all have finished.
  func run(_ address: UInt64, _ contexts: UnsafePointer<FraguaContext>) {
    if count == 1 {
      fragua_call_step(address, contexts)
      return
    }
    shared.pointee.step = address
    shared.pointee.contexts = contexts
    shared.pointee.finished = 0
    fragua_signal(&shared.pointee.started)
    fragua_call_step(address, contexts)
    var done: UInt32 = 0
    while done < UInt32(count - 1) { done = fragua_wait_for_change(&shared.pointee.finished, done, spins) }
  }

  /// What a thread of the team starts with.
  private final class Start {
    let shared: UnsafeMutablePointer<Shared>
    let index: Int

    init(shared: UnsafeMutablePointer<Shared>, index: Int) {
      self.shared = shared
      self.index = index
    }

    func run() {
      var seen: UInt32 = 0
      while true {
        seen = fragua_wait_for_change(&shared.pointee.started, seen, shared.pointee.spins)
        if shared.pointee.isStopping { return }
        fragua_call_step(shared.pointee.step, shared.pointee.contexts! + index)
        fragua_signal(&shared.pointee.finished)
      }
    }
  }
}
