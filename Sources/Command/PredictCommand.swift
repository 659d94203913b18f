import ArgumentParser
import Fragua

/// `fragua predict`: runs a function over data, batch by batch.
struct PredictCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "predict",
    abstract: "Run a function over data, batch by batch, with trained parameters.",
    discussion: """
      Example:
        fragua predict graphs/student.graph --params out/parameters.safetensors \\
          --data x=graphs/data/students-test.csv:classes,hours --out probabilities.csv

      The results go to --out: an .npy file (one result), an .npz-like .safetensors file (any number), or a .csv file \
      (a column for each element of a row). Without --out, or with --out -, they are printed as a .csv file has them; \
      with --json as an object for each row. Where all results are scalars, such as a loss or an accuracy, their means \
      over the rows are printed.
      """)

  @Argument(help: "The graph file.")
  var file: String

  @Option(help: ArgumentHelp("The function (default: @predict).", valueName: "@predict"))
  var function: FunctionName?

  @Option(help: ArgumentHelp("The parameters, as a training saved them.", valueName: "FILE"))
  var params: String

  @Option(
    name: .customLong("data"), parsing: .singleValue,
    help: ArgumentHelp("The rows for an argument. Once for each argument.", valueName: "NAME=SOURCE"))
  var data: [String] = []

  @Option(help: ArgumentHelp("The rows of a batch (default: 256, or what a dump was made for).", valueName: "N"))
  var batch: Int?

  @Option(help: ArgumentHelp("The file to write: .npy, .csv or .safetensors (default: - prints).", valueName: "FILE"))
  var out: String?

  @OptionGroup var compilation: CompilationArguments

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func validate() throws { try requireBatch(batch) }

  func run() throws {
    let graph = try InputFile.graph(file)
    let name = function?.name ?? "predict"
    guard let root = graph.rootFunction(of: name) else { throw unknownFunction(name, in: graph) }
    let types = graph.resultTypes(of: name)
    let path = out == "-" ? nil : out
    let output = try path.map { try ResultFile($0, results: types.count) }
    let checkpoint = try Checkpoint(contentsOf: params)
    let initial = try InitialParameters(
      graph, states: [], seed: 0, vocabulary: .standard, checkpoint: (checkpoint, params))
    let dataset = try DataArguments(data).dataset(for: root)
    let predictor = try Predictor(
      graph, function: name, parameters: initial.tensors, options: try compilation.executionOptions(batch: batch))
    if let output, let path {
      let begin = ContinuousClock.now
      let results = try predictor.predict(dataset, warn: Console.warn)
      let seconds = (ContinuousClock.now - begin) / .seconds(1)
      let names = graph.resultNames(of: name)
      try output.write(results, names: names)
      report(path, rows: dataset.rowCount, seconds: seconds, zip(names, results).map { ($0, $1.type) })
    } else if types.allSatisfy({ $0.rank == 0 }) {
      let means = try predictor.means(dataset, warn: Console.warn)
      print(means: means, graph.figureNames(of: name), rows: dataset.rowCount)
    } else {
      try print(rows: try predictor.predict(dataset, warn: Console.warn), graph.resultNames(of: name))
    }
  }

  /// Says what has been written.
  private func report(_ path: String, rows: Int, seconds: Double, _ results: [(name: String, type: TensorType)]) {
    guard json else {
      Console.print("wrote \(Console.name(path)): \(rows) rows in \(TrainingReporter.time(seconds))")
      return
    }
    let list = results.map { JSON.object([("name", .string($0.name)), ("type", .string("\($0.type)"))]) }
    Console.print(
      JSON.object([
        ("rows", .integer(rows)), ("seconds", JSON(seconds)), ("out", .string(path)), ("results", .array(list)),
      ]).text)
  }

  /// Prints the means of scalar results.
  private func print(means: [Double], _ names: [String], rows: Int) {
    if json {
      let figures = JSON.object(zip(names, means).map { ($0, JSON($1)) })
      Console.print(JSON.object([("rows", .integer(rows)), ("means", figures)]).text)
    } else {
      for (name, mean) in zip(names, means) { Console.print("\(name) \(TrainingReporter.number(mean))") }
    }
  }

  /// Prints the results as a .csv file has them, or an object for each row.
  private func print(rows results: [Tensor], _ names: [String]) throws(Diagnostic) {
    guard json else { return Console.write(try ResultFile.csv(results, names), to: Console.output) }
    for row in 0..<(try ResultFile.rows(results, names)) {
      Console.print(JSON.object(zip(names, results).map { ($0, JSON($1, row: row)) }).text)
    }
  }
}

extension Graph {
  /// What the figures of `name`, all of whose results are scalars, are called: as its results' roles say; one figure by
  /// what a training takes it for, or by the function.
  func figureNames(of name: String) -> [String] {
    guard let function = function(named: name), function.resultRoles == [.plain] else { return resultNames(of: name) }
    return [trainings.contains { $0.loss == name } ? "loss" : name]
  }

  /// The names of the results of `name` as its text has them: a role, a value's name, or a number.
  func resultNames(of name: String) -> [String] {
    if let gradient = gradients.first(where: { $0.name == name }) {
      return gradient.variables.map { variable in
        switch variable {
        case .argument(let name), .parameter(let name): "d_" + name
        }
      }
    }
    if let training = trainings.first(where: { $0.name == name }) { return ["loss"] + training.metrics }
    guard let function = function(named: name) else { return [] }
    var names: [String] = []
    for (index, (value, role)) in zip(function.results, function.resultRoles).enumerated() {
      let name =
        switch role {
        case .loss: "loss"
        case .metric(let name): name
        case .plain: function.valueNames[value.id] ?? "result\(index)"
        }
      names.append(names.contains(name) ? "\(name)_\(index)" : name)
    }
    return names
  }
}
