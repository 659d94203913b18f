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
  private let store: ParameterStore
  /// The versions that are bound to the store, by their number of rows.
  private var bound: [Int: CompiledFunction] = [:]

  init(_ layout: BatchLayout, batch: Int, versions: Specializations, store: ParameterStore) {
    self.layout = layout
    self.batch = batch
    self.versions = versions
    self.store = store
  }

  /// The batches of an epoch in which the rows come in `order`.
  func batches(_ order: RowOrder = .sequential) throws(Diagnostics) -> RowBatches {
    do throws(Diagnostic) { return try layout.dataset.batches(size: batch, order: order) } catch {
      throw Diagnostics([error])
    }
  }

  /// The number of batches.
  var count: Int { (layout.rows + batch - 1) / batch }

  /// The version for a whole batch, not necessarily bound to the store yet.
  func compiled() throws(Diagnostics) -> CompiledFunction {
    try versions.version(for: layout.bindings(rows: batch))
  }

  /// Starts to compile the version for the last batch where it is smaller.
  func prepareLast() {
    let last = layout.rows % batch
    if last != 0 { versions.prepare(layout.bindings(rows: last)) }
  }

  /// Runs the batch of the rows at `indices`.
  func run(_ indices: ArraySlice<Int>) throws(Diagnostics) -> CompiledFunction {
    let function = try version(indices.count)
    layout.write(indices, to: function.executable)
    function.executable.step()
    return function
  }

  /// The version for `rows` rows, bound to the store.
  private func version(_ rows: Int) throws(Diagnostics) -> CompiledFunction {
    if let known = bound[rows] { return known }
    let function = try versions.version(for: layout.bindings(rows: rows))
    do throws(Diagnostic) { try function.executable.bind(store) } catch { throw Diagnostics([error]) }
    bound[rows] = function
    return function
  }
}

extension CompiledFunction {
  /// Result `index` of the last step, a scalar.
  func scalar(_ index: Int) -> Double { executable.result(index)[0].asDouble }
}
