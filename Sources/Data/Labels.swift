import FraguaSource
import FraguaTensors

/// Checks that every element of `tensor` is a label from 0 to `count` - 1.
///
/// The error names the source and the row of the first one that is not, and the place of it in a CSV file.
/// - Requires: an integer or boolean element type.
public func checkLabels(_ tensor: Tensor, below count: Int, source: DataSource) throws(Diagnostic) {
  guard let (row, column, message) = firstBadLabel(tensor, below: count) else { return }
  var place: SourceLocation?
  if case .csv(let columns) = source.format, let file = try? CSVFile(source.path),
    let places = try? file.columns(columns), places.indices.contains(column)
  {
    place = file.location(row: row, column: places[column])
  }
  throw Diagnostic("row \(row + 1) of '\(source)': \(message)", at: place)
}

/// Checks labels that come from no file; `name` is what the error calls them.
public func checkLabels(_ tensor: Tensor, below count: Int, name: String) throws(Diagnostic) {
  guard let (row, _, message) = firstBadLabel(tensor, below: count) else { return }
  throw Diagnostic("row \(row + 1) of '\(name)': \(message)")
}

/// The row of the first label out of range, its position in the row, both counted from 0, and what is wrong with it.
private func firstBadLabel(_ tensor: Tensor, below count: Int) -> (row: Int, column: Int, message: String)? {
  /// The position of the first element that is no label.
  func first<T: BinaryInteger>(_ labels: [T]) -> Int? { labels.firstIndex { $0 < 0 || $0 >= count } }
  let position: Int?
  switch tensor.storage {
  case .i32(let labels): position = first(labels)
  case .i64(let labels): position = first(labels)
  case .ui8(let labels): position = first(labels)
  case .i1(let labels): position = first(labels.map { $0 ? 1 : 0 })
  case .f32, .f64: preconditionFailure("labels are integers, not \(tensor.element)")
  }
  guard let position else { return nil }
  let rowCount = tensor.count / (tensor.extents.first ?? 1)
  let message = "the label \(tensor[position].integer) is out of range, expected 0 to \(count - 1)"
  return (position / rowCount, position % rowCount, message)
}
