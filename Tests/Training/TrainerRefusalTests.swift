import Fragua
import FraguaTraining
import Testing

/// What ``Trainer`` refuses before it starts.
@Suite struct TrainerRefusalTests {
  private func refuses(
    _ message: String, note: String? = nil, sourceLocation: Testing.SourceLocation = #_sourceLocation,
    _ body: () throws -> Trainer
  ) {
    let errors = diagnostics(body)
    #expect(errors.map(\.message) == [message], sourceLocation: sourceLocation)
    if let note {
      #expect(errors.first?.notes.map(\.message).contains(note) == true, sourceLocation: sourceLocation)
    }
  }

  @Test func options() {
    func trainer(_ options: TrainingOptions) -> () throws -> Trainer {
      { try Trainer(linearGraph(), training: plane(5), options: options) }
    }
    refuses("the number of epochs is 0, but must be at least 1", trainer(TrainingOptions(epochs: 0)))
    refuses("the batch is 0, but must be at least 1", trainer(TrainingOptions(batch: 0)))
    refuses("the number of threads is 0, but must be at least 1", trainer(TrainingOptions(threads: 0)))
    refuses(
      "the number of epochs is \(Int.max), but must be at most 1000000000", trainer(TrainingOptions(epochs: .max)))
    refuses(
      "the batch is 2, but its symbol 'B' is bound to 3", note: "give one of the two",
      trainer(TrainingOptions(batch: 2, execution: ExecutionOptions(bindings: ["B": 3]))))
    refuses(
      "there is no function '@fot'", note: "did you mean '@fit'?", trainer(TrainingOptions(function: "fot")))
    refuses("'@loss' is not a training", note: "the trainings are '@fit'", trainer(TrainingOptions(function: "loss")))
  }

  /// A batch of more rows than there are is one of all rows; one bound to its symbol is a batch.
  @Test func batches() throws {
    func batch(_ options: TrainingOptions) throws -> Int {
      try Trainer(linearGraph(), training: plane(5), options: options).size.batch
    }
    #expect(try batch(TrainingOptions(batch: .max)) == 5)
    #expect(try batch(TrainingOptions()) == 5)
    #expect(try batch(TrainingOptions(execution: ExecutionOptions(bindings: ["B": 3]))) == 3)
    #expect(try batch(TrainingOptions(batch: 3, execution: ExecutionOptions(bindings: ["B": 3]))) == 3)
  }

  @Test func data() throws {
    func trainer(_ columns: Dataset.Column...) -> () throws -> Trainer {
      { try Trainer(linearGraph(), training: Dataset(columns)) }
    }
    let x = Dataset.Column("x", Tensor([3, 2], [Float](repeating: 1, count: 6)))
    let y = Dataset.Column("y", Tensor([3, 1], [Float](repeating: 1, count: 3)))
    refuses(
      "there are no data for the argument '%y' of '@loss', a tensor<Bx1xf32>",
      note: "on the command line, give them with '--data y=SOURCE'", trainer(x))
    refuses("'@loss' has no argument '%z'", trainer(x, y, Dataset.Column("z", y.tensor)))
    refuses(
      "the data for '%y': the type is tensor<3x1xf64>, expected tensor<Bx1xf32>",
      trainer(x, Dataset.Column("y", Tensor([3, 1], [1, 1, 1] as [Double]))))
    refuses(
      "the data for '%x': the type is tensor<3x3xf32>, expected tensor<Bx2xf32>",
      trainer(Dataset.Column("x", Tensor([3, 3], [Float](repeating: 1, count: 9))), y))
    refuses(
      "the inputs 'x' and 'y' differ in their rows: 3 and 2",
      trainer(x, Dataset.Column("y", Tensor([2, 1], [1, 1] as [Float]))))
  }

  @Test func labels() throws {
    let graph = try Graph(
      parsing: SourceFile(
        path: "classes.graph",
        text: """
          graph @classes version 1

          param @w: tensor<2x3xf32> = zeros

          func @inner(%z: tensor<Bx3xf32>, %y: tensor<Bxi64>) -> tensor<f32> {
            %l = softmax_cross_entropy %z, %y
            %m = reduce_mean %l
            return %m
          }

          func @loss(%x: tensor<Bx2xf32>, %y: tensor<Bxui8>) -> tensor<f32> {
            %z = matmul %x, @w
            %wide = convert %y {to = i64}
            %m = call @inner(%z, %wide)
            return %m
          }

          train @fit minimize @loss {
            optimizer = sgd(learning_rate = 0.1)
          }

          """))
    // Through a call and a conversion.
    let ranges = LabelRanges(of: try #require(graph.function(named: "loss")), in: graph)
    #expect(ranges.classes == [1: 3])
    let x = Dataset.Column("x", Tensor([3, 2], [Float](repeating: 1, count: 6)))
    func dataset(_ labels: [UInt8]) throws -> Dataset { try Dataset([x, Dataset.Column("y", Tensor([3], labels))]) }
    refuses("row 2 of 'y': the label 3 is out of range, expected 0 to 2", note: "in the training data") {
      try Trainer(graph, training: dataset([0, 3, 1]))
    }
    refuses("row 3 of 'y': the label 255 is out of range, expected 0 to 2", note: "in the validation data") {
      try Trainer(graph, training: dataset([0, 2, 1]), validation: dataset([0, 2, 255]))
    }
    _ = try Trainer(graph, training: dataset([0, 2, 1]))
  }

  /// A chain of calls is looked through however long it is.
  @Test func labelsThroughALongChainOfCalls() throws {
    var text = """
      graph @chain version 1

      func @f0(%z: tensor<Bx3xf32>, %y: tensor<Bxi32>) -> tensor<Bxf32> {
        %l = softmax_cross_entropy %z, %y
        return %l
      }

      """
    for i in 1...20_000 {
      text += """

        func @f\(i)(%z: tensor<Bx3xf32>, %y: tensor<Bxi32>) -> tensor<Bxf32> {
          %l = call @f\(i - 1)(%z, %y)
          return %l
        }

        """
    }
    let graph = try Graph(parsing: SourceFile(path: "chain.graph", text: text))
    #expect(LabelRanges(of: try #require(graph.function(named: "f20000")), in: graph).classes == [1: 3])
  }

  @Test func checkpoints() throws {
    func trainer(_ change: (inout [String: Tensor]) -> Void) -> () throws -> Trainer {
      var parameters = ["w": Tensor([2, 1], [1, 1] as [Float]), "b": Tensor([1], [0] as [Float])]
      change(&parameters)
      let checkpoint = Checkpoint(parameters: parameters)
      return { try Trainer(linearGraph(), training: plane(5), initial: (checkpoint, "p")) }
    }
    refuses("'p' lacks the parameter '@b', a tensor<1xf32>", trainer { $0["b"] = nil })
    refuses("'p' lacks the parameter '@w', a tensor<2x1xf32> (and 1 more)", trainer { $0 = [:] })
    refuses(
      "'p' has a tensor 'ww', but the graph has no parameter '@ww'", note: "did you mean '@w'?",
      trainer { $0["ww"] = $0.removeValue(forKey: "w") })
    refuses(
      "'p' has 'b' as tensor<2xf32>, but the graph declares '@b' as tensor<1xf32>",
      trainer { $0["b"] = Tensor([2], [0, 0] as [Float]) })
    refuses(
      "'p' has 'fit.step' as tensor<2xi64>, but the graph declares '@fit.step' as tensor<i64>",
      trainer { $0["fit.step"] = Tensor([2], [0, 0] as [Int64]) })
  }

  @Test func folders() throws {
    let folder = try TestFolder()
    let file = folder.file("parameters.safetensors")
    try Checkpoint(parameters: [:]).write(to: file)
    func trainer(_ directory: String) -> () throws -> Trainer {
      { try Trainer(linearGraph(), training: plane(5), options: TrainingOptions(directory: directory)) }
    }
    refuses("cannot write to the folder '\(file)': '\(file)' is a file", trainer(file))
    refuses("cannot write to the folder '\(file)/x': '\(file)' is a file", trainer(file + "/x"))
    #expect(folder.names == ["parameters.safetensors"])
  }
}
