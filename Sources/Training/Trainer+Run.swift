import FraguaData
import FraguaSource
import FraguaTensors

extension Trainer {
  /// Trains.
  ///
  /// Where ``TrainingOptions/directory`` is set, a checkpoint is saved at the end, when the training is stopped, and at
  /// the end of an epoch where the last one is old.
  /// - Parameters:
  ///   - report: told what happens.
  ///   - isCancelled: asked after every step; `true` stops the training.
  /// - Throws: where a loss is not finite, or parameters are not when they are to be saved or returned: nothing is
  ///   saved then, and a checkpoint from before stays; where a checkpoint cannot be saved.
  public func train(
    report: (TrainingEvent) -> Void = { _ in }, isCancelled: () -> Bool = { false }
  ) throws(Diagnostics) -> TrainingSummary {
    try makeFolder()
    for remark in remarks { report(.remark(remark)) }
    for warning in warnings { report(.warning(warning)) }
    loop.prepareLast()
    validation?.prepareLast()
    var run = Run(start: start, lastEpoch: start.epochs + options.epochs, steps: loop.count)
    var reports: [EpochReport] = []
    for epoch in start.epochs + 1...run.lastEpoch {
      let begin = ContinuousClock.now
      let firstStep = epoch == start.epochs + 1 ? start.steps : 0
      let (figures, steps, isStopped) = try trainEpoch(epoch, from: firstStep, &run, isCancelled, report)
      if steps < loop.count {
        return try finish(reports, epochs: epoch - 1, steps: steps, wasInterrupted: true)
      }
      let validated = try validate()
      let seconds = (ContinuousClock.now - begin) / .seconds(1)
      let epochReport = EpochReport(
        epoch: epoch, lastEpoch: run.lastEpoch, training: figures, validation: validated, seconds: seconds)
      reports.append(epochReport)
      report(.epoch(epochReport))
      if !run.hasWarned, let validated, let warning = validationWarning(validated, epoch: epoch) {
        report(.warning(warning))
        run.hasWarned = true
      }
      if isStopped, epoch < run.lastEpoch {
        return try finish(reports, epochs: epoch, steps: 0, wasInterrupted: true)
      }
      if folder != nil, epoch < run.lastEpoch, run.secondsSinceCheckpoint > options.checkpointIntervalSeconds {
        try checkFinite(epochs: epoch, steps: 0)
        try save(checkpoint(epochs: epoch, steps: 0))
        run.lastCheckpoint = .now
      }
    }
    return try finish(reports, epochs: run.lastEpoch, steps: 0, wasInterrupted: false)
  }

  /// What a run keeps from epoch to epoch.
  private struct Run {
    let lastEpoch: Int
    /// The steps of an epoch.
    let steps: Int
    /// The steps to do in all, and those that are done.
    let allSteps: Int
    var doneSteps = 0
    let begin = ContinuousClock.now
    var lastReport = ContinuousClock.now
    var lastCheckpoint = ContinuousClock.now
    /// Whether it has been said that figures of the validation are no numbers.
    var hasWarned = false
    /// The losses of the last steps.
    var losses = LossHistory()

    init(start: (epochs: Int, steps: Int), lastEpoch: Int, steps: Int) {
      self.lastEpoch = lastEpoch
      self.steps = steps
      allSteps = (lastEpoch - start.epochs) * steps - start.steps
    }

    var secondsSinceCheckpoint: Double { (ContinuousClock.now - lastCheckpoint) / .seconds(1) }

    /// How long the rest will take at the mean speed so far.
    var remainingSeconds: Double {
      (ContinuousClock.now - begin) / .seconds(1) / Double(max(doneSteps, 1)) * Double(allSteps - doneSteps)
    }
  }

  /// Runs the steps of an epoch from step `first`.
  /// - Returns: the means over the rows, the number of the last step that was done, and whether the training is to stop
  ///   there.
  private func trainEpoch(
    _ epoch: Int, from first: Int, _ run: inout Run, _ isCancelled: () -> Bool, _ report: (TrainingEvent) -> Void
  ) throws(Diagnostics) -> (figures: Figures, steps: Int, isStopped: Bool) {
    let batches = try loop.batches(options.shuffles ? .shuffled(seed: seed, epoch: UInt64(epoch)) : .sequential)
    var sums = WeightedFigures(count: 1 + metricResults.count)
    for step in first..<batches.count {
      let function = try loop.run(batches[step])
      let loss = function.scalar(lossResult)
      guard loss.isFinite else {
        throw Diagnostics([
          notFinite(loss, epoch: epoch, step: step + 1, rows: batches[step], history: run.losses)
        ])
      }
      run.losses.add(loss, epoch: epoch, step: step + 1)
      sums.add(loss, metricResults.lazy.map { function.scalar($0.result) }, rows: batches[step].count)
      run.doneSteps += 1
      if isCancelled() { return (figures(sums), step + 1, true) }
      if ContinuousClock.now - run.lastReport > .milliseconds(100) {
        run.lastReport = .now
        report(
          .step(
            StepReport(
              epoch: epoch, lastEpoch: run.lastEpoch, step: step + 1, steps: loop.count, loss: sums.mean(0),
              remainingSeconds: run.remainingSeconds)))
      }
    }
    return (figures(sums), loop.count, false)
  }

  /// The means of `sums` with their names.
  private func figures(_ sums: WeightedFigures) -> Figures {
    Figures(
      loss: sums.mean(0), metrics: metricResults.enumerated().map { (name: $1.name, value: sums.mean($0 + 1)) })
  }

  /// The loss and the metrics over the validation data with the present parameters.
  private func validate() throws(Diagnostics) -> Figures? {
    guard let validation else { return nil }
    var sums = WeightedFigures(count: 1 + metricResults.count)
    for batch in try validation.batches() {
      let function = try validation.run(batch)
      sums.add(
        function.scalar(0), metricResults.indices.lazy.map { function.scalar($0 + 1) },
        rows: batch.count)
    }
    return figures(sums)
  }

  // MARK: Checkpoints

  /// Makes the folder that is saved to, if there is one and it is not there; ``train(report:isCancelled:)`` does too.
  package func makeFolder() throws(Diagnostics) {
    if let folder { do throws(Diagnostic) { try folder.make() } catch { throw Diagnostics([error]) } }
  }

  /// The present parameters.
  private func checkpoint(epochs: Int, steps: Int) -> Checkpoint {
    let tensors = Dictionary(uniqueKeysWithValues: store.names.map { ($0, store[$0]!) })
    return Checkpoint(
      parameters: tensors,
      progress: Checkpoint.Progress(
        graph: graph.name, seed: seed, epochs: epochs, steps: steps, batch: loop.batch, rows: loop.layout.rows))
  }

  /// Where checkpoints are saved.
  private var checkpointPath: String? { folder.map { $0.path + "/" + Checkpoint.fileName } }

  private func save(_ checkpoint: Checkpoint) throws(Diagnostics) {
    guard let checkpointPath else { return }
    do throws(Diagnostic) { try checkpoint.write(to: checkpointPath) } catch { throw Diagnostics([error]) }
  }

  private func finish(
    _ reports: [EpochReport], epochs: Int, steps: Int, wasInterrupted: Bool
  ) throws(Diagnostics) -> TrainingSummary {
    try checkFinite(epochs: epochs, steps: steps)
    let checkpoint = checkpoint(epochs: epochs, steps: steps)
    try save(checkpoint)
    return TrainingSummary(
      epochs: reports, checkpoint: checkpoint, wasInterrupted: wasInterrupted, savedPath: checkpointPath)
  }
}
