import Foundation
import FraguaTraining
import Testing

/// Standard output that cannot be written to: a full disk, a closed stream, a reader that has gone.
@Suite(.timeLimit(.minutes(10))) struct LostOutputTests {
  /// Runs the command by a shell that redirects its standard output as `redirection` says.
  private func run(
    _ arguments: [String], _ redirection: String, in directory: String = repository
  ) throws -> FraguaProcess.Outcome {
    let shell = ["/bin/bash", "-c", "exec \"$0\" \"$@\" \(redirection)", FraguaProcess.executable]
    return try FraguaProcess(arguments, in: directory, runner: shell).wait()
  }

  private static let csv = repository + "/graphs/data/students.csv"
  private static let x = ["--data", "x=\(csv):classes,hours"]
  private static let data = x + ["--data", "y=\(csv):passed"]
  private static let dot = ["print", "graphs/student.graph", "--stage", "dot", "--bind", "B=2"]

  /// A call of every command and of every way in which one writes, all of which succeed otherwise.
  static let commands: [[String]] = [
    ["check", "graphs/student.graph"], ["check", "graphs/student.graph", "--json"],
    ["print", "graphs/student.graph"], ["print", "graphs/student.graph", "--json"], dot,
    ["print", "graphs/student.graph", "--explain-fusion", "--bind", "B=2"],
    ["run", "graphs/student.graph", "--data", "x=[[4, 5]]"],
    ["run", "graphs/student.graph", "--data", "x=[[4, 5]]", "--json"],
    ["bench", "graphs/student.graph", "--steps", "10"], ["ops"], ["ops", "dense"], ["ops", "--markdown"],
    ["ops", "--json"],
    ["passes"], ["passes", "--json"], ["--help"], ["train", "--help"], ["help", "run"], ["--version"], [],
    ["train", "graphs/student.graph", "--epochs", "1"] + data,
    ["train", "graphs/student.graph", "--epochs", "1", "--json"] + data,
  ]

  @Test(arguments: commands) func aFullDiskIsSaid(arguments: [String]) throws {
    let outcome = try run(arguments, "> /dev/full")
    #expect(outcome.status == 1, "\(arguments): \(outcome.error)")
    #expect(outcome.error.hasSuffix("error: cannot write to standard output: no space left on device\n"))
  }

  @Test(arguments: commands) func aClosedStreamIsSaid(arguments: [String]) throws {
    let outcome = try run(arguments, ">&-")
    #expect(outcome.status == 1, "\(arguments): \(outcome.error)")
    #expect(outcome.error.hasSuffix("error: cannot write to standard output: bad file descriptor\n"))
  }

  /// Where the input is at fault too, both are said.
  @Test func saysBoth() throws {
    let outcome = try run(["check", "none.graph", "--json"], "> /dev/full")
    #expect(outcome.status == 1)
    #expect(outcome.error == "error: cannot write to standard output: no space left on device\n")
    // Nothing is to be written there by a command whose input is at fault.
    let other = try run(["check", "none.graph"], "> /dev/full")
    #expect(other.status == 1 && other.error.hasPrefix("error: cannot read 'none.graph'"))
    #expect(!other.error.contains("standard output"))
  }

  /// Files are written all the same, and nothing else gets into them when the standard streams are closed.
  @Test(arguments: ["> /dev/full", ">&-", ">&- 2>&-", "<&- >&- 2>&-"]) func filesAreWhole(redirection: String) throws {
    let folder = try TestFolder()
    let graph = repository + "/graphs/student.graph"
    let trained = try run(
      ["train", graph, "--epochs", "1", "--json", "--out", folder.path] + Self.data, redirection, in: folder.path)
    #expect(trained.status == 1)
    let parameters = folder.file("parameters.safetensors")
    #expect(try Checkpoint(contentsOf: parameters).progress?.epochs == 1)
    let stepped = try run(
      ["run", graph, "--function", "fit", "--out", "run"] + Self.data, redirection, in: folder.path)
    #expect(stepped.status == 1)
    _ = try Checkpoint(contentsOf: folder.file("run/parameters.safetensors"))
    let predicted = try run(
      ["predict", graph, "--params", parameters, "--out", "p.csv"] + Self.x, redirection, in: folder.path)
    #expect(predicted.status == 1)
    #expect(folder.text("p.csv").split(separator: "\n").count == 2001)
  }

  /// A reader that has gone ends what only prints, quietly, as it ends other commands in a pipe; where who started the
  /// command ignores that signal, it is a failure like any other.
  @Test func aReaderThatHasGone() throws {
    let pipe = "| head -n 1 > /dev/null; exit ${PIPESTATUS[0]}"
    let arguments = ["print", "graphs/fashion.graph", "--stage", "asm", "--bind", "B=64"]
    try #require(try fragua(arguments).output.utf8.count > 100_000, "more than a pipe holds")
    func run(_ before: String) throws -> FraguaProcess.Outcome {
      let shell = ["/bin/bash", "-c", "\(before)\"$0\" \"$@\" \(pipe)", FraguaProcess.executable]
      return try FraguaProcess(arguments, in: repository, runner: shell).wait()
    }
    let quiet = try run("")
    #expect(quiet.status == 128 + SIGPIPE && quiet.error == "")
    let said = try run("trap '' PIPE; ")
    #expect(said.status == 1 && said.error == "error: cannot write to standard output: broken pipe\n")
  }
}
