import ArgumentParser
import Fragua

/// `fragua train`: trains a graph on data.
struct TrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train",
    abstract: "Train a graph's parameters on data.",
    discussion: """
      Example:
        fragua train graphs/student.graph \\
          --data x=graphs/data/students.csv:classes,hours \\
          --data y=graphs/data/students.csv:passed \\
          --validation x=graphs/data/students-test.csv:classes,hours \\
          --validation y=graphs/data/students-test.csv:passed --epochs 100 --out out

      Give --data for each argument of the loss. --out DIR saves DIR/parameters.safetensors, whole or not at all: at the \
      end, and between epochs as --save-every says. Ctrl-C, SIGTERM, a terminal that closes and a reader of standard \
      output that goes away end the training after the present step, saved. Where DIR cannot be written to at the end, \
      the parameters go to fragua-rescue-*.safetensors in the working directory, or else where they can be kept.

      --init goes on from such a file, slots of the optimizer and count of epochs included, to the same bits as a \
      training that never stopped; from a file with parameters alone, the optimizer starts anew. The learning rate is \
      what the graph says; that the file has another one is said.

      A loss that is infinite or no number ends the training with a message about the step and the parameters; so do \
      parameters that would be saved with such numbers. What was saved before stays.

      The same graph, seed and data give the same result at any number of threads. With --json every epoch is an object \
      with epoch, loss, metrics, validation and seconds.
      """)

  @Argument(help: "The graph file.")
  var file: String

  @Option(help: ArgumentHelp("The training (default: the only one).", valueName: "@fit"))
  var function: FunctionName?

  @Option(
    name: .customLong("data"), parsing: .singleValue,
    help: ArgumentHelp(
      "The rows for an argument, such as x=data.csv:a,b. Once for each argument.", valueName: "NAME=SOURCE"))
  var data: [String] = []

  @Option(
    name: .customLong("validation"), parsing: .singleValue,
    help: ArgumentHelp("Rows to measure loss and metrics on after every epoch.", valueName: "NAME=SOURCE"))
  var validation: [String] = []

  @Option(help: ArgumentHelp("How many epochs to train.", valueName: "N"))
  var epochs = 10

  @Option(help: ArgumentHelp("The rows of a step (default: 32, or what a dump was made for).", valueName: "N"))
  var batch: Int?

  @Option(
    help: ArgumentHelp(
      "What initializers, shuffling and dropout draw from (default: that of --init, or 0).", valueName: "N"))
  var seed: UInt64?

  @Option(
    name: .customLong("init"),
    help: ArgumentHelp("Start from the parameters of this safetensors file.", valueName: "FILE"))
  var initial: String?

  @Flag(name: .customLong("no-shuffle"), help: "Visit the rows in the order of the data in every epoch.")
  var withoutShuffle = false

  @Option(
    name: .customLong("out"), help: ArgumentHelp("The folder to save parameters.safetensors to.", valueName: "DIR"))
  var directory: String?

  @Option(
    name: .customLong("save-every"),
    help: ArgumentHelp(
      "Save to --out after every N epochs too (default: 1 where an epoch takes over 10 s, else as many as that takes).",
      valueName: "N"))
  var saveEvery: Int?

  @OptionGroup var compilation: CompilationArguments

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws {
    if saveEvery != nil, directory == nil { throw ValidationError("--save-every needs --out, the folder to save to") }
    try requireUsage { () throws(Diagnostic) in try options().check() }
  }

  func run() throws {
    let begin = ContinuousClock.now
    let graph = try InputFile.graph(file)
    for warning in graph.warnings { Console.warn(warning) }
    let trainer = try trainer(graph)
    try trainer.makeFolder()
    let reporter = TrainingReporter(json: json)
    Interrupt.catchSignals()
    reporter.start(trainer, seconds: (ContinuousClock.now - begin) / .seconds(1), file: file)
    // What nobody can see the beginning of is not begun.
    if Console.hasLostOutput { return }
    let summary = try trainer.train(
      report: reporter.report, isCancelled: { Interrupt.isRaised || Console.hasLostOutput })
    if let failure = summary.saveFailure { throw RescueFile.save(summary.checkpoint, because: failure) }
    reporter.finish(summary, epochs: epochs)
    if summary.wasInterrupted, let status = Interrupt.status { throw status }
  }

  private func options() throws(Diagnostic) -> TrainingOptions {
    TrainingOptions(
      function: function?.name, epochs: epochs, seed: seed, shuffles: !withoutShuffle, directory: directory,
      saveEvery: saveEvery, execution: try compilation.executionOptions(batch: batch))
  }

  /// The trainer of the graph with its data: all checks, then compilation.
  private func trainer(_ graph: Graph) throws(Diagnostics) -> Trainer {
    let options = try collecting { () throws(Diagnostic) in
      let options = try self.options()
      try Trainer.check(options)
      return options
    }
    let (start, training, validating) = try collecting { () throws(Diagnostic) in
      let arguments = try Trainer.arguments(of: graph, training: function?.name)
      let start = try initial.map { path throws(Diagnostic) in
        (checkpoint: try Checkpoint(contentsOf: path), path: path)
      }
      let training = try DataArguments(data).dataset(for: arguments)
      let validating =
        validation.isEmpty ? nil : try DataArguments(validation, option: "validation").dataset(for: arguments)
      return (start, training, validating)
    }
    return try Trainer(graph, training: training, validation: validating, initial: start, options: options)
  }
}
