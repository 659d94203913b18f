import Foundation
import FraguaTransforms
import Testing

/// The IR before and after in a pass's doc comment: two blocks of code behind `/// Before`, the first of which begins with
/// the line `// pass: NAME ...` of a golden file.
struct PassComment: Sendable, CustomTestStringConvertible {
  let url: URL
  /// The line `// pass: ...` and the graph, without its header.
  let input: String
  /// What the pass makes of it, without the header.
  let expected: String

  private static let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(
    path: "../../Sources/Transforms"
  ).standardizedFileURL

  /// The comments of all passes, in the order of their files.
  static let all: [PassComment] = {
    let files = FileManager.default.enumerator(at: sources, includingPropertiesForKeys: nil)?.allObjects as? [URL] ?? []
    return files.filter { $0.pathExtension == "swift" }.sorted { $0.path < $1.path }.compactMap(PassComment.init)
  }()

  /// The comment of a file that has one.
  private init?(_ url: URL) {
    self.url = url
    guard let text = try? String(contentsOf: url, encoding: .utf8) else { return nil }
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let start = lines.firstIndex(where: { $0.hasPrefix("/// Before") }) else { return nil }
    let comment = lines[start...].prefix { $0.hasPrefix("///") }.map {
      String($0.dropFirst(3).drop { $0 == " " }.isEmpty ? "" : $0.dropFirst(4))
    }
    let blocks = comment.split(separator: "```", omittingEmptySubsequences: false)
    guard blocks.count >= 4 else { return nil }
    input = blocks[1].joined(separator: "\n") + "\n"
    expected = blocks[3].joined(separator: "\n") + "\n"
  }

  var testDescription: String { url.lastPathComponent }

  /// The input as a golden file has it: with the header of a dump of the pass before.
  func fileInput(_ pass: Pass) throws -> String {
    let passes = Pipeline.standard.passes.map(\.name)
    let position = try #require(passes.firstIndex(of: pass.name))
    var entries: [String] = []
    if position > 0 { entries.append("stage = \"\(passes[position - 1])\"") }
    // `specialize` decides the mode.
    if let decided = passes.firstIndex(of: Specialize.pass.name), position > decided {
      entries.append("mode = \"\(input.contains("\ntrain @") ? "train" : "inference")\"")
    }
    let header = "graph @net version 1" + (entries.isEmpty ? "" : " {\(entries.joined(separator: ", "))}")
    let lines = input.split(separator: "\n", maxSplits: 1)
    return "\(lines[0])\n\(header)\n\(lines[1])"
  }

  /// A printed graph as a comment shows it: without its header.
  static func shown(_ graph: String) -> String {
    graph.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().drop { $0.isEmpty }.joined(
      separator: "\n")
  }
}
