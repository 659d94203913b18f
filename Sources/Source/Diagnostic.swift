/// What is wrong with the user's input, or seems to be: where, what is there, what was expected, and what to do.
///
/// Messages are lower case without a full stop, quote the user's text, and state both facts. A `Diagnostic` is thrown
/// for one error; ``Diagnostics`` carries several.
public struct Diagnostic: Error, Sendable, Equatable {
  /// What a diagnostic means for what was to be done.
  public enum Severity: String, Sendable {
    /// It cannot be done.
    case error
    /// It is done, but is probably not what was meant.
    case warning
  }

  /// A place with a remark: a definition that the error refers to, or a hint.
  public struct Note: Sendable, Equatable {
    public let message: String
    public let location: SourceLocation?

    public init(_ message: String, at location: SourceLocation? = nil) {
      self.message = message
      self.location = location
    }
  }

  public var severity: Severity
  public var message: String
  /// Where; `nil` until someone who knows the place adds it with ``located(at:)``.
  public var location: SourceLocation?
  public var notes: [Note]

  public init(
    _ message: String, at location: SourceLocation? = nil, notes: [Note] = [], severity: Severity = .error
  ) {
    self.severity = severity
    self.message = message
    self.location = location
    self.notes = notes
  }

  /// What is probably not meant, but stops nothing.
  public static func warning(
    _ message: String, at location: SourceLocation? = nil, notes: [Note] = []
  ) -> Diagnostic {
    Diagnostic(message, at: location, notes: notes, severity: .warning)
  }

  /// The same diagnostic at `place`, unless it has a place already.
  public func located(at place: SourceLocation?) -> Diagnostic {
    var copy = self
    if copy.location == nil { copy.location = place }
    return copy
  }

  /// The same diagnostic with one more note.
  public func noting(_ message: String, at place: SourceLocation? = nil) -> Diagnostic {
    var copy = self
    copy.notes.append(Note(message, at: place))
    return copy
  }
}

/// Several errors found in one go.
public struct Diagnostics: Error, Sendable, Equatable {
  public var all: [Diagnostic]

  public init(_ all: [Diagnostic]) { self.all = all }
}

extension Diagnostic {
  /// The diagnostic as a person reads it: `path:line:column: error: message` (or `warning`), the line with a caret under the place if
  /// `files` holds it, then the notes. Control characters, which a file or a path may hold, are made visible.
  public func rendered(files: [SourceFile] = []) -> String {
    var lines = Self.render(severity.rawValue, message, location, files)
    for note in notes { lines += Self.render("note", note.message, note.location, files) }
    return lines.joined(separator: "\n")
  }

  private static func render(
    _ kind: String, _ message: String, _ location: SourceLocation?, _ files: [SourceFile]
  ) -> [String] {
    let first = (location.map { "\($0): " } ?? "") + "\(kind): \(message)"
    var lines = [first.visible(keepsTabs: false)]
    if let location, let file = files.first(where: { $0.path == location.file }) {
      let text = file.text(ofLine: location.line)
      // At the end of a file there is nothing to show.
      if !text.allSatisfy(\.isWhitespace) { lines += quoted(text, location.column) }
    }
    return lines
  }

  /// The line `text` and a caret under its column `column`, which counts scalars.
  private static func quoted(_ text: String, _ column: Int) -> [String] {
    var scalars = text.unicodeScalars[...]
    // Of a file whose lines end as on Windows.
    if scalars.last == "\r" { scalars.removeLast() }
    // A line too long for a terminal is shown around the place.
    let skipped = column > 100 ? column - 60 : 0
    scalars = scalars.dropFirst(skipped).prefix(140)
    let before = String(Substring(scalars.prefix(column - 1 - skipped))).visible(keepsTabs: true)
    // As many columns as what stands before: an accent that is a scalar of its own takes none.
    let indent = String(before.map { $0 == "\t" ? "\t" : " " })
    return ["  " + String(Substring(scalars)).visible(keepsTabs: true), "  " + indent + "^"]
  }
}
