import FraguaGraph
import FraguaSource

/// The passes in order: the table of contents of this module.
public struct Pipeline: Sendable {
  /// A pass where it stands in the pipeline.
  public struct Stage: Sendable {
    /// The pass's name, with a number behind it where the pass has run before: `simplify`, then `simplify.2`. What
    /// `--after` takes, and what headers of dumps hold.
    public let name: String
    public let pass: Pass
  }

  public let stages: [Stage]

  /// - Parameter passes: in their order; a pass may stand there several times.
  public init(_ passes: [Pass]) {
    var counts: [String: Int] = [:]
    stages = passes.map { pass in
      counts[pass.name, default: 0] += 1
      let count = counts[pass.name]!
      return Stage(name: count == 1 ? pass.name : "\(pass.name).\(count)", pass: pass)
    }
  }

  /// The passes in their order.
  public var passes: [Pass] { stages.map(\.pass) }

  /// What every program goes through.
  public static let standard = Pipeline([
    Inline.pass,
    Specialize.pass,
    Differentiate.pass,
    ExpandOptimizers.pass,
    Decompose.pass,
    Simplify.pass,
    ConstantFold.pass,
    CommonSubexpressions.pass,
    DeadCode.pass,
    Fusion.pass,
  ])

  /// How long a pass took.
  public struct Timing: Sendable {
    public let pass: String
    public let duration: Duration
  }

  /// Runs the passes that `graph` has not been through yet, up to and including `last`.
  ///
  /// A dump names its stage in its header and goes on after it.
  /// - Parameter last: the name of a pass; `nil` runs all.
  /// - Throws: what passes find; that there is no such pass; that a dump is further than `last` or was made for another
  ///   mode or binding; that a symbol to bind does not occur.
  public func run(
    _ graph: Graph, after last: String? = nil, _ context: PassContext
  ) throws(Diagnostics) -> (graph: Graph, timings: [Timing]) {
    var end = stages.count
    if let last { end = try position(of: last, "there is no pass '\(last)'") + 1 }
    var start = 0
    if let stage = graph.stage {
      start = try position(of: stage, "the header of '@\(graph.name)' names the stage '\(stage)', which is no pass") + 1
      if start > end {
        throw Diagnostics(
          Diagnostic("the dump was taken after the pass '\(stage)', which comes after '\(stages[end - 1].name)'")
            .noting("print the file that the dump was made from"))
      }
      try Self.checkAgreement(of: graph, with: context)
      try checkStage(of: graph)
    }
    if !stages[start..<end].contains(where: { $0.pass.name == Specialize.pass.name }) {
      do throws(Diagnostic) { try graph.checkSymbols(context.bindings) } catch { throw Diagnostics(error) }
    }
    var graph = graph
    var timings: [Timing] = []
    let clock = ContinuousClock()
    for stage in stages[start..<end] {
      let begin = clock.now
      graph = try stage.pass.run(graph, context)
      graph.stage = stage.name
      timings.append(Timing(pass: stage.name, duration: begin.duration(to: clock.now)))
      if let verify = context.verifyAfterEachPass {
        do { try verify(graph) } catch {
          throw Diagnostics(
            error.all.map { $0.noting("found after the pass '\(stage.name)', which is a defect of it") })
        }
      }
    }
    return (graph, timings)
  }

  /// Where the stage `name` stands.
  func position(of name: String, _ message: String) throws(Diagnostics) -> Int {
    if let position = stages.firstIndex(where: { $0.name == name }) { return position }
    var error = Diagnostic(message)
    if let near = nearestName(to: name, among: stages.map(\.name)) {
      error = error.noting("did you mean '\(near)'?")
    } else {
      error = error.noting("the passes are \(stages.map { "'\($0.name)'" }.joined(separator: ", "))")
    }
    throw Diagnostics(error)
  }

  /// Checks that what a dump was specialized for is what is wanted now.
  private static func checkAgreement(of graph: Graph, with context: PassContext) throws(Diagnostics) {
    if let made = graph.mode, let wanted = context.mode, made != wanted {
      throw Diagnostics(
        Diagnostic("the dump of '@\(graph.name)' was made in the mode '\(made.rawValue)', not '\(wanted.rawValue)'"))
    }
    guard graph.mode != nil else { return }
    for (symbol, value) in context.bindings.sorted(by: { $0.key < $1.key }) {
      if let made = graph.bindings[symbol], made != value {
        throw Diagnostics(
          Diagnostic("the dump of '@\(graph.name)' was made with \(symbol)=\(made), not \(symbol)=\(value)")
            .noting("print the original file again with '--bind \(symbol)=\(value)'"))
      }
    }
    for entry in context.entries
    where graph.function(named: entry) == nil && !graph.gradients.contains(where: { $0.name == entry })
      && !graph.trainings.contains(where: { $0.name == entry })
    {
      throw Diagnostics(Diagnostic("the dump of '@\(graph.name)' has no function '@\(entry)'"))
    }
  }
}
