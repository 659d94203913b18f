import FraguaSource
import FraguaTensors

/// Named inputs with the same number of rows: what a model is trained or run on.
public struct Dataset: Sendable {
  /// An input: the rows of one argument.
  public struct Column: Sendable {
    /// The argument's name, without `%`.
    public let name: String
    /// The leading axis is the rows.
    public let tensor: Tensor
    /// Where it was read from, if from a file.
    public let source: DataSource?
    /// The size of one row.
    public let rowByteCount: Int

    /// - Requires: `tensor` has a leading axis.
    public init(_ name: String, _ tensor: Tensor, source: DataSource? = nil) {
      precondition(!tensor.extents.isEmpty, "a scalar has no rows")
      self.name = name
      self.tensor = tensor
      self.source = source
      rowByteCount = tensor.extents.dropFirst().reduce(tensor.element.byteCount, *)
    }

    /// The type of one row.
    public var rowType: TensorType { TensorType(Array(tensor.extents.dropFirst()), tensor.element) }
  }

  /// In the order given.
  public let columns: [Column]
  /// The number of rows, at least 1.
  public let rowCount: Int

  /// A data set of `columns`, whose names differ and whose rows are as many.
  public init(_ columns: [Column]) throws(Diagnostic) {
    guard let first = columns.first else { throw Diagnostic("there are no inputs") }
    let rowCount = first.tensor.extents[0]
    var seen = Set<String>()
    for column in columns {
      guard seen.insert(column.name).inserted else { throw Diagnostic("the input '\(column.name)' is given twice") }
      guard column.tensor.extents[0] == rowCount else {
        throw Diagnostic(
          "the inputs '\(first.name)' and '\(column.name)' differ in their rows: "
            + "\(rowCount) and \(column.tensor.extents[0])",
          notes: [first, column].compactMap { column in
            column.source.map { Diagnostic.Note("'\(column.name)' is read from '\($0)'") }
          })
      }
    }
    guard rowCount > 0 else { throw Diagnostic("the input '\(first.name)' has no rows") }
    guard rowCount <= UInt32.max else {
      throw Diagnostic(
        "the input '\(first.name)' has \(rowCount) rows, more than the \(UInt32.max) that can be shuffled")
    }
    (self.columns, self.rowCount) = (columns, rowCount)
  }

  /// Reads each input's rows from its source; `row` is the type of one row.
  public static func load(
    _ inputs: [(name: String, source: DataSource, row: TensorType)]
  ) throws(Diagnostic) -> Dataset {
    var columns = [Column]()
    for input in inputs {
      columns.append(Column(input.name, try input.source.load(expecting: input.row), source: input.source))
    }
    return try Dataset(columns)
  }

  /// The position of the input called `name` in `columns`.
  public func position(of name: String) -> Int? { columns.firstIndex { $0.name == name } }

  /// The input called `name`.
  public subscript(name: String) -> Tensor? { position(of: name).map { columns[$0].tensor } }

  /// Checks that the input called `name` holds labels from 0 to `count` - 1.
  /// - Requires: there is such an input, of an integer or boolean type.
  public func checkLabels(of name: String, below count: Int) throws(Diagnostic) {
    let column = columns[required(name)]
    if let source = column.source {
      try FraguaData.checkLabels(column.tensor, below: count, source: source)
    } else {
      try FraguaData.checkLabels(column.tensor, below: count, name: name)
    }
  }

  /// The position of `name`, which must be there.
  func required(_ name: String) -> Int {
    guard let position = position(of: name) else { preconditionFailure("the data set has no input '\(name)'") }
    return position
  }
}
