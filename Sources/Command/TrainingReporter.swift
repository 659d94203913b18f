import Fragua

/// Tells what happens in a training: lines for people, or objects for programs.
struct TrainingReporter {
  let json: Bool

  /// Says what is about to be trained.
  func start(_ trainer: Trainer, seconds: Double, file: String) {
    guard !json else { return }
    let size = trainer.size
    Console.print(
      bold: "@\(trainer.name)",
      " of \(Console.name(file)): \(size.rows) rows in batches of \(size.batch), "
        + "\(size.threads) thread\(size.threads == 1 ? "" : "s"); read and compiled in \(Self.time(seconds))")
  }

  /// Reports one event.
  func report(_ event: TrainingEvent) {
    switch event {
    case .remark(let text): Console.remark(Diagnostic.Note(text))
    case .warning(let warning): Console.warn(warning)
    case .step(let step):
      Console.checkReader()
      let share = Double(step.step) / Double(step.steps)
      let bar = String(repeating: "━", count: Int(share * 20)) + String(repeating: "─", count: 20 - Int(share * 20))
      ProgressLine.show(
        "epoch \(step.epoch)/\(step.lastEpoch) \(bar) batch \(step.step)/\(step.steps)  loss \(Self.number(step.loss))"
          + "  \(Self.time(step.remainingSeconds)) left")
    case .epoch(let epoch):
      ProgressLine.clear()
      if json { return Console.print(Self.object(epoch).text) }
      Console.print(Self.line(epoch), faint: "  \(Self.time(epoch.seconds))")
    }
  }

  /// Says where the parameters are.
  func finish(_ summary: TrainingSummary, epochs: Int) {
    ProgressLine.clear()
    if summary.wasInterrupted {
      let done = summary.epochs.count
      if let path = summary.savedPath {
        Console.remark("interrupted; go on with '--init \(path) --epochs \(max(epochs - done, 1))'")
      } else {
        Console.remark("interrupted; nothing was saved, because there was no --out")
      }
    } else if let path = summary.savedPath {
      if !json { Console.print("saved \(Console.name(path))") }
    } else {
      Console.remark("the parameters were not saved; --out DIR saves them")
    }
  }

  /// An epoch as a line for people, but for its time.
  private static func line(_ epoch: EpochReport) -> String {
    let width = String(epoch.lastEpoch).count
    let number = String(repeating: " ", count: width - String(epoch.epoch).count) + "\(epoch.epoch)"
    var line = "epoch \(number)/\(epoch.lastEpoch)  " + text(epoch.training)
    if let validation = epoch.validation { line += "  |  validation " + text(validation) }
    return line
  }

  private static func text(_ figures: Figures) -> String {
    (["loss \(number(figures.loss))"] + figures.metrics.map { "\($0.name) \(number($0.value))" }).joined(
      separator: "  ")
  }

  /// An epoch as an object.
  private static func object(_ epoch: EpochReport) -> JSON {
    let validation = epoch.validation.map {
      JSON.object([("loss", JSON($0.loss)), ("metrics", metrics($0))])
    }
    return .object([
      ("epoch", .integer(epoch.epoch)), ("loss", JSON(epoch.training.loss)), ("metrics", metrics(epoch.training)),
      ("validation", validation ?? .null), ("seconds", JSON(epoch.seconds)),
    ])
  }

  private static func metrics(_ figures: Figures) -> JSON {
    .object(figures.metrics.map { ($0.name, JSON($0.value)) })
  }

  /// A figure with about five digits.
  static func number(_ value: Double) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : Scalar(value).text }
    if abs(value) >= 1e6 || abs(value) < 1e-4 { return Decimals.scientific(value) }
    return Decimals.fixed(value, abs(value) >= 1000 ? 1 : abs(value) >= 10 ? 3 : 4)
  }

  /// A time that a person reads.
  static func time(_ seconds: Double) -> String {
    switch seconds {
    case ..<1: "\(Decimals.fixed(seconds * 1000, seconds < 0.01 ? 1 : 0)) ms"
    case ..<100: "\(Decimals.fixed(seconds, 1)) s"
    case ..<6000: "\(Int(seconds) / 60) min \(Int(seconds) % 60) s"
    default: "\(Int(min(seconds, 1e15)) / 3600) h \(Int(min(seconds, 1e15)) % 3600 / 60) min"
    }
  }
}
