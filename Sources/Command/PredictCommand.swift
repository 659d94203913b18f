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
      (a column for each element of a row). Where all results are scalars, such as a loss or an accuracy, their means \
      over the rows are printed, and --out is not needed.
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

  @Option(help: ArgumentHelp("The file to write: .npy, .csv or .safetensors.", valueName: "FILE"))
  var out: String?

  @OptionGroup var compilation: CompilationArguments

  @Flag(help: "Print one JSON object a line.")
  var json = false

  func run() throws {
    let graph = try InputFile.graph(file)
    let name = function?.name ?? "predict"
    guard let root = graph.rootFunction(of: name) else { throw unknownFunction(name, in: graph) }
    let types = graph.resultTypes(of: name)
    let isScalar = types.allSatisfy { $0.rank == 0 }
    let output = try out.map { try ResultFile($0, results: types.count) }
    if output == nil, !isScalar {
      throw UsageError(
        command: "predict", message: "the results of '@\(name)' are rows, which need a file",
        hint: "--out predictions.csv writes them; the name may end in .npy, .csv or .safetensors.")
    }
    let checkpoint = try Checkpoint(contentsOf: params)
    let initial = try InitialParameters(
      graph, states: [], seed: 0, vocabulary: .standard, checkpoint: (checkpoint, params))
    let dataset = try DataArguments(data).dataset(for: root)
    let predictor = try Predictor(
      graph, function: name, parameters: initial.tensors, options: try compilation.executionOptions(batch: batch))
    let names = output == nil ? graph.figureNames(of: name) : graph.resultNames(of: name)
    if isScalar, output == nil {
      let means = try predictor.means(dataset)
      if json {
        Console.print(
          JSON.object([
            ("rows", .integer(dataset.rowCount)), ("means", .object(zip(names, means).map { ($0, JSON($1)) })),
          ]).text)
      } else {
        for (name, mean) in zip(names, means) { Console.print("\(name) \(TrainingReporter.number(mean))") }
      }
      return
    }
    let begin = ContinuousClock.now
    let results = try predictor.predict(dataset)
    let seconds = (ContinuousClock.now - begin) / .seconds(1)
    try output!.write(results, names: names)
    if json {
      Console.print(
        JSON.object([
          ("rows", .integer(dataset.rowCount)), ("seconds", JSON(seconds)), ("out", .string(out!)),
          (
            "results",
            .array(zip(names, results).map { .object([("name", .string($0)), ("type", .string("\($1.type)"))]) })
          ),
        ]).text)
    } else {
      Console.print("wrote \(Console.name(out!)): \(dataset.rowCount) rows in \(TrainingReporter.time(seconds))")
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
