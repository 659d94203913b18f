import FraguaTransforms

/// How long the stages of a compilation took.
public struct CompilationTimes: Sendable {
  /// A pass, or a stage behind them: `lower`, `order`, `verify`, `schedule`, `plan`, `code` (generation), `link` (with
  /// memory and threads).
  public struct Stage: Sendable {
    public let name: String
    public let seconds: Double
  }

  /// In order.
  public private(set) var stages: [Stage]
  /// Whether the code was found in the cache instead of being generated.
  public internal(set) var isCodeFromCache = false

  init(passes: [Pipeline.Timing]) {
    stages = passes.map { Stage(name: $0.pass, seconds: $0.duration / .seconds(1)) }
  }

  /// Runs `body` and notes how long it takes.
  mutating func measure<Result, Failure>(_ name: String, _ body: () throws(Failure) -> Result) throws(Failure) -> Result
  {
    let begin = ContinuousClock.now
    let result = try body()
    stages.append(Stage(name: name, seconds: (ContinuousClock.now - begin) / .seconds(1)))
    return result
  }
}
