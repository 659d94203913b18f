import CAllocation
import FraguaCodeGen
import FraguaSource

#if canImport(Glibc)
  import Glibc
#endif

/// Turns a trap of ours into an exit with status 70 and a word about whose fault it is.
///
/// What was wrong stands above it: an invariant that does not hold prints its message before it traps.
enum DefectReport {
  /// The command line; set once, before any signal is caught.
  nonisolated(unsafe) private static var command: UnsafeMutablePointer<CChar>?

  /// Catches the signals that traps, aborts and wild accesses raise, also where who started the command had blocked
  /// them.
  static func install() {
    command = strdup(CommandLine.arguments.map { Console.name($0.shortened(to: 120)) }.joined(separator: " "))
    // On a stack of its own, so that an overflow of the stack is reported as well.
    let bytes = 1 << 16
    var stack = stack_t(ss_sp: .allocate(byteCount: bytes, alignment: 16), ss_flags: 0, ss_size: bytes)
    sigaltstack(&stack, nil)
    let numbers = [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE]
    for number in numbers {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { number in
        if CodeGenDefect.isOutOfMemory.load(ordering: .relaxed) { fragua_out_of_memory() }
        DefectReport.write("\nfragua: stopped by ")
        DefectReport.write(DefectReport.name(of: number))
        DefectReport.write(" in: ")
        if let command = DefectReport.command { _ = Glibc.write(STDERR_FILENO, command, strlen(command)) }
        DefectReport.write(
          "\nfragua: this is a defect of fragua, not of your input. Please report what is said here, with the files.\n")
        _exit(70)
      }
      action.sa_flags = Int32(SA_ONSTACK) | Int32(bitPattern: UInt32(SA_RESETHAND))
      sigaction(number, &action, nil)
    }
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in numbers { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  // Only what may be called in a signal's handler.

  private static func write(_ text: StaticString) {
    _ = Glibc.write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
  }

  private static func name(of signal: Int32) -> StaticString {
    switch signal {
    case SIGILL, SIGTRAP: "a trap"
    case SIGABRT: "an abort"
    case SIGFPE: "an arithmetic fault"
    default: "a wild access, or a stack that overflowed,"
    }
  }
}
