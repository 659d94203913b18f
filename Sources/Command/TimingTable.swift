import Fragua

/// How long the stages of compiling a function took, as people read it.
enum TimingTable {
  /// Writes the table of function `name` to standard error.
  static func report(_ name: String, _ times: CompilationTimes) {
    let total = times.stages.reduce(0) { $0 + $1.seconds }
    var lines = [
      "compiled '@\(name)' in \(milliseconds(total)) ms" + (times.isCodeFromCache ? ", code from the cache" : "")
    ]
    let width = times.stages.map(\.name.count).max() ?? 0
    for stage in times.stages {
      let space = String(repeating: " ", count: width - stage.name.count)
      lines.append("  \(stage.name)\(space)  \(milliseconds(stage.seconds)) ms")
    }
    // Not by way of the progress line: the last batch's version is compiled on a thread of its own.
    Console.write(lines.joined(separator: "\n") + "\n", to: 2)
  }

  private static func milliseconds(_ seconds: Double) -> String {
    let text = Decimals.fixed(seconds * 1e3, 2)
    return String(repeating: " ", count: max(0, 8 - text.count)) + text
  }
}
