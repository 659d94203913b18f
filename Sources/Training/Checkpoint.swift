import FraguaData
import FraguaSource
import FraguaTensors

/// The parameters and states of a model at some moment of its training: what `parameters.safetensors` holds.
///
/// Tensors have the parameters' names without the `@`; the metadata say how far the training was, so that it goes on to
/// the same bits as one that never stopped.
public struct Checkpoint: Sendable, Equatable {
  public var parameters: [String: Tensor]
  /// How far a training was.
  public struct Progress: Sendable, Equatable {
    /// The name of the graph.
    public var graph: String
    public var seed: UInt64
    /// The epochs that were finished.
    public var epochs: Int
    /// The steps of the next epoch that were done: 0 unless it was interrupted.
    public var steps: Int
    /// The rows of a step.
    public var batch: Int
    /// The rows of the training data.
    public var rows: Int

    public init(graph: String, seed: UInt64, epochs: Int, steps: Int, batch: Int, rows: Int) {
      self.graph = graph
      self.seed = seed
      self.epochs = epochs
      self.steps = steps
      self.batch = batch
      self.rows = rows
    }
  }
  /// `nil` where the file has no such remarks: parameters from somewhere else.
  public var progress: Progress?

  public init(parameters: [String: Tensor], progress: Progress? = nil) {
    self.parameters = parameters
    self.progress = progress
  }

  /// Reads the file at `path`.
  public init(contentsOf path: String) throws(Diagnostic) {
    let file = try Safetensors.read(path)
    parameters = file.tensors
    progress = Progress(file.metadata)
  }

  /// Writes to `path`, the whole file or nothing.
  public func write(to path: String) throws(Diagnostic) {
    let entries = parameters.sorted { $0.key < $1.key }.map { Safetensors.Entry($0.key, $0.value) }
    try Safetensors(entries, metadata: progress?.metadata ?? [:]).write(to: path)
  }

  /// The name of the file in a training's folder.
  public static let fileName = "parameters.safetensors"
}

extension Checkpoint.Progress {
  /// What the metadata of a file say; `nil` where they say nothing, or nothing that makes sense.
  init?(_ metadata: [String: String]) {
    /// A count that is not negative.
    func count(_ key: String) -> Int? { metadata[key].flatMap(Int.init).flatMap { $0 >= 0 ? $0 : nil } }
    guard let graph = metadata["graph"], let seed = metadata["seed"].flatMap(UInt64.init), let epochs = count("epoch"),
      let steps = count("step"), let batch = count("batch"), let rows = count("rows")
    else { return nil }
    guard epochs <= Trainer.maximumEpochs else { return nil }
    self.init(graph: graph, seed: seed, epochs: epochs, steps: steps, batch: batch, rows: rows)
  }

  /// The metadata of a file.
  var metadata: [String: String] {
    [
      "format": "fragua", "graph": graph, "seed": "\(seed)", "epoch": "\(epochs)", "step": "\(steps)",
      "batch": "\(batch)", "rows": "\(rows)",
    ]
  }
}
