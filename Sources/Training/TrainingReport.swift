import FraguaSource
import FraguaTensors

/// Means over rows: of the loss and of the metrics, by name.
public struct Figures: Sendable, Equatable {
  public var loss: Double
  /// In the order of the graph.
  public var metrics: [(name: String, value: Double)]

  public static func == (a: Figures, b: Figures) -> Bool {
    a.loss == b.loss && a.metrics.elementsEqual(b.metrics) { $0 == $1 }
  }
}

/// Where a running epoch is.
public struct StepReport: Sendable {
  /// The epoch, counted from 1, and the last one of this run.
  public let epoch: Int
  public let lastEpoch: Int
  /// The steps done, and those of a whole epoch.
  public let step: Int
  public let steps: Int
  /// The mean loss of the epoch's rows so far.
  public let loss: Double
  /// How long this run will still take at the present speed.
  public let remainingSeconds: Double
}

/// What an epoch came to.
public struct EpochReport: Sendable {
  /// Counted from 1, through resumptions; and the last one of this run.
  public let epoch: Int
  public let lastEpoch: Int
  /// Means over the epoch's rows, each taken when its step ran.
  public let training: Figures
  /// Means over the validation data with the parameters at the epoch's end, in inference mode.
  public let validation: Figures?
  /// How long it took, validation included.
  public let seconds: Double
}

/// What a training reports while it runs.
public enum TrainingEvent: Sendable {
  /// About ten times a second.
  case step(StepReport)
  case epoch(EpochReport)
  /// Something that is probably not meant, such as a validation loss that is no number.
  case warning(Diagnostic)
  /// Something the user should know, such as that the optimizer starts anew.
  case remark(String)
}

/// What a training came to.
public struct TrainingSummary: Sendable {
  /// The epochs that were finished.
  public let epochs: [EpochReport]
  /// The parameters and states at the end, with how far the training was.
  public let checkpoint: Checkpoint
  /// Whether it was stopped before its last epoch ended.
  public let wasInterrupted: Bool
  /// Where the checkpoint was saved.
  public let savedPath: String?
  /// Why the checkpoint could not be saved where it should have been: ``checkpoint`` is all there is.
  public let saveFailure: Diagnostic?
}

/// Sums of figures, weighted by rows.
struct WeightedFigures {
  private var sums: [Double]
  private(set) var rows = 0

  init(count: Int) { sums = [Double](repeating: 0, count: count) }

  /// Adds the means of `count` rows: of the loss, and of the metrics.
  mutating func add(_ loss: Double, _ metrics: some Sequence<Double>, rows count: Int) {
    sums[0] += loss * Double(count)
    for (index, mean) in metrics.enumerated() { sums[index + 1] += mean * Double(count) }
    rows += count
  }

  /// The mean of figure `index` over all rows; NaN where there were none.
  func mean(_ index: Int) -> Double { sums[index] / Double(rows) }
}
