import Foundation
import Fragua
import FraguaTraining
import Testing

/// What ``Trainer`` promises an app.
@Suite struct TrainerTests {
  /// Trains the linear model on 50 rows.
  private func train(
    _ data: Dataset? = nil, _ graph: Graph? = nil, initial: Checkpoint? = nil, validation: Dataset? = nil,
    _ change: (inout TrainingOptions) -> Void = { _ in }
  ) throws -> TrainingSummary {
    var options = TrainingOptions(epochs: 3, batch: 8, seed: 7, threads: 1)
    change(&options)
    let trainer = try Trainer(
      graph ?? linearGraph(), training: data ?? plane(50), validation: validation,
      initial: initial.map { ($0, "before") }, options: options)
    return try trainer.train()
  }

  @Test func learns() throws {
    let summary = try train { $0.epochs = 60 }
    #expect(summary.epochs.map(\.epoch) == Array(1...60))
    #expect(summary.epochs.last!.training.loss < summary.epochs[0].training.loss / 100)
    #expect(!summary.wasInterrupted && summary.savedPath == nil)
    let weights = summary.checkpoint.parameters["w"]!.doubles
    #expect(abs(weights[0] - 2) < 0.1 && abs(weights[1] + 1) < 0.1)
    #expect(abs(summary.checkpoint.parameters["b"]!.doubles[0] - 0.5) < 0.05)
  }

  /// Parameters in types for storing learn too; their slots are `f32`, and the data may be integers.
  @Test(arguments: ["bf16", "f16"]) func learnsStoredParameters(_ element: String) throws {
    let text = linear.replacing("OPTIMIZER", with: "adam(learning_rate = 0.05)")
      .replacing("@w: tensor<2x1xf32>", with: "@w: tensor<2x1x\(element)>")
      .replacing("@b: tensor<1xf32>", with: "@b: tensor<1x\(element)>")
      .replacing("dense %x, @w, @b", with: "dense %x, %w, %b")
      .replacing("  %y = dense", with: "  %w = convert @w {to = f32}\n  %b = convert @b {to = f32}\n  %y = dense")
    let graph = try Graph(parsing: SourceFile(path: "stored.graph", text: text))
    let summary = try train(nil, graph) { $0.epochs = 60 }
    let parameters = summary.checkpoint.parameters
    #expect(parameters["w"]!.element.rawValue == element && parameters["fit.adam.m.w"]!.element == .f32)
    #expect(summary.epochs.last!.training.loss < summary.epochs[0].training.loss / 50)
    let weights = parameters["w"]!.doubles
    #expect(abs(weights[0] - 2) < 0.1 && abs(weights[1] + 1) < 0.1)
    // What is saved is read back, and goes on.
    let folder = try TestFolder()
    let path = folder.file("stored.safetensors")
    try summary.checkpoint.write(to: path)
    let again = try Checkpoint(contentsOf: path)
    #expect(again.parameters == parameters)
    #expect(try train(nil, graph, initial: again).epochs[0].training.loss < summary.epochs[1].training.loss)
  }

  /// An epoch's figures are means over rows: with a rate of nearly nothing, those of all rows at once, although the
  /// last of the batches of 8 has 2 rows.
  @Test func figuresAreWeightedByRows() throws {
    let graph = try linearGraph("sgd(learning_rate = 1e-30)")
    let batches = try train(nil, graph) { $0.epochs = 1 }.epochs[0].training
    let whole = try train(nil, graph) {
      $0.epochs = 1
      $0.batch = 50
    }.epochs[0].training
    // The sums run in another order: a few roundings of f32.
    #expect(abs(batches.loss - whole.loss) < 1e-6 * whole.loss)
    #expect(batches.metrics.map(\.name) == ["error"])
    #expect(abs(batches.metrics[0].value - whole.metrics[0].value) < 1e-6 * whole.metrics[0].value)
    // A mean of the batches' means would be visibly another.
    let data = try plane(50)
    let trainer = try Trainer(graph, training: data, options: TrainingOptions(epochs: 1, batch: 8, seed: 7))
    #expect(trainer.size == (rows: 50, batch: 8, threads: 1))
  }

  /// The last, smaller batch is trained on: without its rows the outcome is another.
  @Test func trainsOnTheLastBatch() throws {
    let all = try train { $0.shuffles = false }
    let data = try plane(50)
    let whole = try Dataset(
      data.columns.map { Dataset.Column($0.name, data.gatherRows(Array(0..<48)[...], of: $0.name)) })
    let dropped = try train(whole) { $0.shuffles = false }
    #expect(all.checkpoint.parameters["fit.step"]!.doubles[0] == 3 * 7)
    #expect(dropped.checkpoint.parameters["fit.step"]!.doubles[0] == 3 * 6)
    #expect(!all.checkpoint.parameters["w"]!.hasSameBits(as: dropped.checkpoint.parameters["w"]!))
  }

  @Test func seedsShuffles() throws {
    let one = try train()
    expectSame(one.checkpoint, try train().checkpoint)
    let same = Checkpoint(parameters: one.checkpoint.parameters.filter { ["w", "b"].contains($0.key) })
    func weights(_ change: (inout TrainingOptions) -> Void) throws -> Tensor {
      try train(initial: same, change).checkpoint.parameters["w"]!
    }
    // From the same parameters, only the order of the rows differs.
    let order = try weights { $0.seed = 1 }
    #expect(order.hasSameBits(as: try weights { $0.seed = 1 }))
    #expect(!order.hasSameBits(as: try weights { $0.seed = 2 }))
    #expect(!order.hasSameBits(as: try weights { $0.shuffles = false }))
    // Every epoch has an order of its own.
    #expect(shuffledRows(50, seed: 1, epoch: 1) != shuffledRows(50, seed: 1, epoch: 2))
    #expect(shuffledRows(50, seed: 1, epoch: 1).sorted() == Array(0..<50))
  }

  @Test(arguments: [
    "sgd(learning_rate = 0.05)", "sgd(learning_rate = 0.05, momentum = 0.9, nesterov = true)",
    "adam(learning_rate = 0.05)", "adagrad(learning_rate = 0.05)", "adadelta(learning_rate = 1.0)",
    "rmsprop(learning_rate = 0.05)",
  ])
  func resumesToTheSameBits(optimizer: String) throws {
    let graph = try linearGraph(optimizer)
    let whole = try train(nil, graph) { $0.epochs = 5 }
    let first = try train(nil, graph) { $0.epochs = 2 }
    let rest = try train(nil, graph, initial: first.checkpoint) {
      $0.epochs = 3
      $0.seed = nil
    }
    expectSame(rest.checkpoint, whole.checkpoint)
    #expect(rest.epochs.map(\.epoch) == [3, 4, 5])
    #expect(rest.epochs.last!.training == whole.epochs.last!.training)
    let progress = Checkpoint.Progress(graph: "linear", seed: 7, epochs: 5, steps: 0, batch: 8, rows: 50)
    #expect(rest.checkpoint.progress == progress)
  }

  /// Stopped after any step, also one in the middle of an epoch, a training goes on to the same bits.
  @Test(arguments: [1, 3, 7, 9, 13]) func resumesInsideAnEpoch(steps: Int) throws {
    let whole = try train { $0.epochs = 3 }
    let trainer = try Trainer(
      linearGraph(), training: plane(50), options: TrainingOptions(epochs: 3, batch: 8, seed: 7, threads: 1))
    var done = 0
    let stopped = try trainer.train(isCancelled: {
      done += 1
      return done == steps
    })
    #expect(done == steps && stopped.wasInterrupted)
    let progress = try #require(stopped.checkpoint.progress)
    #expect(progress.epochs == steps / 7 && progress.steps == steps % 7)
    #expect(stopped.epochs.count == steps / 7)
    let rest = try train(initial: stopped.checkpoint) { $0.epochs = 3 - steps / 7 }
    expectSame(rest.checkpoint, whole.checkpoint)
  }

  /// A checkpoint that was interrupted with other batches starts its epoch over, and says so.
  @Test func startsAnInterruptedEpochOverWithOtherBatches() throws {
    let trainer = try Trainer(
      linearGraph(), training: plane(50), options: TrainingOptions(epochs: 1, batch: 8, seed: 7))
    let stopped = try trainer.train(isCancelled: { true })
    let other = try Trainer(
      linearGraph(), training: plane(50), initial: (stopped.checkpoint, "before"),
      options: TrainingOptions(epochs: 1, batch: 10))
    var remarks: [String] = []
    let summary = try other.train { if case .remark(let text) = $0 { remarks.append(text) } }
    #expect(remarks == ["epoch 1 starts over: it was interrupted with batches of 8 of 50 rows"])
    #expect(summary.epochs.map(\.epoch) == [1])
  }

  /// Parameters alone are a start, but no resumption: the count of epochs and the optimizer begin anew.
  @Test func startsFromParametersAlone() throws {
    let before = try train()
    let alone = Checkpoint(
      parameters: before.checkpoint.parameters.filter { ["w", "b"].contains($0.key) },
      progress: before.checkpoint.progress)
    let after = try train(initial: alone) { $0.epochs = 1 }
    #expect(after.epochs.map(\.epoch) == [1])
    #expect(after.checkpoint.parameters["fit.step"]!.doubles[0] == 7)
    #expect(after.epochs[0].training.loss < before.epochs[0].training.loss)
    // A part of the optimizer's state is of no use, which the user is told.
    var partial = before.checkpoint
    partial.parameters["fit.adam.m.w"] = nil
    let trainer = try Trainer(
      linearGraph(), training: plane(50), initial: (partial, "before"), options: TrainingOptions(epochs: 1, batch: 8))
    var remarks: [String] = []
    _ = try trainer.train { if case .remark(let text) = $0 { remarks.append(text) } }
    #expect(remarks == ["'before' lacks the state '@fit.adam.m.w': the optimizer starts anew"])
  }

  @Test func sameBitsAtAnyNumberOfThreads() throws {
    let one = try train()
    for threads in [2, 4] { expectSame(try train { $0.threads = threads }.checkpoint, one.checkpoint) }
    expectSame(try train { $0.usesMemoryPlan = false }.checkpoint, one.checkpoint)
    expectSame(try train { $0.poisonsDeadBytes = true }.checkpoint, one.checkpoint)
  }

  /// Validation is measured after each epoch with its parameters, changes nothing, and is a mean over rows too.
  @Test func validates() throws {
    let held = try plane(13)
    let with = try train(validation: held)
    expectSame(with.checkpoint, try train().checkpoint)
    for epoch in with.epochs { #expect(epoch.validation!.metrics.map(\.name) == ["error"]) }
    let predictor = try Predictor(linearGraph(), function: "loss", parameters: with.checkpoint.parameters)
    let loss = try predictor.means(held)[0]
    #expect(abs(with.epochs.last!.validation!.loss - loss) < 1e-6 * loss)
    #expect(try train().epochs.allSatisfy { $0.validation == nil })
  }

  @Test func checkpointsHoldEverything() throws {
    let folder = try TestFolder()
    let summary = try train { $0.directory = folder.path + "/deep/er" }
    let path = folder.path + "/deep/er/parameters.safetensors"
    #expect(summary.savedPath == path)
    let read = try Checkpoint(contentsOf: path)
    #expect(read == summary.checkpoint)
    #expect(
      read.parameters.keys.sorted() == [
        "b", "fit.adam.m.b", "fit.adam.m.w", "fit.adam.v.b", "fit.adam.v.w", "fit.learning_rate", "fit.step", "w",
      ])
    // The state of the optimizer is there to be read.
    #expect(read.parameters["fit.learning_rate"]!.doubles.map { Float($0) } == [0.05])
    #expect(read.parameters["fit.step"]!.doubles == [21])
  }

  @Test func stopsWhereTheLossIsNotFinite() throws {
    let folder = try TestFolder()
    let path = folder.file("parameters.safetensors")
    _ = try train { $0.directory = folder.path }
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let errors = diagnostics {
      try train(nil, linearGraph("sgd(learning_rate = 1e30)")) { $0.directory = folder.path }
    }
    #expect(errors.count == 1)
    let error = try #require(errors.first)
    #expect(error.message.contains(/^the loss of '@fit' is (inf|nan) in epoch 1, step [2-7]$/), "\(error.message)")
    #expect(error.location?.line == 25 && error.location?.file == "linear.graph")
    #expect(error.notes.map(\.message).contains { $0.contains("smaller learning rate") })
    #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    #expect(folder.names == ["parameters.safetensors"])
  }

  /// What is known about the numbers is said: whether data or parameters are at fault.
  @Test func saysWhatIsNotFinite() throws {
    let wild = diagnostics { try train(nil, linearGraph("sgd(learning_rate = 1e30)")) }
    #expect(wild.first?.notes.map(\.message).contains("after the step all 2 trained parameters are not finite") == true)
    // Without a folder nothing is said about saving.
    #expect(wild.first?.notes.contains { $0.message.contains("saved") } == false)

    var x = try plane(50)["x"]!.doubles.map { Float($0) }
    x[2 * 33 + 1] = .nan
    let broken = try Dataset([
      Dataset.Column("x", Tensor([50, 2], x)), Dataset.Column("y", try plane(50)["y"]!),
    ])
    let bad = diagnostics { try train(broken) { $0.shuffles = false } }
    #expect(bad.first?.message == "the loss of '@fit' is nan in epoch 1, step 5")
    #expect(bad.first?.notes.map(\.message) == ["the data for '%x' have a number that is not finite in row 34"])
  }

  /// A loss of infinite size with a derivative of 0, such as that of the logarithm of a constant 0.
  @Test func saysThatTheLossIsAtFault() throws {
    let text = linear.replacing("OPTIMIZER", with: "sgd").replacing(
      "%l = mean_squared_error %p, %y\n",
      with: "%s = mean_squared_error %p, %y\n    %z = subtract %y, %y\n"
        + "    %g = log %z\n    %n = reduce_mean %g\n    %l = subtract %s, %n\n")
    let graph = try Graph(parsing: SourceFile(path: "log.graph", text: text))
    let errors = diagnostics { try train(nil, graph) }
    #expect(errors.first?.message == "the loss of '@fit' is inf in epoch 1, step 1")
    let note = errors.first?.notes.first?.message
    #expect(note?.hasPrefix("the parameters are finite after the step: it is the loss") == true)
  }

  /// The last step may leave parameters that are not finite although its loss was: they do not replace good ones.
  @Test func doesNotSaveParametersThatAreNotFinite() throws {
    let folder = try TestFolder()
    let path = folder.file("parameters.safetensors")
    _ = try train { $0.directory = folder.path }
    let before = try Data(contentsOf: URL(fileURLWithPath: path))
    let y = try plane(50)["y"]!.doubles.map { Float(1000 * $0) }
    let data = try Dataset([
      Dataset.Column("x", try plane(50)["x"]!), Dataset.Column("y", Tensor([50, 1], y)),
    ])
    func errors(epochs: Int, every saveEvery: Int?) -> [Diagnostic] {
      diagnostics {
        try train(data, linearGraph("sgd(learning_rate = 3.4e38)")) {
          ($0.epochs, $0.batch, $0.saveEvery, $0.directory) = (epochs, 50, saveEvery, folder.path)
        }
      }
    }
    for (epochs, saveEvery) in [(1, nil), (2, 1)] {
      let error = try #require(errors(epochs: epochs, every: saveEvery).first)
      #expect(error.message == "after epoch 1 of '@fit', all 2 trained parameters are not finite")
      #expect(error.location?.line == 25 && error.notes.last?.message.hasPrefix("nothing was saved;") == true)
      #expect(try Data(contentsOf: URL(fileURLWithPath: path)) == before)
    }
    // A model in memory keeps what it had, too.
    let model = try Model(linearGraph("sgd(learning_rate = 3.4e38)"), seed: 7)
    let kept = model.checkpoint
    let rows = Dictionary(uniqueKeysWithValues: data.columns.map { ($0.name, $0.tensor) })
    #expect(throws: Diagnostics.self) { try model.train(on: rows, options: TrainingOptions(epochs: 1, batch: 50)) }
    #expect(model.checkpoint == kept)
  }

  /// Checks that two checkpoints hold the same bits.
  private func expectSame(
    _ a: Checkpoint, _ b: Checkpoint, sourceLocation: Testing.SourceLocation = #_sourceLocation
  ) {
    #expect(a.parameters.keys.sorted() == b.parameters.keys.sorted(), sourceLocation: sourceLocation)
    for (name, tensor) in a.parameters {
      #expect(b.parameters[name].map(tensor.hasSameBits) == true, "'\(name)'", sourceLocation: sourceLocation)
    }
    #expect(a.progress == b.progress, sourceLocation: sourceLocation)
  }
}
