import ArgumentParser
import Fragua

/// `fragua ops`: the documentation of operations, optimizers and initializers.
struct OpsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ops",
    abstract: "Show the operations, optimizers and initializers of the language, or the documentation of one.",
    discussion: """
      Examples:
        fragua ops
        fragua ops dense
        fragua ops adam
      """)

  @Argument(help: "The operation, optimizer or initializer to explain.")
  var name: String?

  @Flag(help: "Print all documentation in Markdown: docs/operations.md.")
  var markdown = false

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func run() throws {
    let words = VocabularyDocumentation(.standard)
    if markdown {
      Console.write(words.markdown, to: 1)
    } else if let name {
      guard let entry = words.entries.first(where: { $0.name == name }) else {
        let error = Diagnostic("there is no operation, optimizer or initializer '\(name)'")
        let others = Vocabulary.standard.otherNames
        let near =
          others.operation(name) ?? others.optimizer(name) ?? others.initializer(name)
          ?? nearestName(to: name, among: words.entries.map(\.name))
        throw near.map { error.noting("did you mean '\($0)'?") } ?? error.noting("'fragua ops' lists them")
      }
      if json { return Console.print(entry.json.text) }
      Console.print(bold: entry.name, "  ", faint: entry.group.lowercased())
      Console.print("\n" + entry.text)
    } else if json {
      for entry in words.entries { Console.print(entry.json.text) }
    } else {
      let width = words.entries.map(\.name.count).max() ?? 0
      for group in words.groups {
        Console.print(bold: group)
        for entry in words.entries where entry.group == group {
          Console.print("  " + entry.name + String(repeating: " ", count: width + 2 - entry.name.count) + entry.summary)
        }
      }
    }
  }
}
