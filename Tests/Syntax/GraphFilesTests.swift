import FraguaGraph
import FraguaOperations
import FraguaSource
import FraguaSyntax
import FraguaTransforms
import Testing

/// The repository's root.
let root = String(#filePath.dropLast("Tests/Syntax/GraphFilesTests.swift".count))

/// The models of `graphs/`.
@Suite struct GraphFilesTests {
  static let files =
    ["perceptron", "student", "fashion"]
    + ["student", "tiny-deep", "mnist-mlp", "wide-mlp", "tanh-mlp", "deep-1000"].map { "bench/" + $0 }

  /// Each parses, is well-formed in memory, and its canonical text reads back as the same text.
  @Test(arguments: files) func parses(name: String) throws {
    let path = "graphs/\(name).graph"
    let file = SourceFile(path: path, bytes: try bytes(ofFile: root + path))
    let graph = try parse(file)
    #expect(GraphVerifier.errors(in: graph) == [])
    try expectStable(graph)
    #expect(graph.trainings.map(\.name) == ["fit"])
    #expect(graph.function(named: "predict") != nil && graph.function(named: "loss") != nil)
  }
}
