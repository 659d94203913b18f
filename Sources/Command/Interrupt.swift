import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Ctrl-C: the first one asks for an end after the present step, the second one ends at once.
enum Interrupt {
  private static let flag = Atomic(false)

  /// Whether Ctrl-C was pressed.
  static var isRaised: Bool { flag.load(ordering: .relaxed) }

  /// Catches SIGINT and SIGTERM from now on.
  static func catchSignals() {
    for number in [SIGINT, SIGTERM] {
      signal(number) { number in
        Interrupt.flag.store(true, ordering: .relaxed)
        signal(number, SIG_DFL)
      }
    }
  }
}
