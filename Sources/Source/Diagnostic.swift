/// What is wrong with the user's input, or seems to be: where, what is there, what was expected, and what to do.
///
/// Messages are lower case without a full stop, quote the user's text, and state both facts. They are short, whatever
/// they quote: of a text that is longer than 120 characters the middle is left out. A `Diagnostic` is thrown for one
/// error; ``Diagnostics`` carries several.
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
      self.message = message.bounded
      self.location = location
    }

    /// The remark as a person reads it, on one line, without its place.
    package var rendered: String { "note: \(message)".visible(keepsTabs: false) }
  }

  public var severity: Severity
  public private(set) var message: String
  /// Where; `nil` until someone who knows the place adds it with ``located(at:)``.
  public var location: SourceLocation?
  public var notes: [Note]

  public init(
    _ message: String, at location: SourceLocation? = nil, notes: [Note] = [], severity: Severity = .error
  ) {
    self.severity = severity
    self.message = message.bounded
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
  public init(_ one: Diagnostic) { all = [one] }
}

/// Runs `body`, whose one error becomes several.
package func collecting<R>(_ body: () throws(Diagnostic) -> R) throws(Diagnostics) -> R {
  do throws(Diagnostic) { return try body() } catch { throw Diagnostics(error) }
}

extension Diagnostic {
  /// The diagnostic as a person reads it: `path:line:column: error: message` (or `warning`), the line with a caret under
  /// the place if `files` holds it, then the notes. Control characters, which a file or a path may hold, are made visible.
  public func rendered(files: [SourceFile] = []) -> String {
    rendered { place in files.first { $0.path == place.file }?.excerpt(at: place) }
  }

  /// The same, where `excerpt` gives what stands at a place, or `nil` where it cannot be shown.
  package func rendered(excerpt: (SourceLocation) -> SourceExcerpt?) -> String {
    var lines = Self.render(severity.rawValue, message, location, excerpt)
    for note in notes { lines += Self.render("note", note.message, note.location, excerpt) }
    return lines.joined(separator: "\n")
  }

  private static func render(
    _ kind: String, _ message: String, _ location: SourceLocation?, _ excerpt: (SourceLocation) -> SourceExcerpt?
  ) -> [String] {
    guard let location else { return ["\(kind): \(message)".visible(keepsTabs: false)] }
    let shown = excerpt(location)
    // The path of a file that is there is shown whole, so that a terminal can follow it.
    let path = shown == nil ? location.file.shortened(to: 120) : location.file
    let first = "\(path):\(location.line):\(location.column): \(kind): \(message)"
    return [first.visible(keepsTabs: false)] + (shown?.lines ?? [])
  }
}

extension Diagnostics {
  /// So many errors are shown to a person: a screen of them.
  private static let shownLimit = 6

  /// The errors as a person reads them, of many the first; `excerpt` gives what stands at a place.
  package func rendered(excerpt: (SourceLocation) -> SourceExcerpt?) -> String {
    var lines = all.prefix(Self.shownLimit).map { $0.rendered(excerpt: excerpt) }
    if all.count > Self.shownLimit { lines.append("note: \(all.count - Self.shownLimit) more errors are not shown") }
    return lines.joined(separator: "\n")
  }
}
