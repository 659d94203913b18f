import FraguaCompiler
import FraguaData
import FraguaGraph
import FraguaRuntime
import FraguaSource

/// Runs a function over data, batch by batch; the last one may be smaller and has a version of its own.
///
/// Not for use by several threads at once.
final class BatchLoop {
  let layout: BatchLayout
  /// The rows of every batch but the last.
  let batch: Int
  private let versions: Specializations
  private let parameters: ParameterBlock
  /// The memory in which versions run, by their number of rows.
  private var frames: [Int: Frame] = [:]

  init(_ layout: BatchLayout, batch: Int, versions: Specializations, _ parameters: ParameterBlock) {
    self.layout = layout
    self.batch = batch
    self.versions = versions
    self.parameters = parameters
  }

  /// The batches of an epoch in which the rows come in `order`.
  func batches(_ order: RowOrder = .sequential) throws(Diagnostics) -> RowBatches {
    try collecting { () throws(Diagnostic) in try layout.dataset.batches(size: batch, order: order) }
  }

  /// The number of batches.
  var count: Int { (layout.rows + batch - 1) / batch }

  /// The version for a whole batch.
  func compiled() throws(Diagnostics) -> CompiledFunction {
    try versions.version(for: layout.bindings(rows: batch))
  }

  /// Starts to compile the version for the last batch where it is smaller.
  func prepareLast() {
    let last = layout.rows % batch
    if last != 0 { versions.prepare(layout.bindings(rows: last)) }
  }

  /// Runs the batch of the rows at `indices`; the results are in the frame until the next run.
  /// - Parameter denormalsAreZeros: whether they are on this thread.
  func run(_ indices: ArraySlice<Int>, denormalsAreZeros: Bool = false) throws(Diagnostics) -> Frame {
    let frame = try frame(indices.count)
    layout.write(indices, to: frame)
    try collecting { () throws(Diagnostic) in try frame.step(parameters, denormalsAreZeros: denormalsAreZeros) }
    return frame
  }

  /// The frame of the version for `rows` rows.
  private func frame(_ rows: Int) throws(Diagnostics) -> Frame {
    if let known = frames[rows] { return known }
    let frame = try versions.version(for: layout.bindings(rows: rows)).executable.frame()
    frames[rows] = frame
    return frame
  }
}

extension Frame {
  /// Result `index` of the last step, a scalar.
  func scalar(_ index: Int) -> Double { result(index)[0].asDouble }
}
