import Foundation
import Testing

/// A Markdown document of the project, as its fenced blocks of code.
///
/// What a block is follows from the words behind its opening fence:
/// - `graph [NAME.graph]`: a graph, read, checked and printed; with a name, commands of the document may use the file.
/// - `graph refused`: a text that is refused with exactly the errors in the block `text` that follows.
/// - `kernels [NAME.kernels]`: a dump of kernels, likewise.
/// - `console`: commands with their output; see ``ConsoleTests``.
/// - `swift`: the text of a function of this test target; `swift PATH`: the text of that file.
/// - `ebnf`: rules of the grammar.
struct Document: Sendable, CustomTestStringConvertible {
  /// A fenced block.
  struct Block: Sendable {
    /// Its place among the document's blocks.
    let number: Int
    /// The words behind the opening fence.
    let words: [String]
    /// The position of the first line of its content among the document's lines.
    let start: Int
    let lines: [String]

    var kind: String { words.first ?? "" }
    var text: String { lines.map { $0 + "\n" }.joined() }
    /// The file that it is, if it says so.
    var fileName: String? { words.count > 1 && words[1].contains(".") ? words[1] : nil }
  }

  /// The path from the repository's root.
  let path: String
  let lines: [String]
  let blocks: [Block]

  /// The repository's root, with a slash behind.
  static let root = String(#filePath.dropLast("Tests/Documentation/Document.swift".count))

  /// The README and everything in `docs`.
  static let all: [Document] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root + "docs")) ?? []
    let documents = names.filter { $0.hasSuffix(".md") }.sorted().map { "docs/" + $0 }
    return (["README.md"] + documents).map { Document(path: $0, text: contents(ofFile: $0)) }
  }()

  /// The document at `path`.
  static func named(_ path: String) -> Document {
    all.first { $0.path == path } ?? Document(path: path, text: "")
  }

  /// The text of a file of the repository; empty where there is none.
  static func contents(ofFile path: String) -> String {
    (try? String(contentsOf: URL(filePath: root + path), encoding: .utf8)) ?? ""
  }

  init(path: String, text: String) {
    self.path = path
    lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    var blocks: [Block] = []
    var opening: Int?
    for (index, line) in lines.enumerated() where line.hasPrefix("```") {
      if let start = opening {
        let words = lines[start].dropFirst(3).split(separator: " ").map(String.init)
        blocks.append(
          Block(number: blocks.count, words: words, start: start + 1, lines: Array(lines[(start + 1)..<index])))
        opening = nil
      } else {
        opening = index
      }
    }
    self.blocks = blocks
  }

  var testDescription: String { path }

  /// Where a block stands, for messages: `docs/language.md:12`.
  func place(_ block: Block) -> String { "\(path):\(block.start)" }

  /// Writes the document with the content of some blocks replaced.
  func write(replacing contents: [(block: Block, lines: [String])]) throws {
    try edit { current in
      var lines = current.lines
      for (block, new) in contents.sorted(by: { $0.block.number > $1.block.number }) {
        let place = current.blocks[block.number]
        lines.replaceSubrange(place.start..<(place.start + place.lines.count), with: new)
      }
      return lines
    }
  }

  /// Writes the document with the lines that `change` makes of its present ones; one test at a time.
  func edit(_ change: (Document) throws -> [String]) throws {
    try Self.editing.withLock {
      let lines = try change(Document(path: path, text: Self.contents(ofFile: path)))
      try lines.joined(separator: "\n").write(toFile: Self.root + path, atomically: true, encoding: .utf8)
    }
  }

  private static let editing = NSLock()

  /// Whether the expected texts are to be rewritten: `BLESS=1` in the environment.
  static let isBlessing = ProcessInfo.processInfo.environment["BLESS"] != nil
}
