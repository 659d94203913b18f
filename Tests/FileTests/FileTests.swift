import Foundation
import FraguaGraph
import FraguaSource
import FraguaSyntax
import FraguaTransforms
import Testing

@Suite struct FileTests {
  /// The output of each golden file's pass is what the file says, or is written into it where `BLESS` is set.
  @Test(arguments: FileCase.all) func output(_ file: FileCase) throws {
    let (input, expected) = try file.read()
    let command = try FileCaseCommand(input)
    let source = SourceFile(path: file.name, text: input)
    let output: String
    do throws(Diagnostics) {
      let graph = try Parser.parse(source, vocabulary: .standard)
      output = GraphPrinter.print(try command.run(graph))
    } catch { output = error.all.map { $0.rendered(files: [source]) }.joined(separator: "\n") + "\n" }
    if ProcessInfo.processInfo.environment["BLESS"] != nil {
      try file.bless(input, output)
    } else {
      #expect(output == expected, "run with BLESS=1 to accept, and read the change")
    }
  }

  /// The IR before and after in each pass's comment is true.
  @Test(arguments: PassComment.all) func comment(_ comment: PassComment) throws {
    let command = try FileCaseCommand(comment.input)
    let source = SourceFile(path: comment.testDescription, text: try comment.fileInput(command.pass))
    let result = try command.run(try Parser.parse(source, vocabulary: .standard))
    #expect(PassComment.shown(GraphPrinter.print(result)) == comment.expected)
  }

  @Test func everyPassHasAComment() throws {
    let described = try PassComment.all.map { try FileCaseCommand($0.input).pass.name }
    #expect(Set(described) == Set(Pipeline.standard.passes.map(\.name)) && described.count == Set(described).count)
  }

  /// What a pass prints is read back, well-formed, and prints the same.
  @Test(arguments: FileCase.all) func roundTrip(_ file: FileCase) throws {
    let (input, _) = try file.read()
    let command = try FileCaseCommand(input)
    guard let graph = try? Parser.parse(SourceFile(path: file.name, text: input), vocabulary: .standard),
      let result = try? command.run(graph)
    else { return }
    #expect(GraphVerifier.errors(in: result).map(\.message) == [])
    let text = GraphPrinter.print(result)
    let again = try Parser.parse(SourceFile(path: "dump.graph", text: text), vocabulary: .standard)
    #expect(GraphPrinter.print(again) == text)
  }
}
