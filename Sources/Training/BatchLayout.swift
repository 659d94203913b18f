import FraguaData
import FraguaGraph
import FraguaRuntime
import FraguaSource
import FraguaTensors

/// How the rows of a data set become the arguments of a function, batch by batch.
///
/// Every argument's type starts with the batch symbol. A function without one, such as a dump's, takes batches of one
/// size: the leading extent that all its arguments have.
struct BatchLayout: Sendable {
  let dataset: Dataset
  /// The names of the function and of its arguments.
  private let names: (function: String, arguments: [String])
  /// For each argument, its column in the data set.
  private let columns: [Int]
  /// The symbol that a batch's rows bind.
  let symbol: String?
  /// The only size of a batch, where there is no symbol.
  let fixedBatch: Int?
  /// What the batch symbol is bound to by who uses this, if it is.
  private let boundBatch: Int?
  /// What the other symbols are bound to.
  private let otherBindings: [String: Int]

  /// Matches `dataset` with the arguments of `function`.
  ///
  /// - Parameter bindings: symbols with a value already, as by `--bind`.
  /// - Throws: what is missing, too much, or of another shape or type.
  init(_ function: Function, symbol: String?, dataset: Dataset, bindings: [String: Int]) throws(Diagnostic) {
    self.dataset = dataset
    self.symbol = symbol
    let names = function.argumentNames
    self.names = (function.name, names)
    try checkDataNames(dataset.columns.map(\.name), against: function)
    var bound = bindings.mapValues { (value: $0, by: "a binding") }
    columns = names.map { dataset.position(of: $0)! }
    var leading: Set<Int> = []
    for (name, value) in zip(names, function.arguments) {
      let column = dataset.columns[dataset.position(of: name)!]
      switch (value.type.shape.first, symbol) {
      case (.symbol(let extent)?, let symbol?) where extent == symbol: break
      case (.fixed(let extent)?, nil), (.bound(_, let extent)?, nil): leading.insert(extent)
      default:
        throw Diagnostic(
          "the argument '%\(name)' of '@\(function.name)' is \(value.type), which has no rows to take a batch of"
        )
        .noting("every argument of a function that runs over data starts with the same symbol, such as B")
      }
      try Self.check(column, against: value.type, &bound)
    }
    guard leading.count <= 1 else {
      let extents = leading.sorted().map(String.init).joined(separator: " and ")
      throw Diagnostic("the arguments of '@\(function.name)' take different numbers of rows: \(extents)")
    }
    fixedBatch = symbol == nil ? leading.first ?? 1 : nil
    boundBatch = symbol.flatMap { bindings[$0] }
    otherBindings = bound.mapValues(\.value).filter { $0.key != symbol }
    if let fixedBatch, dataset.rowCount % fixedBatch != 0 {
      throw Diagnostic(
        "'@\(function.name)' takes exactly \(fixedBatch) rows at a time, which do not divide the \(dataset.rowCount) rows that there are"
      )
      .noting("a dump is made for one batch; a graph whose batch is a symbol, such as B, takes a smaller last batch")
    }
  }

  /// The number of rows of the data.
  var rows: Int { dataset.rowCount }

  /// The symbols' values for a batch of `rows` rows.
  func bindings(rows: Int) -> [String: Int] {
    var result = otherBindings
    if let symbol { result[symbol] = rows }
    return result
  }

  /// The batch to use where `wanted` is asked for, or `usual` where nothing is.
  /// - Throws: where the function takes batches of another size only, or the size is none.
  func batch(_ wanted: Int?, usual: Int) throws(Diagnostic) -> Int {
    if let wanted, wanted < 1 { throw Diagnostic("the batch is \(wanted), but must be at least 1") }
    if let symbol, let boundBatch {
      guard boundBatch >= 1 else {
        throw Diagnostic("the symbol '\(symbol)' is bound to \(boundBatch), but extents are at least 1")
      }
      if let wanted, wanted != boundBatch {
        throw Diagnostic("the batch is \(wanted), but its symbol '\(symbol)' is bound to \(boundBatch)")
          .noting("give one of the two")
      }
    }
    guard let fixedBatch else { return min(wanted ?? boundBatch ?? usual, rows) }
    if let wanted, wanted != fixedBatch {
      throw Diagnostic("the batch is \(wanted), but '@\(names.function)' was made for batches of \(fixedBatch) rows")
        .noting("leave the batch out, or use the graph that the dump was made from")
    }
    return fixedBatch
  }

  /// Writes the rows at `indices` into the argument memory of `frame`.
  /// - Requires: its executable was compiled for as many rows.
  func write(_ indices: ArraySlice<Int>, to frame: Frame) {
    for (argument, column) in columns.enumerated() {
      dataset.copyRows(indices, ofColumn: column, into: frame.argumentMemory(argument))
    }
  }

  /// Checks that the labels among the arguments are in range.
  func checkLabels(_ ranges: LabelRanges) throws(Diagnostic) {
    for (position, count) in ranges.classes.sorted(by: { $0.key < $1.key }) {
      try dataset.checkLabels(of: dataset.columns[columns[position]].name, below: count)
    }
  }

  /// What is probably wrong with the labels among the arguments.
  func labelWarnings(_ ranges: LabelRanges) -> [Diagnostic] {
    ranges.probabilities.sorted().compactMap { position in
      let column = dataset.columns[columns[position]]
      return probabilityWarning(column.tensor, source: column.source, name: column.name)
    }
  }

  /// The argument and the row, counted from 0, of the first number at the rows `indices` that is not finite, if any.
  func firstNotFinite(_ indices: ArraySlice<Int>) -> (argument: String, row: Int)? {
    for (argument, column) in zip(names.arguments, columns) {
      for index in indices where !dataset.gatherRows([index], of: dataset.columns[column].name).isFinite {
        return (argument, index)
      }
    }
    return nil
  }

  /// The argument and the row, counted from 0, of the first number of all rows that is not finite, if any.
  var firstNotFinite: (argument: String, row: Int)? {
    for (argument, column) in zip(names.arguments, columns) {
      let tensor = dataset.columns[column].tensor
      if let position = tensor.firstNotFinite { return (argument, position / (tensor.count / rows)) }
    }
    return nil
  }

  /// Checks the rows of a column against an argument's type, binding symbols that stand for its extents.
  private static func check(
    _ column: Dataset.Column, against expected: TensorType, _ bound: inout [String: (value: Int, by: String)]
  ) throws(Diagnostic) {
    let type = column.tensor.type
    let place = column.source.map { "'\($0)' for '%\(column.name)'" } ?? "the data for '%\(column.name)'"
    let mismatch = Diagnostic("\(place): the type is \(type), expected \(expected)")
    guard type.element == expected.element, type.rank == expected.rank else { throw mismatch }
    for (extent, wanted) in zip(type.extents, expected.shape).dropFirst() {
      switch wanted {
      case .fixed(let n), .bound(_, let n):
        guard n == extent else { throw mismatch }
      case .symbol(let symbol):
        if let known = bound[symbol], known.value != extent {
          throw mismatch.noting("\(known.by) binds \(symbol) to \(known.value)")
        }
        bound[symbol] = (extent, "'%\(column.name)'")
      }
    }
  }
}

/// Checks that data are given for each argument of `function`, once, and for nothing else.
/// - Parameter option: what gives them on the command line.
package func checkDataNames(
  _ given: [String], against function: Function, option: String = "data"
) throws(Diagnostic) {
  let names = function.argumentNames
  for (index, name) in given.enumerated() {
    guard names.contains(name) else {
      let error = Diagnostic("'@\(function.name)' has no argument '%\(name)'")
      if let near = nearestName(to: name, among: names) { throw error.noting("did you mean '\(near)'?") }
      throw error.noting(
        names.isEmpty
          ? "it takes no arguments" : "its arguments are \(names.map { "'%\($0)'" }.joined(separator: ", "))")
    }
    if given[..<index].contains(name) { throw Diagnostic("data for '%\(name)' are given twice") }
  }
  for (name, value) in zip(names, function.arguments) where !given.contains(name) {
    let data = option == "data" ? "data" : "\(option) data"
    throw Diagnostic("there are no \(data) for the argument '%\(name)' of '@\(function.name)', a \(value.type)")
      .noting("on the command line, give them with '--\(option) \(name)=SOURCE'")
  }
}
