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
  /// - Throws: where its checksum, if it has one, or its metadata cannot be right, too.
  public init(contentsOf path: String) throws(Diagnostic) {
    let file = try Safetensors.read(path)
    parameters = file.tensors
    progress = try Progress(file.metadata, path: path)
  }

  /// Writes to `path`, the whole file or nothing, with a checksum over the tensors.
  public func write(to path: String) throws(Diagnostic) {
    let entries = parameters.sorted { $0.key < $1.key }.map { Safetensors.Entry($0.key, $0.value) }
    var file = Safetensors(entries, metadata: progress?.metadata ?? [:])
    file.metadata[TensorChecksum.key] = file.checksum
    try file.write(to: path)
  }

  /// Checks that these parameters, which came from `path`, were not trained for another graph than that called `graph`.
  func checkGraph(_ graph: String, path: String) throws(Diagnostic) {
    guard let progress, progress.graph != graph else { return }
    throw Diagnostic("'\(path)' has parameters of the graph '@\(progress.graph)', but this graph is '@\(graph)'")
      .noting("where that is meant, rename one of them: the file's name for its graph is 'graph' in its metadata")
  }

  /// The name of the file in a training's folder.
  public static let fileName = "parameters.safetensors"
}

extension Checkpoint.Progress {
  /// The key of the metadata by which files of this kind are known, and its value.
  private static let format = (key: "format", value: "fragua")

  /// What the metadata of the file at `path` say; `nil` where they say nothing, as those of files from elsewhere.
  /// - Throws: where they say what cannot be, or not all.
  init?(_ metadata: [String: String], path: String) throws(Diagnostic) {
    guard metadata[Self.format.key] == Self.format.value else { return nil }
    /// The number called `key`, which must be in `range`.
    func number<N: FixedWidthInteger>(_ key: String, _ range: ClosedRange<N>) throws(Diagnostic) -> N {
      guard let text = metadata[key] else { throw Self.corrupt(path, "lack '\(key)'") }
      guard let number = N(text), range.contains(number) else {
        throw Self.corrupt(
          path, "have '\(key)' as '\(text)', expected a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }
    guard let graph = metadata["graph"] else { throw Self.corrupt(path, "lack 'graph'") }
    let batch = try number("batch", 1...Int.max)
    let rows = try number("rows", 1...Int.max)
    let steps = rows / batch + (rows % batch == 0 ? 0 : 1)
    self.init(
      graph: graph, seed: try number("seed", 0...UInt64.max),
      epochs: try number("epoch", 0...TrainingOptions.maximumEpochs),
      steps: try number("step", 0...(steps - 1)), batch: batch, rows: rows)
  }

  /// The metadata of the file at `path` are wrong.
  private static func corrupt(_ path: String, _ what: String) -> Diagnostic {
    Diagnostic("'\(path)' is corrupt: its metadata \(what)")
      .noting("a file without metadata is taken for parameters alone, from which a training starts anew")
  }

  /// The metadata of a file.
  var metadata: [String: String] {
    [
      Self.format.key: Self.format.value, "graph": graph, "seed": "\(seed)", "epoch": "\(epochs)", "step": "\(steps)",
      "batch": "\(batch)", "rows": "\(rows)",
    ]
  }
}
