import ArgumentParser
import Fragua
import FraguaCodeGen
import FraguaKernels
import FraguaScheduling

/// `fragua check`: reads a file and says all that is wrong with it.
struct CheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Parse a graph file, infer its types and verify it; report all errors.",
    discussion: """
      Example:
        fragua check graphs/student.graph

      Dumps of any stage are checked too, a schedule and a plan for the processor that there is unless --cpu names \
      another. What is in order but probably not meant is a warning, which fails with --strict only. With --json every \
      error and warning is an object with severity, file, line, column, message and notes.
      """)

  @Argument(help: "The graph file, or a dump.")
  var file: String

  @Option(
    help: ArgumentHelp(
      "The instruction set that a dump's schedule and plan are for (default: the host's best).", valueName: "SET"))
  var cpu: Target.InstructionSet?

  @Flag(help: "Let warnings fail too.")
  var strict = false

  @Flag(help: "Print one JSON object a line.")
  var json = false

  /// So many errors are printed as objects at most.
  private static let errorLimit = 100

  func run() throws {
    do {
      switch try InputFile(file) {
      case .graph(let graph):
        try warn(graph.warnings)
        try checkPasses(graph)
        report(graph)
      case .kernels(let dump, let places):
        try dump.check(places, for: Processor(cpu))
        say(
          "kernels", dump.program.name,
          [
            ("buffers", dump.program.buffers.count), ("kernels", dump.program.kernels.count),
            ("calls", dump.program.calls.count),
          ])
      }
    } catch let error as Diagnostics where json {
      for error in error.all.prefix(Self.errorLimit) { Console.print(JSON(error).text) }
      throw ExitStatus.input
    }
  }

  /// Checks that the passes which a dump has before it can make kernels of all its functions whose extents are numbers:
  /// people may have changed what an earlier pass made.
  private func checkPasses(_ graph: Graph) throws(Diagnostics) {
    guard graph.stage != nil else { return }
    var options = CompilerOptions(backend: LLVMBackend(Processor(cpu)), threads: 1, vocabulary: .standard)
    options.mode = graph.mode
    let names = graph.functions.map(\.name) + graph.gradients.map(\.name) + graph.trainings.map(\.name)
    for name in names where graph.rootFunction(of: name)?.argumentSymbols.isEmpty == true {
      do throws(Diagnostics) { _ = try Compiler.plan(graph, entry: name, options) } catch {
        throw error.located(at: SourceLocation(file: file, line: 1, column: 1))
      }
    }
  }

  /// Says what is probably not meant; with --strict that fails.
  private func warn(_ warnings: [Diagnostic]) throws {
    for warning in warnings {
      if json { Console.print(JSON(warning).text) } else { Console.warn(warning) }
    }
    guard strict, !warnings.isEmpty else { return }
    if !json { Console.error("error: '--strict' lets \(warnings.count == 1 ? "the warning" : "the warnings") fail") }
    throw ExitStatus.input
  }

  /// Says what is in a graph that is in order.
  private func report(_ graph: Graph) {
    let elements = graph.parameters.reduce(0) { sum, parameter in
      sum + (parameter.type.checkedByteCount.map { $0 / parameter.type.element.byteCount } ?? 0)
    }
    say(
      "graph", graph.name,
      [
        ("parameters", graph.parameters.count { $0.isTrainable }),
        ("states", graph.parameters.count { !$0.isTrainable }),
        ("elements", elements), ("functions", graph.functions.count), ("gradients", graph.gradients.count),
        ("trainings", graph.trainings.count),
      ])
  }

  private func say(_ kind: String, _ name: String, _ counts: [(name: String, count: Int)]) {
    if json {
      let members = [
        ("ok", JSON.boolean(true)), ("file", .string(file)), ("kind", .string(kind)), ("name", .string(name)),
      ]
      Console.print(JSON.object(members + counts.map { ($0.name, .integer($0.count)) }).text)
    } else {
      let list = counts.filter { $0.count > 0 }.map {
        "\($0.count) \($0.count == 1 ? String($0.name.dropLast()) : $0.name)"
      }
      Console.print("\(Console.name(file)): \(kind) @\(name) is in order: " + list.joined(separator: ", "))
    }
  }
}
