import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Ctrl-C: the first one asks for an end after the present step, the second one ends at once.
enum Interrupt {
  private static let flag = Atomic(false)

  /// Whether Ctrl-C was pressed.
  static var isRaised: Bool { flag.load(ordering: .relaxed) }

  /// Catches SIGINT and SIGTERM from now on, also where who started the command had blocked them.
  static func catchSignals() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interrupt.flag.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
  }
}
