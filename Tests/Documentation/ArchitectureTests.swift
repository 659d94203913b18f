import Foundation
import FraguaTransforms
import Testing

/// What the documents name exists, and what exists is named.
@Suite struct ArchitectureTests {
  private let document = Document.named("docs/architecture.md")

  /// Every folder of `Sources` has a heading.
  @Test func everyModuleIsExplained() throws {
    for name in try FileManager.default.contentsOfDirectory(atPath: Document.root + "Sources") {
      #expect(document.lines.contains { $0.hasPrefix("### \(name)") }, "\(name)")
    }
  }

  /// Every pass has a line in the table of passes, in their order.
  @Test func everyPassIsListed() {
    let rows = document.lines.filter { $0.hasPrefix("| `") }.map { String($0.dropFirst(3).prefix { $0 != "`" }) }
    let passes = Pipeline.standard.passes.map(\.name)
    #expect(rows.filter(passes.contains) == passes)
  }

  /// Paths in the text, such as `Sources/Compiler/Compiler.swift`, lead to files and folders.
  @Test(arguments: Document.all) func pathsExist(_ document: Document) throws {
    let beginnings = ["Sources/", "Tests/", "docs/", "graphs/"]
    for line in document.lines {
      for word in line.split(whereSeparator: { " `\"'(),;:[]<>|*…".contains($0) }).map(String.init) {
        guard beginnings.contains(where: word.hasPrefix), !word.contains("NAME") else { continue }
        let path = word.hasSuffix(".") ? String(word.dropLast()) : word
        // 'make' and the benchmarks write these.
        if path == "docs/benchmarks.md" { continue }
        #expect(FileManager.default.fileExists(atPath: Document.root + path), "\(document.path): \(path)")
      }
    }
  }

  /// Links inside the repository lead to files, and to headings where they name one.
  @Test(arguments: Document.all) func linksLead(_ document: Document) throws {
    let folder = URL(filePath: Document.root + document.path).deletingLastPathComponent()
    for match in document.lines.joined(separator: "\n").matches(of: /\]\(([^)\s]+)\)/) {
      let link = String(match.1)
      if link.hasPrefix("http") || link.hasSuffix("benchmarks.md") { continue }
      let parts = link.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      let target = parts[0].isEmpty ? document.path : folder.appending(path: parts[0]).standardized.path
      let path = target.hasPrefix(Document.root) ? String(target.dropFirst(Document.root.count)) : target
      #expect(FileManager.default.fileExists(atPath: Document.root + path), "\(document.path): \(link)")
      guard parts.count > 1 else { continue }
      let headings = Document(path: path, text: Document.contents(ofFile: path)).lines.filter { $0.hasPrefix("#") }
      #expect(headings.map(Self.anchor).contains(parts[1]), "\(document.path): \(link)")
    }
  }

  /// The anchor that GitHub gives a heading.
  private static func anchor(_ heading: String) -> String {
    let text = heading.drop { $0 == "#" }.trimmingCharacters(in: .whitespaces).lowercased()
    return text.replacing(" ", with: "-").filter { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }
  }

  /// The picture of the flow is what its source draws, as far as a text can tell: every node of the source is in it.
  @Test func pictureIsOfItsSource() {
    let picture = Document.contents(ofFile: "docs/images/flow.svg")
    let source = Document.contents(ofFile: "docs/images/flow.dot")
    let names = source.matches(of: /^ +(\w+) \[label/.anchorsMatchLineEndings()).map { String($0.1) }
    #expect(names.count > 8)
    for name in names { #expect(picture.contains("<title>\(name)</title>"), "\(name)") }
  }
}
