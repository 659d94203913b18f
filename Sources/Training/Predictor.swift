import FraguaCompiler
import FraguaData
import FraguaGraph
import FraguaRuntime
import FraguaSource
import FraguaTensors
import FraguaTransforms

/// Runs a function over data, batch by batch, with given parameters.
///
/// Versions for numbers of rows that have been run before are kept. Any number of tasks use it at once: a server shares
/// one.
public final class Predictor: Sendable {
  /// The function, without the `@`.
  public let name: String
  private let function: Function
  private let resultTypes: [TensorType]
  private let symbol: String?
  package let options: ExecutionOptions
  private let versions: Specializations
  private let parameters: ParameterSnapshot
  private let labels: LabelRanges

  /// - Parameter parameters: a tensor for every parameter of the graph, as ``Checkpoint`` has them; those of trainings
  ///   may be missing.
  public init(
    _ graph: Graph, function name: String, parameters: [String: Tensor], options: ExecutionOptions = ExecutionOptions()
  ) throws(Diagnostics) {
    guard let function = graph.rootFunction(of: name) else { throw Diagnostics([unknownFunction(name, in: graph)]) }
    if graph.trainings.contains(where: { $0.name == name }) || !function.updates.isEmpty {
      throw Diagnostics([
        Diagnostic("'@\(name)' updates parameters, so it is not run over data batch by batch")
          .noting("train with 'fragua train', or run one step with 'fragua run'")
      ])
    }
    self.name = name
    self.function = function
    self.options = options
    resultTypes = graph.resultTypes(of: name)
    symbol = graph.batchSymbol(of: name)
    labels = LabelRanges(of: function, in: graph)
    versions = Specializations { bindings throws(Diagnostics) in
      var compilation = options.compilerOptions(bindings)
      compilation.watchesArgmax = true
      return try Compiler.compile(graph, entry: name, compilation)
    }
    self.parameters = ParameterSnapshot(parameters)
  }

  /// The results for all rows of `data`: each has one row for a row of the data.
  /// - Parameter warn: told, at the end, what was probably not meant.
  /// - Throws: where data do not fit; where a result has no rows, such as a loss.
  public func predict(_ data: Dataset, warn: (Diagnostic) -> Void = { _ in }) throws(Diagnostics) -> [Tensor] {
    let loop = try loop(data)
    var warnings = loop.layout.labelWarnings(labels)
    for (index, type) in resultTypes.enumerated() where loop.count > 1 {
      guard let symbol, type.shape.first == .symbol(symbol) else {
        throw Diagnostics([
          Diagnostic("result \(index + 1) of '@\(name)' is \(type), which has no row for a row of the data")
            .noting("run it once, on all rows, with 'fragua run' or a batch of \(loop.layout.rows)")
        ])
      }
    }
    var parts = [[Tensor]](repeating: [], count: resultTypes.count)
    for batch in try loop.batches() {
      let frame = try loop.run(batch)
      for index in parts.indices { parts[index].append(frame.result(index)) }
      checkWatch(frame, batch, &warnings)
    }
    let results = parts.map(Tensor.init(joiningRows:))
    for (index, result) in results.enumerated() { checkFinite(result, index, loop.layout, &warnings) }
    warnings.forEach(warn)
    return results
  }

  /// The means of the results over the rows of `data`: of a loss, of metrics.
  /// - Parameter warn: told, at the end, what was probably not meant.
  /// - Throws: where data do not fit; where a result is no scalar.
  public func means(_ data: Dataset, warn: (Diagnostic) -> Void = { _ in }) throws(Diagnostics) -> [Double] {
    if resultTypes.isEmpty { return [] }
    if let index = resultTypes.firstIndex(where: { $0.rank > 0 }) {
      throw Diagnostics([
        Diagnostic("result \(index + 1) of '@\(name)' is \(resultTypes[index]), expected a scalar to take the mean of")
      ])
    }
    let loop = try loop(data)
    var warnings = loop.layout.labelWarnings(labels)
    var sums = WeightedFigures(count: resultTypes.count)
    for batch in try loop.batches() {
      let frame = try loop.run(batch)
      sums.add(
        frame.scalar(0), resultTypes.indices.dropFirst().lazy.map { frame.scalar($0) },
        rows: batch.count)
      checkWatch(frame, batch, &warnings)
    }
    let means = resultTypes.indices.map(sums.mean)
    for (index, mean) in means.enumerated() where !mean.isFinite {
      warnings.append(
        noting(.warning("the mean of \(called(index)) over the rows is \(Scalar(mean).text)"), loop.layout))
    }
    warnings.forEach(warn)
    return means
  }

  /// Result `index` as a message calls it.
  private func called(_ index: Int) -> String {
    let count = resultTypes.count
    return count == 1 ? "the result of '@\(name)'" : "result \(index + 1) of '@\(name)'"
  }

  /// Warns where an argmax has met NaN in the batch of the rows at `indices`, which a further result tells.
  private func checkWatch(_ frame: Frame, _ indices: ArraySlice<Int>, _ warnings: inout [Diagnostic]) {
    let watch = resultTypes.count
    guard frame.executable.resultTypes.count > watch, frame.scalar(watch) != 0 else { return }
    guard let first = indices.first, let last = indices.last else { return }
    let warning = Diagnostic.argmaxOfNaN(in: name, at: function.origin.location)
    if warnings.contains(where: { $0.message == warning.message }) { return }
    let place = first == last ? "in row \(first + 1)" : "in one of the rows \(first + 1) to \(last + 1)"
    warnings.append(warning.noting(place))
  }

  /// Warns where predictions are infinite or no numbers.
  private func checkFinite(
    _ result: Tensor, _ index: Int, _ layout: BatchLayout, _ warnings: inout [Diagnostic]
  ) {
    guard !result.isFinite else { return }
    let bad = (0..<result.count).filter { !result[$0].asDouble.isFinite }
    let row = bad[0] / max(1, result.count / max(1, result.extents.first ?? 1))
    let numbers = bad.count == 1 ? "1 number" : "\(bad.count) numbers"
    let place = result.extents.isEmpty ? "" : ", in row \(row + 1)"
    let first = "\(bad.count == 1 ? "it is" : "the first is") \(result[bad[0]].text)\(place)"
    let verb = bad.count == 1 ? "is" : "are"
    let warning = Diagnostic.warning(
      "\(numbers) of \(result.count) in \(called(index)) \(verb) not finite", notes: [.init(first)])
    warnings.append(noting(warning, layout))
  }

  /// `warning` about results, with where the data or the parameters are not finite.
  private func noting(_ warning: Diagnostic, _ layout: BatchLayout) -> Diagnostic {
    if let (argument, row) = layout.firstNotFinite {
      return warning.noting("the data for '%\(argument)' have a number that is not finite in row \(row + 1)")
    }
    guard let parameter = parameters.names.first(where: { parameters[$0]?.isFinite == false }) else { return warning }
    return warning.noting("the parameter '@\(parameter)' has a number that is not finite")
  }

  /// The loop over checked data.
  private func loop(_ data: Dataset) throws(Diagnostics) -> BatchLoop {
    try collecting { () throws(Diagnostic) in
      let layout = try BatchLayout(function, symbol: symbol, dataset: data, bindings: options.bindings)
      try layout.checkLabels(labels)
      let batch = try layout.batch(options.batch, usual: 256)
      return BatchLoop(layout, batch: batch, versions: versions, parameters.block)
    }
  }
}

extension Tensor {
  /// The rows of `parts`, one after the other.
  /// - Requires: at least one part; types that differ in the first extent only.
  init(joiningRows parts: [Tensor]) {
    guard parts.count > 1 else {
      self = parts[0]
      return
    }
    var extents = parts[0].extents
    extents[0] = parts.reduce(0) { $0 + $1.extents[0] }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(parts.reduce(0) { $0 + $1.type.byteCount })
    for part in parts { part.withBytes { bytes.append(contentsOf: $0) } }
    self = bytes.withUnsafeBytes { Tensor(TensorType(extents, parts[0].element), bytes: $0) }
  }
}

extension Graph {
  /// The types of the results of the function or gradient `name`, symbols unbound.
  package func resultTypes(of name: String) -> [TensorType] {
    if let function = function(named: name) { return function.results.map(\.type) }
    guard let gradient = gradients.first(where: { $0.name == name }), let root = rootFunction(of: name) else {
      return []
    }
    return gradient.variables.compactMap { variable in
      switch variable {
      case .parameter(let name): parameter(named: name)?.type
      case .argument(let name): root.argumentNames.firstIndex(of: name).map { root.arguments[$0].type }
      }
    }
  }
}
