/// What is wrong with the user's input: where, what is there, what was expected, and what to do.
///
/// Messages are lower case without a full stop, quote the user's text, and state both facts. A `Diagnostic` is thrown
/// for one error; ``Diagnostics`` carries several.
public struct Diagnostic: Error, Sendable, Equatable {
  /// A place with a remark: a definition that the error refers to, or a hint.
  public struct Note: Sendable, Equatable {
    public let message: String
    public let location: SourceLocation?

    public init(_ message: String, at location: SourceLocation? = nil) {
      self.message = message
      self.location = location
    }
  }

  public var message: String
  /// Where; `nil` until someone who knows the place adds it with ``located(at:)``.
  public var location: SourceLocation?
  public var notes: [Note]

  public init(_ message: String, at location: SourceLocation? = nil, notes: [Note] = []) {
    self.message = message
    self.location = location
    self.notes = notes
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
  /// The diagnostic as a person reads it: `path:line:column: error: message`, the line with a caret under the place if
  /// `files` holds it, then the notes.
  public func rendered(files: [SourceFile] = []) -> String {
    var lines = Self.render("error", message, location, files)
    for note in notes { lines += Self.render("note", note.message, note.location, files) }
    return lines.joined(separator: "\n")
  }

  private static func render(
    _ kind: String, _ message: String, _ location: SourceLocation?, _ files: [SourceFile]
  ) -> [String] {
    guard let location else { return ["\(kind): \(message)"] }
    var lines = ["\(location): \(kind): \(message)"]
    if let file = files.first(where: { $0.path == location.file }) {
      let text = file.text(ofLine: location.line)
      // At the end of a file there is nothing to show.
      if text.allSatisfy(\.isWhitespace) { return lines }
      // A line too long for a terminal is shown around the place.
      let skipped = location.column > 100 ? location.column - 60 : 0
      let shown = String(text.dropFirst(skipped).prefix(140))
      let indent = String(shown.prefix(location.column - 1 - skipped).map { $0 == "\t" ? "\t" : " " })
      lines.append("  " + shown)
      lines.append("  " + indent + "^")
    }
    return lines
  }
}
