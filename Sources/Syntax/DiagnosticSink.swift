import FraguaSource

/// Collects the errors of one file; the whole front end reports here.
final class DiagnosticSink {
  let file: SourceFile
  private(set) var all: [Diagnostic] = []
  /// So many errors are enough; the rest is not kept.
  private let limit = 100

  init(_ file: SourceFile) { self.file = file }

  /// Whether further errors are dropped: then there is no use in going on.
  var isFull: Bool { all.count >= limit }

  /// Records an error at byte `offset`.
  func report(_ message: @autoclosure () -> String, at offset: Int, notes: @autoclosure () -> [Diagnostic.Note] = []) {
    if isFull { return }
    report(Diagnostic(message(), at: location(offset), notes: notes()))
  }

  /// Records an error.
  func report(_ error: Diagnostic) { if !isFull { all.append(error) } }

  func location(_ offset: Int) -> SourceLocation { file.location(ofByte: offset) }

  /// A remark at byte `offset`.
  func note(_ message: String, at offset: Int) -> Diagnostic.Note { .init(message, at: location(offset)) }

  /// The errors in the order of the text.
  var sorted: [Diagnostic] {
    all.enumerated().sorted { a, b in
      let (p, q) = (a.element.location, b.element.location)
      return (p?.line ?? 0, p?.column ?? 0, a.offset) < (q?.line ?? 0, q?.column ?? 0, b.offset)
    }.map(\.element)
  }
}

/// `'a', 'b', 'c'`.
func quoted(_ names: some Sequence<String>) -> String { names.map { "'\($0)'" }.joined(separator: ", ") }

/// `text` as a message quotes it: at most 40 characters.
func shortened(_ text: String) -> String { text.utf8.count <= 40 ? text : text.prefix(37) + "..." }

/// `1 operand`, `2 operands`.
func counted(_ n: Int, _ noun: String) -> String { "\(n) \(noun)\(n == 1 ? "" : "s")" }

/// The hint that goes with an unknown name: the nearest one, or all where they are few.
func suggestion(for name: String, among candidates: some Collection<String>, prefix: String = "") -> [Diagnostic.Note] {
  if let near = nearestName(to: name, among: candidates) { return [.init("did you mean '\(prefix)\(near)'?")] }
  guard !candidates.isEmpty, candidates.count <= 12 else { return [] }
  return [.init("there is \(quoted(candidates.sorted().map { prefix + $0 }))")]
}
