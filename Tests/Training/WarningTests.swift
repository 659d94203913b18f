import Fragua
import Testing

/// What a training and a predictor warn of.
@Suite struct WarningTests {
  /// Warnings and errors of a training, each with its notes.
  private func train(
    _ graph: Graph, _ data: Dataset, validation: Dataset? = nil, options: TrainingOptions
  ) -> (warnings: [Diagnostic], errors: [Diagnostic]) {
    var warnings: [Diagnostic] = []
    let errors = diagnostics {
      try Trainer(graph, training: data, validation: validation, options: options).train {
        if case .warning(let warning) = $0 { warnings.append(warning) }
      }
    }
    return (warnings, errors)
  }

  /// A squared error that diverges: the loss has no logarithm, and how it grew is told.
  @Test func divergenceIsShown() throws {
    let outcome = train(
      try linearGraph("sgd(learning_rate = 1e6)"), try plane(40),
      options: TrainingOptions(epochs: 50, batch: 10, threads: 1))
    let error = try #require(outcome.errors.first)
    #expect(error.message.hasPrefix("the loss of '@fit' is "))
    let text = error.notes.map(\.message).joined(separator: "\n")
    #expect(text.contains(/it grew: .+, .+e\+?[0-9]+ in the steps from step [0-9]+ of epoch [0-9]+ on/), "\(text)")
    #expect(!text.contains("logarithm"), "\(text)")
    #expect(text.contains("a smaller learning rate"))
  }

  /// Once, not every epoch.
  @Test func validationThatIsNoNumber() throws {
    let data = try plane(20)
    let bad = try Dataset([
      Dataset.Column("x", Tensor([2, 2], [1, 2, .nan, 4] as [Float])),
      Dataset.Column("y", Tensor([2, 1], [1, 2] as [Float])),
    ])
    let outcome = train(
      try linearGraph(), data, validation: bad, options: TrainingOptions(epochs: 3, batch: 10, threads: 1))
    #expect(outcome.errors.isEmpty)
    #expect(outcome.warnings.map(\.message) == ["the loss of '@fit' over the validation data is nan in epoch 1"])
    #expect(
      outcome.warnings.first?.notes.map(\.message) == ["the data for '%x' have a number that is not finite in row 2"])
  }

  private static let logistic = """
    graph @logistic version 1

    param @w: tensor<2x1xf32> = zeros

    func @predict(%x: tensor<Bx2xf32>) -> tensor<Bx1xf32> {
      %z = matmul %x, @w
      return %z
    }

    func @loss(%x: tensor<Bx2xf32>, %y: tensor<Bx1xf32>) -> tensor<f32> {
      %z = call @predict(%x)
      %l = sigmoid_cross_entropy %z, %y
      %m = reduce_mean %l
      return %m
    }

    train @fit minimize @loss {
      optimizer = sgd
    }

    """

  @Test func labelsThatAreNoProbabilities() throws {
    let graph = try Graph(parsing: SourceFile(path: "logistic.graph", text: Self.logistic))
    func warnings(_ labels: [Float]) throws -> [Diagnostic] {
      let x = Dataset.Column("x", Tensor([labels.count, 2], [Float](repeating: 1, count: 2 * labels.count)))
      let data = try Dataset([x, Dataset.Column("y", Tensor([labels.count, 1], labels))])
      let outcome = train(graph, data, options: TrainingOptions(epochs: 1, threads: 1))
      #expect(outcome.errors.isEmpty)
      return outcome.warnings
    }
    #expect(try warnings([0, 1, 0.5]).isEmpty)
    let two = try warnings([0, 2, 1, -1])
    #expect(two.map(\.message) == ["row 2 of 'y': the label 2.0 is outside 0 to 1; so are 1 more of 4"])
    let signs = try warnings([1, -1, 1])
    #expect(signs.first?.notes.last?.message == "labels of -1 and 1 become 0 and 1 as (y + 1) / 2")
  }

  /// Labels that are read as integers are the same labels.
  @Test func convertedLabels() throws {
    let text = Self.logistic.replacing("%y: tensor<Bx1xf32>", with: "%n: tensor<Bx1xi32>")
      .replacing("%l = sigmoid", with: "%y = convert %n {to = f32}\n  %l = sigmoid")
    let data = try Dataset([
      Dataset.Column("x", Tensor([4, 2], [Float](repeating: 1, count: 8))),
      Dataset.Column("n", Tensor([4, 1], [0, 1, 2, 1] as [Int32])),
    ])
    func warnings(_ text: String) throws -> [String] {
      let graph = try Graph(parsing: SourceFile(path: "logistic.graph", text: text))
      let outcome = train(graph, data, options: TrainingOptions(epochs: 1, threads: 1))
      #expect(outcome.errors.isEmpty)
      return outcome.warnings.map(\.message)
    }
    #expect(try warnings(text) == ["row 3 of 'n': the label 2 is outside 0 to 1"])
    // Truth values are 0 and 1, whatever they come from.
    let truths = text.replacing(
      "%y = convert %n {to = f32}", with: "%t = convert %n {to = i1}\n  %y = convert %t {to = f32}")
    #expect(try warnings(truths) == [])
  }

  private static let classes = """
    graph @classes version 1

    func @class(%z: tensor<Bx3xf32>) -> tensor<Bxi32> {
      %k = argmax %z
      return %k
    }

    func @predict(%x: tensor<Bx3xf32>) -> (tensor<Bxi32>, tensor<Bx3xf32>) {
      %k = call @class(%x)
      %y = log %x
      return %k, %y
    }

    func @hits(%x: tensor<Bx3xf32>) -> tensor<f32> {
      %k, %y = call @predict(%x)
      %f = convert %k {to = f32}
      %m = reduce_mean %f
      return %m
    }

    """

  /// The class of a row with NaN is the position of the NaN, in a function that another one calls too.
  @Test func predictionsThatAreNoNumbers() throws {
    let graph = try Graph(parsing: SourceFile(path: "classes.graph", text: Self.classes))
    func run(_ rows: [Float], function: String = "predict") throws -> (results: [Tensor], warnings: [Diagnostic]) {
      let predictor = try Predictor(
        graph, function: function, parameters: [:], options: ExecutionOptions(batch: 2, threads: 1))
      let data = try Dataset([Dataset.Column("x", Tensor([rows.count / 3, 3], rows))])
      var warnings: [Diagnostic] = []
      var results: [Tensor] = []
      if function == "predict" {
        results = try predictor.predict(data) { warnings.append($0) }
      } else {
        _ = try predictor.means(data) { warnings.append($0) }
      }
      return (results, warnings)
    }
    let good = try run([1, 2, 3, 3, 2, 1, 1, 3, 2])
    #expect(good.warnings == [] && good.results[0].integers == [2, 0, 1])
    let zero = try run([1, 2, 3, 3, 0, 1, 1, 3, 2])
    #expect(zero.warnings.map(\.message) == ["1 number of 9 in result 2 of '@predict' is not finite"])
    #expect(zero.warnings[0].notes.map(\.message) == ["it is -inf, in row 2"])
    let bad = try run([1, 2, 3, 3, 2, 1, 1, .nan, 2])
    #expect(bad.results[0].integers == [2, 0, 1])
    #expect(
      bad.warnings.map(\.message) == [
        "an 'argmax' in '@predict' met a number that is NaN, and took it for the largest",
        "1 number of 9 in result 2 of '@predict' is not finite",
      ])
    #expect(bad.warnings[0].notes.map(\.message) == ["in row 3"])
    #expect(
      bad.warnings[1].notes.map(\.message)
        == ["it is nan, in row 3", "the data for '%x' have a number that is not finite in row 3"])
    let means = try run([.nan, 2, 3, 3, 2, 1, 1, 3, 2], function: "hits")
    #expect(
      means.warnings.map(\.message) == [
        "an 'argmax' in '@hits' met a number that is NaN, and took it for the largest"
      ])
    #expect(means.warnings[0].notes.map(\.message) == ["in one of the rows 1 to 2"])
  }
}
