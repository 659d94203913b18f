#if canImport(Glibc)
  import Glibc
#endif

/// The one line on a terminal that is written over and over; nothing where standard error is no terminal.
enum ProgressLine {
  /// Whether a line stands there now. Only the main thread writes.
  nonisolated(unsafe) private static var isShown = false

  /// Shows `text` in place of what the line said before.
  static func show(_ text: String) {
    guard Console.errorIsTerminal else { return }
    var size = winsize()
    let columns = ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
    Console.write("\r\u{1B}[K" + text.prefix(columns - 1), to: STDERR_FILENO)
    isShown = true
  }

  /// Removes the line, before something else is written.
  static func clear() {
    guard isShown else { return }
    Console.write("\r\u{1B}[K", to: STDERR_FILENO)
    isShown = false
  }
}
