import FraguaGraph
import FraguaSource

/// Reads the graph language.
public enum Parser {
  /// The graph that `file` writes, with all names resolved and all types inferred.
  ///
  /// `vocabulary` says what operations, initializers and optimizers there are; operands are broadcast by its operation
  /// `broadcast`.
  /// - Throws: all errors of the file in the order of the text.
  public static func parse(_ file: SourceFile, vocabulary: Vocabulary) throws(Diagnostics) -> Graph {
    let sink = DiagnosticSink(file)
    let tree = TreeParser.parse(sink)
    let graph = Resolver(tree, sink, vocabulary).resolve()
    if !sink.all.isEmpty { throw Diagnostics(sink.sorted) }
    return graph
  }
}
