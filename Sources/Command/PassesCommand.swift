import ArgumentParser
import Fragua
import FraguaKernels

/// `fragua passes`: the stages of the compiler in order.
struct PassesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "passes",
    abstract: "List the passes and stages of the compiler, in order.",
    discussion: """
      Example:
        fragua passes
        fragua print graphs/student.graph --after differentiate --bind B=32
      """)

  @Flag(help: "Print one JSON object a line.")
  var json = false

  /// The stages after the passes, which `print --stage` takes.
  private static let stages: [(name: String, summary: String)] = [
    ("kernels", "each fused region lowered to a kernel: data, not code"),
    ("schedule", "tiles, partition over threads and barriers of each kernel"),
    ("plan", "where each temporary lies in the arena"),
    ("llvm", "the step function as LLVM IR"),
    ("asm", "the step function as assembly"),
    ("dot", "the fused graph for Graphviz"),
  ]

  func run() {
    let passes = Pipeline.standard.stages.map { (name: $0.name, summary: $0.pass.summary) }
    let width = (passes + Self.stages).map(\.name.count).max() ?? 0
    if !json { Console.print(bold: "passes, for print --after") }
    for pass in passes { write("pass", pass, width) }
    if !json { Console.print(bold: "\nstages, for print --stage") }
    for stage in Self.stages { write("stage", stage, width) }
  }

  private func write(_ kind: String, _ entry: (name: String, summary: String), _ width: Int) {
    if json {
      Console.print(
        JSON.object([("kind", .string(kind)), ("name", .string(entry.name)), ("summary", .string(entry.summary))]).text)
    } else {
      Console.print("  " + entry.name + String(repeating: " ", count: width + 2 - entry.name.count) + entry.summary)
    }
  }
}
