import Fragua

#if canImport(Glibc)
  import Glibc
#endif

/// The terminal: standard output for what was asked for, standard error for what went wrong and for progress.
enum Console {
  /// Whether standard output, or standard error, is a terminal that understands colours.
  static let outputIsTerminal = isTerminal(STDOUT_FILENO)
  static let errorIsTerminal = isTerminal(STDERR_FILENO)

  /// Standard output.
  static let output = STDOUT_FILENO

  /// Writes a line to standard output.
  static func print(_ text: String) {
    write(text + "\n", to: STDOUT_FILENO)
  }

  /// Writes lines to standard error, the words `error:`, `warning:` and `note:` coloured on a terminal.
  static func error(_ text: String) {
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

  /// Writes a remark to standard error.
  static func remark(_ text: String) { error("note: " + text) }

  /// `text` in bold where standard output is a terminal.
  static func bold(_ text: String) -> String { outputIsTerminal ? "\u{1B}[1m\(text)\u{1B}[0m" : text }

  /// `text` fainter where standard output is a terminal.
  static func faint(_ text: String) -> String { outputIsTerminal ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

  /// Writes all of `text`, whatever is buffered elsewhere.
  static func write(_ text: String, to descriptor: Int32) {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let written = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress!, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { return }
      bytes = bytes.dropFirst(written)
    }
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
