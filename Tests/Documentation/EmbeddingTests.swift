import Foundation
import Fragua
import Testing

/// The Swift examples of the documents are text of this file, which is compiled and run.
@Suite struct EmbeddingTests {
  /// The first example of the README, in a process and a folder of its own, prints what the README shows.
  @Test func readmeExample() async throws {
    let result = try await #require(processExitsWith: .success, observing: [\.standardOutputContent]) {
      let sandbox = try Sandbox(Document.named("README.md"))
      try sandbox.enter()
      // begin README
      let model = try Model(contentsOf: "graphs/student.graph", seed: 1)
      let x = try DataSource(parsing: "graphs/data/students.csv:classes,hours").load(expecting: TensorType([2], .f32))
      let y = try DataSource(parsing: "graphs/data/students.csv:passed").load(expecting: TensorType([1], .f32))

      try model.train(
        on: ["x": x, "y": y], options: TrainingOptions(epochs: 30),
        report: { event in
          if case .epoch(let epoch) = event, epoch.epoch % 10 == 0 { print(epoch.epoch, epoch.training.loss) }
        })
      try model.save(to: "parameters.safetensors")
      print(try model.predict(["x": Tensor([1, 2], [4, 5] as [Float])])[0].asDouble)

      do throws(Diagnostics) {
        _ = try Model(contentsOf: "missing.graph")
      } catch {
        print(error.rendered)
      }
      // end README
      sandbox.leave()
    }
    let blocks = Document.named("README.md").blocks
    let position = try #require(blocks.firstIndex { $0.words == ["swift"] })
    let code = "import Fragua\n\n" + (try Self.example("README"))
    let output = String(decoding: result.standardOutputContent, as: UTF8.self)
    if Document.isBlessing {
      let texts = [code, output].map {
        $0.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).dropLast()
      }
      return try Document.named("README.md").write(
        replacing: zip(blocks[position...], texts).map { (block: $0, lines: Array($1)) })
    }
    #expect(blocks[position].text == code)
    #expect(blocks[position + 1].text == output)
  }

  /// Swift files that a document shows are the files of the project.
  @Test(arguments: Document.all) func shownFilesAreReal(_ document: Document) {
    for block in document.blocks where block.kind == "swift" {
      if let path = block.fileName {
        #expect(block.text == Document.contents(ofFile: path), "\(document.place(block))")
      }
    }
  }

  /// The lines of this file between `// begin NAME` and `// end NAME`, as far left as they go.
  private static func example(_ name: String) throws -> String {
    let lines = Document.contents(ofFile: "Tests/Documentation/EmbeddingTests.swift").split(
      separator: "\n", omittingEmptySubsequences: false)
    let start = try #require(lines.firstIndex { $0.hasSuffix("  // begin \(name)") }) + 1
    let body = lines[start...].prefix { !$0.hasSuffix("  // end \(name)") }
    let indent = body.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
    return body.map { $0.dropFirst(indent) + "\n" }.joined()
  }
}
