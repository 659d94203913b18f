import FraguaData
import FraguaGraph
import FraguaSource
import FraguaSyntax
import FraguaTransforms

extension Graph {
  /// Reads a graph file: parsed, resolved and verified.
  ///
  /// - Throws: all errors of the file; ``Diagnostics/rendered(files:)`` shows them with their lines.
  public init(contentsOf path: String, vocabulary: Vocabulary = .standard) throws(Diagnostics) {
    let file = try collecting { () throws(Diagnostic) in try readSourceFile(path) }
    try self.init(parsing: file, vocabulary: vocabulary)
  }

  /// Parses a graph that a program has as text.
  public init(parsing file: SourceFile, vocabulary: Vocabulary = .standard) throws(Diagnostics) {
    self = try Parser.parse(file, vocabulary: vocabulary)
    do throws(Diagnostics) {
      try GraphVerifier.check(self)
      try Pipeline.standard.checkStage(of: self)
    } catch { throw error.located(at: file.location(ofByte: 0)) }
  }
}

extension Diagnostics {
  /// The same errors, those that have no place at `place`: where the file begins, of what is said of all of it.
  public func located(at place: SourceLocation) -> Diagnostics { Diagnostics(all.map { $0.located(at: place) }) }

  /// The errors as a person reads them, of many the first, each with its line, which is read again from its file.
  ///
  /// A place that a dump only claims to come from is shown without its line: what a file may be read for is not for a
  /// text to say.
  public var rendered: String { rendered { place in place.isClaimed ? nil : readExcerpt(at: place) } }
}
