import FraguaGraph
import FraguaOperations
import Testing

/// `docs/operations.md` is what `make docs` writes.
@Suite struct OperationsDocumentTests {
  private let document = Document.named("docs/operations.md")

  @Test func isUpToDate() throws {
    let written = try Sandbox(document).run("fragua ops --markdown")
    let kept = document.lines.last == "" ? document.lines.dropLast() : document.lines[...]
    #expect(written.count > 500)
    for (line, (a, b)) in zip(written, kept).enumerated() where a != b {
      Issue.record("docs/operations.md:\(line + 1) is out of date: run 'make docs'\n\(a)\n\(b)")
      break
    }
    #expect(written.count == kept.count, "docs/operations.md is out of date: run 'make docs'")
  }

  /// Every operation has a heading.
  @Test func isComplete() {
    for name in OperationTable.standard.names { #expect(document.lines.contains("### `\(name)`"), "\(name)") }
  }
}
