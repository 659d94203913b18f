import FraguaData
import FraguaSource
import FraguaTensors

extension Trainer {
  /// Trains.
  ///
  /// Where ``TrainingOptions/directory`` is set, a checkpoint is saved at the end, when the training is stopped, and
  /// after epochs as ``TrainingOptions/saveEvery`` says. One that cannot be saved between epochs is a remark, and the
  /// training goes on; at the end, it is ``TrainingSummary/saveFailure``, so that what was learned is not lost.
  /// - Parameters:
  ///   - report: told what happens.
  ///   - isCancelled: asked after every step, in the mode in which denormals are zeros, and after every batch of the
  ///     validation; `true` stops the training.
  /// - Throws: where a loss is not finite, or parameters are not when they are to be saved or returned: nothing is
  ///   saved then, and a checkpoint from before stays; where the trainer is training already.
  public func train(
    report: (TrainingEvent) -> Void = { _ in }, isCancelled: () -> Bool = { false }
  ) throws(Diagnostics) -> TrainingSummary {
    guard !isTraining.exchange(true, ordering: .acquiring) else {
      throw Diagnostics([
        Diagnostic("'@\(name)' is being trained already", at: target.location)
          .noting("each training that runs at the same time needs a trainer of its own")
      ])
    }
    defer { isTraining.store(false, ordering: .releasing) }
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
        return try finish(reports, run, epochs: epoch - 1, steps: steps, wasInterrupted: true)
      }
      // Who has been told to stop does not measure first.
      let (validated, wasStopped) = isStopped ? (nil, true) : try validate(isCancelled)
      let seconds = (ContinuousClock.now - begin) / .seconds(1)
      let epochReport = EpochReport(
        epoch: epoch, lastEpoch: run.lastEpoch, training: figures, validation: validated, seconds: seconds)
      reports.append(epochReport)
      report(.epoch(epochReport))
      if !run.hasWarned, let validated, let warning = validationWarning(validated, epoch: epoch) {
        report(.warning(warning))
        run.hasWarned = true
      }
      if wasStopped, epoch < run.lastEpoch {
        return try finish(reports, run, epochs: epoch, steps: 0, wasInterrupted: true)
      }
      if epoch < run.lastEpoch, isSaveDue(after: epoch, run) { try saveBetweenEpochs(epoch, &run, report) }
    }
    return try finish(reports, run, epochs: run.lastEpoch, steps: 0, wasInterrupted: false)
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
    /// When a checkpoint was saved last, or should have been.
    var lastCheckpoint = ContinuousClock.now
    /// The epoch after which one was saved last.
    var savedEpoch: Int?
    /// Why the last one could not be saved, where it could not.
    var saveFailure: String?
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
    // Set here, the steps need not set it.
    let mode = DenormalMode.flush()
    defer { mode.restore() }
    for step in first..<batches.count {
      let frame = try loop.run(batches[step], denormalsAreZeros: true)
      let loss = frame.scalar(lossResult)
      guard loss.isFinite else {
        throw Diagnostics([
          notFinite(
            loss, epoch: epoch, step: step + 1, rows: batches[step], saved: run.savedEpoch, history: run.losses)
        ])
      }
      run.losses.add(loss, epoch: epoch, step: step + 1)
      sums.add(loss, metricResults.lazy.map { frame.scalar($0.result) }, rows: batches[step].count)
      run.doneSteps += 1
      if isCancelled() { return (figures(sums), step + 1, true) }
      if ContinuousClock.now - run.lastReport > .milliseconds(100) {
        run.lastReport = .now
        mode.restore()
        report(
          .step(
            StepReport(
              epoch: epoch, lastEpoch: run.lastEpoch, step: step + 1, steps: loop.count, loss: sums.mean(0),
              remainingSeconds: run.remainingSeconds)))
        DenormalMode.flush()
      }
    }
    return (figures(sums), loop.count, false)
  }

  /// The means of `sums` with their names.
  private func figures(_ sums: WeightedFigures) -> Figures {
    Figures(
      loss: sums.mean(0), metrics: metricResults.enumerated().map { (name: $1.name, value: sums.mean($0 + 1)) })
  }

  /// The loss and the metrics over the validation data with the present parameters; none where the training is stopped
  /// meanwhile.
  private func validate(_ isCancelled: () -> Bool) throws(Diagnostics) -> (figures: Figures?, isStopped: Bool) {
    guard let validation else { return (nil, false) }
    var sums = WeightedFigures(count: 1 + metricResults.count)
    for batch in try validation.batches() {
      let frame = try validation.run(batch)
      sums.add(
        frame.scalar(0), metricResults.indices.lazy.map { frame.scalar($0 + 1) },
        rows: batch.count)
      if isCancelled() { return (nil, true) }
    }
    return (figures(sums), false)
  }

  // MARK: Checkpoints

  /// Makes the folder that is saved to, if there is one and it is not there; ``train(report:isCancelled:)`` does too.
  package func makeFolder() throws(Diagnostics) {
    try collecting { () throws(Diagnostic) in try folder?.make() }
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
  var checkpointPath: String? { folder.map { $0.path + "/" + Checkpoint.fileName } }

  /// Whether a checkpoint is to be saved at the end of `epoch`.
  private func isSaveDue(after epoch: Int, _ run: Run) -> Bool {
    guard folder != nil else { return false }
    if let saveEvery = options.saveEvery { return (epoch - start.epochs) % saveEvery == 0 }
    return run.secondsSinceCheckpoint > TrainingOptions.usualIntervalSeconds
  }

  /// Saves a checkpoint at the end of `epoch`; where that fails, the training goes on all the same.
  private func saveBetweenEpochs(_ epoch: Int, _ run: inout Run, _ report: (TrainingEvent) -> Void) throws(Diagnostics)
  {
    try checkFinite(epochs: epoch, steps: 0, saved: run.savedEpoch)
    let failure = save(checkpoint(epochs: epoch, steps: 0))?.message
    if let failure, failure != run.saveFailure {
      report(.remark("\(failure); the training goes on, and saves when it can"))
    }
    if failure == nil { run.savedEpoch = epoch }
    run.saveFailure = failure
    run.lastCheckpoint = .now
  }

  /// Saves a checkpoint where there is a folder for it.
  /// - Returns: why it cannot be saved.
  private func save(_ checkpoint: Checkpoint) -> Diagnostic? {
    guard let checkpointPath else { return nil }
    do throws(Diagnostic) { try checkpoint.write(to: checkpointPath) } catch { return error }
    return nil
  }

  private func finish(
    _ reports: [EpochReport], _ run: Run, epochs: Int, steps: Int, wasInterrupted: Bool
  ) throws(Diagnostics) -> TrainingSummary {
    try checkFinite(epochs: epochs, steps: steps, saved: run.savedEpoch)
    let checkpoint = checkpoint(epochs: epochs, steps: steps)
    let failure = save(checkpoint)
    return TrainingSummary(
      epochs: reports, checkpoint: checkpoint, wasInterrupted: wasInterrupted,
      savedPath: failure == nil ? checkpointPath : nil, saveFailure: failure)
  }
}
