import FraguaSource
import FraguaTensors

extension DataSource {
  /// Reads rows for an argument: a tensor whose leading axis is the rows, and whose rows are of type `row`.
  ///
  /// A symbol among the row's extents stands for any number, equal symbols for equal ones. CSV gives [rows, columns],
  /// and [rows] where the row is a scalar and there is one column. At least one row must be there.
  public func load(expecting row: TensorType) throws(Diagnostic) -> Tensor {
    try load(TensorType([.symbol(Self.rowsSymbol)] + row.shape, row.element))
  }

  /// Reads the whole value of an argument of type `type`, whose leading extent may be fixed as well.
  ///
  /// CSV gives [rows, columns], [rows] for one column, or a scalar for one column of one row, as the rank wants it.
  public func load(whole type: TensorType) throws(Diagnostic) -> Tensor { try load(type) }

  /// The leading extent of rows; no symbol of the language has this name.
  private static let rowsSymbol = "rows"

  /// Reads a tensor, matches it with `expected` and converts its elements.
  private func load(_ expected: TensorType) throws(Diagnostic) -> Tensor {
    let tensor: Tensor
    switch format {
    case .csv(let columns): tensor = try loadCSV(columns, expected)
    case .npy: tensor = try NPY.read(path)
    case .npz(let key): tensor = try NPZ.read(path, key: key)
    case .idx: tensor = try IDX.read(path)
    case .safetensors(let key): tensor = try Safetensors.read(path, key: key)
    }
    try check(tensor.extents, tensor.element, expected)
    return try conversion.convert(tensor, to: expected.element)
  }

  /// How the elements may be converted.
  private var conversion: ElementConversion {
    switch format {
    case .npy, .npz: ElementConversion(source: description, mayRound: true)
    default: ElementConversion(source: description, mayRound: false)
    }
  }

  /// Reads columns in the rank that `expected` wants; the header's columns are checked before the rows are read.
  private func loadCSV(_ columns: [String], _ expected: TensorType) throws(Diagnostic) -> Tensor {
    guard !columns.isEmpty else { throw Diagnostic("the source '\(self)' does not say which columns") }
    let file = try CSVFile(path)
    let places = try file.columns(columns)
    if expected.rank < 2, columns.count > 1 {
      throw Diagnostic("'\(self)' gives \(columns.count) columns, but \(Self.describe(expected)) takes one")
    }
    if expected.rank == 2, let n = expected.shape[1].fixedValue, n != columns.count {
      let count = columns.count == 1 ? "1 column" : "\(columns.count) columns"
      throw Diagnostic("'\(self)' gives \(count), expected \(n) for \(Self.describe(expected))")
    }
    let tensor = try file.tensor(places, expected.element)
    if expected.rank == 0, tensor.count == 1 { return tensor.reshaped([]) }
    return expected.rank < 2 ? tensor.reshaped([tensor.extents[0]]) : tensor
  }

  /// Checks a shape against the expected one; a difference that a reshape would mend is pointed out, not mended.
  private func check(_ extents: [Int], _ element: ElementType, _ expected: TensorType) throws(Diagnostic) {
    var bound = [String: Int]()
    let matches =
      extents.count == expected.rank
      && zip(extents, expected.shape).allSatisfy { extent, wanted in
        switch wanted {
        case .fixed(let n), .bound(_, let n): return n == extent
        case .symbol(let name):
          if let n = bound[name] { return n == extent }
          bound[name] = extent
          return true
        }
      }
    guard !matches else {
      if extents.contains(0) { throw Diagnostic("'\(self)' is empty: its shape is \(extents)") }
      return
    }
    let error = Diagnostic("'\(self)' has the shape \(extents), expected \(Self.describe(expected))")
    if extents.isEmpty { throw error.noting("a scalar has no rows") }
    let wanted = expected.shape.dropFirst().map(\.fixedValue)
    guard !expected.shape.isEmpty, !wanted.contains(nil), wanted != extents.dropFirst().map(Optional.init),
      checkedByteCount(Array(extents.dropFirst()), 1) == checkedByteCount(wanted.compactMap { $0 }, 1)
    else { throw error }
    let declared =
      "tensor<" + (["B"] + extents.dropFirst().map(String.init) + [element.rawValue]).joined(separator: "x") + ">"
    throw error.noting("a row has as many elements: declare the argument as \(declared) and reshape it in the graph")
  }

  /// What is expected, as messages say it.
  private static func describe(_ expected: TensorType) -> String {
    if expected.shape.first == .symbol(rowsSymbol) {
      return "rows of \(TensorType(Array(expected.shape.dropFirst()), expected.element))"
    }
    return expected.description
  }
}
