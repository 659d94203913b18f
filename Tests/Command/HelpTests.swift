import Testing

/// The help that a newcomer reads.
@Suite(.timeLimit(.minutes(10))) struct HelpTests {
  static let commands = ["check", "train", "predict", "run", "print", "bench", "ops", "passes"]

  /// Without a terminal, 80 columns: no example is broken, and every option says what it does.
  @Test(arguments: [""] + commands) func isReadable(command: String) throws {
    let help = try fragua([command, "--help"].filter { !$0.isEmpty })
    #expect(help.status == 0 && help.error == "")
    #expect(help.output.hasPrefix("OVERVIEW: ") && help.output.contains("USAGE: fragua"))
    for line in help.lines where !line.hasPrefix("USAGE: ") {
      #expect(line.count <= 80, "\(line)")
      // An example goes on, indented, where its line ends with a backslash.
      #expect(!line.hasPrefix("x=") && !line.hasPrefix("out/") && !line.hasPrefix("graphs/"), "\(line)")
    }
    if !["", "ops", "passes"].contains(command) { #expect(help.output.contains("--json")) }
    if command != "" { #expect(help.output.contains("Example")) }
  }

  /// `fragua` alone is a question for help, not a mistake.
  @Test func aloneShowsHelp() throws {
    let alone = try fragua([])
    #expect(alone.status == 0)
    #expect(alone.output == (try succeed("--help").output))
    for command in Self.commands { #expect(alone.output.contains("\n  \(command) "), "\(command)") }
    #expect(try succeed("--version").lines.count == 1)
  }

  /// Every word has documentation, on a terminal and as an object.
  @Test func operations() throws {
    let all = try succeed("ops", "--json").objects()
    let names = all.compactMap { $0["name"] as? String }
    #expect(names.contains("dense") && names.contains("adam") && names.contains("he_normal") && names.count > 50)
    let list = try succeed("ops").output
    let markdown = try succeed("ops", "--markdown").output
    for object in all {
      let name = try #require(object["name"] as? String)
      #expect((object["summary"] as? String)?.isEmpty == false && list.contains("  \(name) "), "\(name)")
      #expect(markdown.contains("\n### `\(name)`\n"), "\(name)")
    }
    for name in ["dense", "adam", "he_normal"] {
      let one = try succeed("ops", name)
      #expect(one.output.hasPrefix(name + "  ") && one.lines.count > 2)
      #expect(try succeed("ops", name, "--json").objects().first?["name"] as? String == name)
    }
  }
}
