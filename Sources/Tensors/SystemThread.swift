import FraguaSource

#if canImport(Glibc)
  import Glibc
#endif

/// A thread of the system, which may refuse one where a limit of processes or of memory is reached.
package struct SystemThread: Sendable {
  private let handle: pthread_t

  /// As much stack as a process's first thread has, for threads that compile: LLVM's passes recurse.
  package static let compilerStackBytes = 8 << 20

  /// Starts a thread that runs `body`.
  ///
  /// Either ``join()`` or ``detach()`` must follow.
  /// - Parameter stackBytes: the size of its stack.
  /// - Throws: where the system refuses it.
  package init(stackBytes: Int, _ body: @escaping @Sendable () -> Void) throws(Diagnostic) {
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, stackBytes)
    let start = Unmanaged.passRetained(Start(body))
    var handle = pthread_t()
    let status = pthread_create(
      &handle, &attributes,
      { raw in
        Unmanaged<Start>.fromOpaque(raw!).takeRetainedValue().body()
        return nil
      }, start.toOpaque())
    guard status == 0 else {
      start.release()
      throw Diagnostic("the system refuses a thread: \(String(cString: strerror(status)).lowercased())")
    }
    self.handle = handle
  }

  /// Starts at most `count` threads that run `body`, each with its number from 1 on; fewer where the system refuses some.
  ///
  /// Each is to be joined.
  package static func start(
    atMost count: Int, stackBytes: Int, _ body: @escaping @Sendable (Int) -> Void
  ) -> [SystemThread] {
    var threads: [SystemThread] = []
    while threads.count < count {
      let number = threads.count + 1
      do throws(Diagnostic) {
        threads.append(try SystemThread(stackBytes: stackBytes) { body(number) })
      } catch { break }
    }
    return threads
  }

  /// Waits until it has ended.
  package func join() { pthread_join(handle, nil) }

  /// Lets it run and end by itself.
  package func detach() { pthread_detach(handle) }

  /// What the thread starts with.
  private final class Start: Sendable {
    let body: @Sendable () -> Void

    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }
}
