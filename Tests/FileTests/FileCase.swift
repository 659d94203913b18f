import Foundation
import FraguaGraph
import FraguaSource
import FraguaSyntax
import FraguaTransforms
import Testing

/// A golden file: a graph, a pass, and what the pass makes of it.
///
/// The first line names the pass and its options, `// pass: specialize --function @fit --bind B=32 --mode train`; with
/// `--pipeline` all passes up to it run, otherwise it alone. Then comes the input, a line `// ==== expected`, and the
/// output: a graph, or the errors as people read them.
/// `BLESS=1` in the environment rewrites the output in the source tree.
struct FileCase: Sendable, CustomTestStringConvertible {
  let url: URL

  /// The folder of the golden files.
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "cases")

  /// Every golden file, in the order of the names.
  static let all: [FileCase] = {
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)?.allObjects as? [URL] ?? []
    return files.filter { $0.pathExtension == "graph" }.map(FileCase.init).sorted { $0.name < $1.name }
  }()

  /// The path below `cases`.
  var name: String { url.path.split(separator: "/cases/").last.map(String.init) ?? url.path }
  var testDescription: String { name }

  static let separator = "// ==== expected\n"

  /// The input, header line included, and the output that is expected, if there is one yet.
  func read() throws -> (input: String, expected: String?) {
    let text = try String(contentsOf: url, encoding: .utf8)
    guard let range = text.range(of: Self.separator) else { return (text, nil) }
    return (String(text[..<range.lowerBound]), String(text[range.upperBound...]))
  }

  /// Replaces the expected output.
  func bless(_ input: String, _ output: String) throws {
    try (input + Self.separator + output).write(to: url, atomically: true, encoding: .utf8)
  }
}

/// The pass that a golden file names, with options.
struct FileCaseCommand {
  private(set) var pass: Pass
  private(set) var context = PassContext(vocabulary: .standard)
  private(set) var runsPipeline = false

  /// What the first line of `input` says.
  init(_ input: String) throws {
    let line = input.prefix { $0 != "\n" }
    let words = line.split(separator: " ").map(String.init)
    try #require(words.count >= 3 && words[0] == "//" && words[1] == "pass:", "the first line is '// pass: NAME ...'")
    pass = try #require(Pipeline.standard.passes.first { $0.name == words[2] }, "there is a pass '\(words[2])'")
    var rest = words[3...]
    func value(of option: String) throws -> String {
      let value = rest.popFirst()
      return try #require(value, "'\(option)' needs a value")
    }
    while let option = rest.popFirst() {
      switch option {
      case "--function": context.entries.append(String(try value(of: option).dropFirst()))
      case "--mode": context.mode = Mode(rawValue: try value(of: option))
      case "--bind":
        let parts = try value(of: option).split(separator: "=").map(String.init)
        context.bindings[parts[0]] = Int(parts[1])
      case "--memory": context.memoryLimitBytes = Int(try value(of: option)) ?? 0
      case "--nodes": context.nodeLimit = Int(try value(of: option)) ?? 0
      case "--pipeline": runsPipeline = true
      default: Issue.record("'\(option)' is no option")
      }
    }
  }

  /// The result of the pass.
  func run(_ graph: Graph) throws(Diagnostics) -> Graph {
    if runsPipeline {
      var context = context
      context.verifyAfterEachPass = { (graph) throws(Diagnostics) in try GraphVerifier.check(graph) }
      return try Pipeline.standard.run(graph, after: pass.name, context).graph
    }
    return try pass.run(graph, context)
  }
}
