import Fragua
import FraguaCodeGen
import FraguaScheduling
import FraguaSource
import FraguaTraining

/// The time of a step at every batch, for `fragua bench --sweep`: where one row more makes each row slower, a rule of the
/// compiler has an edge that it should not have.
struct BatchSweep {
  private let command: BenchCommand
  private let graph: Graph
  private let entry: String
  private let symbol: String

  /// - Throws: where there is no such function, or none with a batch.
  init(_ command: BenchCommand, _ file: String) throws {
    self.command = command
    graph = try InputFile.graph(file)
    entry = try graph.entry(command.function)
    guard let symbol = graph.batchSymbol(of: entry) else {
      throw Diagnostic("'@\(entry)' has no batch: no symbol leads its arguments")
        .noting("--sweep binds one to 1, 2, 3 ...")
    }
    self.symbol = symbol
  }

  /// Measures the batches 1 to `last`.
  func run(to last: Int) throws {
    var seconds: [Double] = []
    for batch in 1...last {
      seconds.append(try measure(batch))
      report(batch, seconds[batch - 1])
    }
    // Another process may have slowed one of them: what looks worst is measured again, both sides.
    for _ in 0..<3 {
      for (batch, _) in Self.steps(seconds).prefix(5) {
        for again in [batch, batch + 1] { seconds[again - 1] = min(seconds[again - 1], try measure(again)) }
      }
    }
    let (batch, ratio) = Self.steps(seconds)[0]
    let figures: [(String, JSON)] = [
      ("worst_batch", .integer(batch + 1)), ("worst_step", JSON(Decimals.rounded(ratio, 3))),
    ]
    if command.json { return Console.print(JSON.object(figures).text) }
    let factor = Decimals.rounded(ratio, 2)
    Console.print(
      "worst step between neighbours: of \(batch + 1) rows a row takes \(factor) times as long as of \(batch)")
  }

  /// For each batch but the last how much longer a row takes with one row more, the worst first.
  private static func steps(_ seconds: [Double]) -> [(batch: Int, ratio: Double)] {
    let steps = (1..<seconds.count).map { batch -> (batch: Int, ratio: Double) in
      let (before, after) = (seconds[batch - 1] / Double(batch), seconds[batch] / Double(batch + 1))
      return (batch, after / before)
    }
    return steps.sorted { $0.ratio > $1.ratio }
  }

  /// The least time of a step.
  private func measure(_ batch: Int) throws -> Double {
    var options = try command.compilation.compilerOptions()
    options.bindings[symbol] = batch
    options.reportTimes = nil
    let compiled = try Compiler.compile(graph, entry: entry, options)
    let initial = try InitialParameters(
      graph, states: compiled.parameters, seed: command.seed, vocabulary: .standard)
    let frame = compiled.executable.frame()
    guard let root = graph.rootFunction(of: entry) else { preconditionFailure("the entry was found before") }
    BenchmarkData(LabelRanges(of: root, in: graph), seed: command.seed).fill(frame, of: compiled)
    return try StepTimes(
      measuring: frame, ParameterStore(initial.tensors), seconds: 0.01, blockSeconds: 0.002
    ).minimum
  }

  private func report(_ batch: Int, _ seconds: Double) {
    let (step, row) = (Decimals.rounded(seconds * 1e6, 3), Decimals.rounded(seconds * 1e9 / Double(batch), 1))
    if command.json {
      let figures: [(String, JSON)] = [("batch", .integer(batch)), ("step_us", JSON(step)), ("row_ns", JSON(row))]
      return Console.print(JSON.object(figures).text)
    }
    Console.print("batch \(batch)  step_us \(step)  row_ns \(row)")
  }
}
