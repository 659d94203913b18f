#if canImport(Glibc)
  import Glibc
#endif

/// Turns a trap of ours into an exit with status 70 and a word about whose fault it is.
enum DefectReport {
  /// Catches the signals that traps, aborts and wild accesses raise.
  static func install() {
    // On a stack of its own, so that an overflow of the stack is reported as well.
    let bytes = 1 << 16
    var stack = stack_t(ss_sp: .allocate(byteCount: bytes, alignment: 16), ss_flags: 0, ss_size: bytes)
    sigaltstack(&stack, nil)
    for number in [SIGILL, SIGTRAP, SIGABRT, SIGSEGV, SIGBUS, SIGFPE] {
      var action = sigaction()
      action.__sigaction_handler.sa_handler = { _ in
        // Only what may be called in a signal's handler.
        let text: StaticString =
          "\nfragua: this is a defect of fragua, not of your input. Please report it with the command and its files.\n"
        _ = write(STDERR_FILENO, text.utf8Start, text.utf8CodeUnitCount)
        _exit(70)
      }
      action.sa_flags = Int32(SA_ONSTACK) | Int32(bitPattern: UInt32(SA_RESETHAND))
      sigaction(number, &action, nil)
    }
  }
}
