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
    let file: SourceFile
    do throws(Diagnostic) { file = try readSourceFile(path) } catch { throw Diagnostics([error]) }
    try self.init(parsing: file, vocabulary: vocabulary)
  }

  /// Parses a graph that a program has as text.
  public init(parsing file: SourceFile, vocabulary: Vocabulary = .standard) throws(Diagnostics) {
    self = try Parser.parse(file, vocabulary: vocabulary)
    try GraphVerifier.check(self)
  }
}

extension Diagnostics {
  /// The errors as a person reads them, of many the first, each with its line, which is read again from its file.
  ///
  /// A place that a dump only claims to come from is shown without its line: what a file may be read for is not for a
  /// text to say.
  public var rendered: String { rendered { place in place.isClaimed ? nil : readExcerpt(at: place) } }
}
