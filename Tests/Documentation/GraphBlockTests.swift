import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaSyntax
import FraguaTransforms
import Testing

/// The graphs and dumps in the documents are ones, and what they say is refused is refused with these words.
@Suite struct GraphBlockTests {
  /// A block of a document.
  struct Example: Sendable, CustomTestStringConvertible {
    let document: Document
    let block: Document.Block
    /// The block behind it.
    let next: Document.Block?

    var testDescription: String { document.place(block) }

    /// The blocks of that kind in all documents.
    static func all(_ kind: String, refused: Bool = false) -> [Example] {
      Document.all.flatMap { document in
        document.blocks.enumerated().compactMap { i, block in
          guard block.kind == kind, block.words.contains("refused") == refused else { return nil }
          let next = i + 1 < document.blocks.count ? document.blocks[i + 1] : nil
          return Example(document: document, block: block, next: next)
        }
      }
    }

    /// The block as a file; diagnostics call it by its name, or `example.graph`.
    var file: SourceFile { SourceFile(path: block.fileName ?? "example.graph", text: block.text) }
  }

  /// A graph is read, is well-formed, and its canonical text reads back as itself, with locations and without.
  @Test(arguments: Example.all("graph")) func graphIsOne(_ example: Example) throws {
    let graph: Graph
    do { graph = try Parser.parse(example.file, vocabulary: .standard) } catch {
      Issue.record("\(example.testDescription)\n\(Self.rendered(error, example.file))")
      return
    }
    #expect(GraphVerifier.errors(in: graph).map(\.message) == [])
    for options in [GraphPrinter.Options(), GraphPrinter.Options(locations: true)] {
      let text = GraphPrinter.print(graph, options)
      let again = try Parser.parse(SourceFile(path: "printed.graph", text: text), vocabulary: .standard)
      #expect(GraphPrinter.print(again, options) == text)
    }
  }

  /// A dump of kernels is read, is well-formed, and prints as it stands.
  @Test(arguments: Example.all("kernels")) func kernelsAreSome(_ example: Example) throws {
    let dump = try KernelParser.parse(example.file)
    #expect(KernelVerifier.verify(dump.program).map(\.message) == [])
    #expect(KernelPrinter.print(dump, elidingConstants: false) == example.block.text)
  }

  /// Where a text is said to be refused, the block behind it is exactly what a person reads.
  @Test(arguments: Document.all) func refusals(_ document: Document) throws {
    var replacements: [(block: Document.Block, lines: [String])] = []
    for example in Example.all("graph", refused: true) where example.document.path == document.path {
      let next = try #require(example.next, "\(example.testDescription): no errors follow")
      try #require(next.kind == "text", "\(example.testDescription): the errors are not in a block 'text'")
      let actual = Self.errors(example.file)
      #expect(!actual.isEmpty, "\(example.testDescription) is not refused")
      replacements.append((next, actual.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)))
      if !Document.isBlessing { #expect(next.lines.joined(separator: "\n") == actual, "\(example.testDescription)") }
    }
    if Document.isBlessing, !replacements.isEmpty { try document.write(replacing: replacements) }
  }

  /// The errors of `file` as a person reads them; empty where there are none.
  private static func errors(_ file: SourceFile) -> String {
    do throws(Diagnostics) {
      let graph = try Parser.parse(file, vocabulary: .standard)
      try GraphVerifier.check(graph)
      return ""
    } catch { return rendered(error, file) }
  }

  private static func rendered(_ errors: Diagnostics, _ file: SourceFile) -> String {
    errors.all.map { $0.rendered(files: [file]) }.joined(separator: "\n")
  }
}
