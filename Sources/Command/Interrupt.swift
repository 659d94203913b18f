import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// The signals that ask a training to end: Ctrl-C, a terminal that closes, a machine that shuts down.
///
/// Each ends it after the present step, and after saving; the second Ctrl-C ends it at once.
enum Interrupt {
  private static let raised = Atomic<Int32>(0)

  /// Whether the training is to end.
  static var isRaised: Bool { raised.load(ordering: .relaxed) != 0 }

  /// The exit status for the signal that was caught, if one was.
  static var status: ExitStatus? {
    switch raised.load(ordering: .relaxed) {
    case SIGINT: .interrupted
    case SIGTERM: .terminated
    case SIGHUP: .hungUp
    default: nil
    }
  }

  /// Catches the signals from now on, also where who started the command had blocked them; and a reader of standard
  /// output that goes away is a failure to write rather than the end.
  static func catchSignals() {
    var numbers = [SIGINT, SIGTERM]
    // Who ignores that the terminal closes, as nohup does, wants the training to go on.
    if !isIgnored(SIGHUP) { numbers.append(SIGHUP) }
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in numbers {
      sigaddset(&signals, number)
      signal(number) { number in
        Interrupt.raised.store(number, ordering: .relaxed)
        // Terminals and supervisors send the others twice; that must not interrupt the saving.
        if number == SIGINT { signal(number, SIG_DFL) }
      }
    }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
    signal(SIGPIPE, SIG_IGN)
  }

  private static func isIgnored(_ number: Int32) -> Bool {
    var action = sigaction()
    sigaction(number, nil, &action)
    return unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == 1
  }
}
