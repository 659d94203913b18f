import Fragua
import FraguaSource
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// The terminal: standard output for what was asked for, standard error for what went wrong and for progress.
///
/// Whatever comes from a file or the command line is made visible on its way here: only the command itself moves a
/// cursor or colours a word.
enum Console {
  /// Whether standard output, or standard error, is a terminal that understands colours.
  static let outputIsTerminal = isTerminal(STDOUT_FILENO)
  static let errorIsTerminal = isTerminal(STDERR_FILENO)

  /// Standard output.
  static let output = STDOUT_FILENO

  /// Writes lines to standard output: on a terminal what is `bold` so, and what is `faint` fainter than the rest.
  static func print(bold: String = "", _ text: String = "", faint: String = "") {
    func styled(_ text: String, _ style: Int) -> String {
      outputIsTerminal && !text.isEmpty ? "\u{1B}[\(style)m\(safe(text))\u{1B}[0m" : safe(text)
    }
    write(styled(bold, 1) + safe(text) + styled(faint, 2) + "\n", to: STDOUT_FILENO)
  }

  /// A path or name as it stands within a line.
  static func name(_ text: String) -> String { text.visible(keepsTabs: false) }

  /// `text`, which may have several lines, without orders to a terminal.
  private static func safe(_ text: String) -> String { text.visible(keepsTabs: true, keepsLines: true) }

  /// Writes lines to standard error, the words `error:`, `warning:` and `note:` coloured on a terminal.
  static func error(_ text: String) {
    let text = safe(text)
    ProgressLine.clear()
    guard errorIsTerminal else { return write(text + "\n", to: STDERR_FILENO) }
    var lines: [String] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      lines.append(coloured(String(line)))
    }
    write(lines.joined(separator: "\n") + "\n", to: STDERR_FILENO)
  }

  /// Writes a warning to standard error, with its line.
  static func warn(_ warning: Diagnostic) { error(Diagnostics([warning]).rendered) }

  /// Writes a remark, one line, to standard error: whole, so that a command in it can be copied.
  static func remark(_ text: String) { error("note: " + name(text)) }

  /// Writes a remark about a file's content to standard error, shortened as a diagnostic is.
  static func remark(_ note: Diagnostic.Note) { error(note.rendered) }

  /// Writes all of `text`, whatever is buffered elsewhere. Where standard output takes no more, ``outputFailure`` is set.
  static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress!, $0.count) }
      if written < 0, errno == EINTR { continue }
      if written < 0, errno == EAGAIN {
        // Whoever shares the descriptor chose that writing does not wait.
        var state = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        poll(&state, 1, -1)
        continue
      }
      guard written > 0 else {
        if descriptor == STDOUT_FILENO { loseOutput(written < 0 ? errno : EIO) }
        return
      }
      bytes = bytes.dropFirst(written)
    }
  }

  // MARK: Standard output that is lost

  /// The system's reason why standard output could not be written to, or 0.
  private static let failure = Atomic<Int32>(0)

  /// Whether something that was written to standard output got lost, or its reader has gone.
  static var hasLostOutput: Bool { failure.load(ordering: .relaxed) != 0 }

  /// What is said where something that was written to standard output got lost.
  static var outputFailure: Diagnostic? {
    let code = failure.load(ordering: .relaxed)
    if code == 0 { return nil }
    return Diagnostic("cannot write to standard output: \(String(cString: strerror(code)).lowercased())")
  }

  /// Notes the first failure.
  private static func loseOutput(_ code: Int32) {
    _ = failure.compareExchange(expected: 0, desired: code, ordering: .relaxed)
  }

  /// Looks whether whoever read standard output has gone, without writing anything.
  static func checkReader() {
    var state = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
    if poll(&state, 1, 0) == 1, state.revents & Int16(POLLERR) != 0 { loseOutput(EPIPE) }
  }

  /// Sees to it that no file which is opened later gets the number of a standard stream that is closed, and that a file
  /// which grows too large is a failure like any other.
  static func prepare() {
    for descriptor in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(descriptor, F_GETFD) < 0 {
      // The lowest number that is free; for reading, so that what is written there fails as before.
      _ = open("/dev/null", O_RDONLY)
    }
    signal(SIGXFSZ, SIG_IGN)
  }

  /// Closes standard output: some file systems say only then that what was written did not fit.
  static func closeOutput() {
    if close(STDOUT_FILENO) != 0, errno != EBADF { loseOutput(errno) }
  }

  /// A diagnostic's line with its kind in colour and the caret too.
  private static func coloured(_ line: String) -> String {
    for (word, colour) in [("error:", "\u{1B}[1;31m"), ("warning:", "\u{1B}[1;35m"), ("note:", "\u{1B}[1;36m")] {
      if line.hasPrefix(word) { return colour + word + "\u{1B}[0m" + line.dropFirst(word.count) }
      guard let range = line.firstRange(of: " " + word + " ") else { continue }
      return line[..<range.lowerBound] + " " + colour + word + "\u{1B}[0m " + line[range.upperBound...]
    }
    if line.hasSuffix("^"), line.dropLast().allSatisfy(\.isWhitespace) { return "\u{1B}[32m\(line)\u{1B}[0m" }
    return line
  }

  private static func isTerminal(_ descriptor: Int32) -> Bool {
    isatty(descriptor) == 1 && getenv("NO_COLOR") == nil && getenv("TERM").map { String(cString: $0) } != "dumb"
  }
}
