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
  /// The errors as a person reads them, each with its line, which is read again from its file.
  public var rendered: String {
    var files: [SourceFile] = []
    for location in all.flatMap({ [$0.location] + $0.notes.map(\.location) }).compactMap({ $0 })
    where !files.contains(where: { $0.path == location.file }) {
      if let file = try? readSourceFile(location.file) { files.append(file) }
    }
    return all.map { $0.rendered(files: files) }.joined(separator: "\n")
  }
}
