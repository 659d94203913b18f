import Testing

/// The commands in the documents give the output that the documents show.
///
/// In a block `console`, a line that begins with `$ ` is a command, which goes on behind a `\` at its end; what follows
/// is its output, standard error included. Commands that begin with `fragua` or `make demo` run in a ``Sandbox``, one
/// after the other through the whole document. `BLESS=1` rewrites what does not match.
@Suite struct ConsoleTests {
  /// A command with its output.
  struct Session {
    var command: [String]
    var output: [String] = []

    /// The command as a shell takes it.
    ///
    /// The tests do not build what is being tested, so `make` is told that it is built.
    var text: String {
      let text = command.joined(separator: "\n").dropFirst(2)
      return text.hasPrefix("make ") ? "make -o build " + text.dropFirst(5) : String(text)
    }

    var runs: Bool { text.hasPrefix("fragua ") || text.hasPrefix("make -o build demo") }
  }

  @Test(arguments: Document.all) func outputIsReal(_ document: Document) throws {
    let sandbox = try Sandbox(document)
    var replacements: [(block: Document.Block, lines: [String])] = []
    for block in document.blocks where block.kind == "console" {
      var sessions = Self.sessions(block.lines)
      #expect(!sessions.isEmpty && sessions.allSatisfy(\.runs), "\(document.place(block)): nothing to run")
      for i in sessions.indices {
        let actual = try sandbox.run(sessions[i].text)
        if ElidedText(lines: sessions[i].output).matches(actual) { continue }
        if !Document.isBlessing {
          Issue.record("\(document.place(block)): \(sessions[i].text)\ngives\n\(actual.joined(separator: "\n"))")
        }
        sessions[i].output = actual
      }
      replacements.append((block, sessions.flatMap { $0.command + $0.output }))
    }
    if Document.isBlessing { try document.write(replacing: replacements) }
  }

  /// The commands of a block.
  private static func sessions(_ lines: [String]) -> [Session] {
    var sessions: [Session] = []
    for line in lines {
      if line.hasPrefix("$ ") {
        sessions.append(Session(command: [line]))
      } else if let last = sessions.indices.last {
        if sessions[last].output.isEmpty, sessions[last].command.last!.hasSuffix("\\") {
          sessions[last].command.append(line)
        } else {
          sessions[last].output.append(line)
        }
      }
    }
    return sessions
  }

  /// `…` leaves out characters of a line, and lines.
  @Test func elision() {
    let pattern = ElidedText(lines: ["a … b", "…", "end"])
    #expect(pattern.matches(["a 1 2 b", "end"]) && pattern.matches(["a  b", "x", "end", "end"]))
    #expect(
      !pattern.matches(["a 1 2 c", "end"]) && !pattern.matches(["a 1 b"]) && !pattern.matches(["a 1 b", "end", "x"]))
    #expect(ElidedText(lines: []).matches([]) && !ElidedText(lines: []).matches([""]))
    #expect(!ElidedText(lines: ["one"]).matches(["two"]))
  }
}
