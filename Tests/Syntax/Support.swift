import FraguaGraph
import FraguaOperations
import FraguaSource
import FraguaSyntax
import FraguaTransforms
import Glibc
import Testing

/// Parses with the standard vocabulary; an error fails the test with its rendering.
func parse(_ file: SourceFile) throws -> Graph {
  do { return try Parser.parse(file, vocabulary: .standard) } catch {
    for one in error.all.prefix(5) { Issue.record(Comment(rawValue: one.rendered(files: [file]))) }
    throw error
  }
}

/// Parses `text` as `t.graph`.
func parse(_ text: String) throws -> Graph { try parse(SourceFile(path: "t.graph", text: text)) }

/// The errors of `file`.
func parseErrors(_ file: SourceFile) -> [Diagnostic] {
  do throws(Diagnostics) {
    _ = try Parser.parse(file, vocabulary: .standard)
    return []
  } catch { return error.all }
}

/// The errors of `text`, rendered without the quoted lines: `line:column: message`, then `note: ...` at places or
/// without.
func errors(_ text: String) -> [String] {
  var lines: [String] = []
  for one in parseErrors(SourceFile(path: "t.graph", text: text)) {
    lines.append(place(one.location) + one.message)
    for note in one.notes { lines.append("note: " + place(note.location) + note.message) }
  }
  return lines
}

private func place(_ location: FraguaSource.SourceLocation?) -> String {
  location.map { "\($0.line):\($0.column): " } ?? ""
}

/// Checks that the text of `graph` reads back as the same text, with locations and without.
func expectStable(_ graph: Graph) throws {
  for options in [GraphPrinter.Options(), GraphPrinter.Options(locations: true)] {
    let text = GraphPrinter.print(graph, options)
    let again = try parse(text)
    #expect(GraphVerifier.errors(in: again) == [])
    #expect(GraphPrinter.print(again, options) == text)
  }
}

/// The bytes of a file.
func bytes(ofFile path: String) throws -> [UInt8] {
  guard let file = fopen(path, "rb") else { throw NoFile(path: path) }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 65536)
  while true {
    let count = fread(&buffer, 1, buffer.count, file)
    if count <= 0 { return bytes }
    bytes += buffer[..<count]
  }
}

/// Writes `text` into a file.
func write(_ text: String, to path: String) throws {
  guard let file = fopen(path, "wb") else { throw NoFile(path: path) }
  defer { fclose(file) }
  fputs(text, file)
}

/// A file that a test needs and that is not there.
struct NoFile: Error {
  let path: String
}
