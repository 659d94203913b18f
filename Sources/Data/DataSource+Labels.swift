import FraguaSource
import FraguaTensors

/// Checks that every element of `tensor` is a label from 0 to `count` - 1.
///
/// The error names the source and the row of the first one that is not, and the place of it in a CSV file.
/// - Requires: an integer or boolean element type.
public func checkLabels(_ tensor: Tensor, below count: Int, source: DataSource) throws(Diagnostic) {
  guard let (row, column, message, hint) = firstBadLabel(tensor, below: count) else { return }
  let error = Diagnostic(
    "row \(row + 1) of '\(source)': \(message)", at: source.location(row: row, column: column))
  throw hint.map { error.noting($0) } ?? error
}

/// A warning where an element of `tensor`, the labels of a `sigmoid_cross_entropy`, is outside 0 to 1; NaN is.
///
/// - Parameters:
///   - name: what the warning calls the data where they come from no file.
public func probabilityWarning(_ tensor: Tensor, source: DataSource?, name: String) -> Diagnostic? {
  func isOutside(_ label: Double) -> Bool { !(label >= 0 && label <= 1) }
  let labels = tensor.doubles
  guard let first = labels.firstIndex(where: isOutside) else { return nil }
  let count = labels[first...].count(where: isOutside)
  let elements = tensor.count / (tensor.extents.first ?? 1)
  let row = first / elements
  let place = source?.location(row: row, column: first % elements)
  let others = count == 1 ? "" : "; so are \(count - 1) more of \(tensor.count)"
  let warning = Diagnostic.warning(
    "row \(row + 1) of '\(source?.description ?? name)': the label \(tensor[first].text) is outside 0 to 1\(others)",
    at: place, notes: [.init("'sigmoid_cross_entropy' takes probabilities: 0, 1, or what lies between")])
  let areSigns = (0..<tensor.count).allSatisfy { tensor[$0].asDouble.magnitude == 1 }
  return areSigns ? warning.noting("labels of -1 and 1 become 0 and 1 as (y + 1) / 2") : warning
}

/// Checks labels that come from no file; `name` is what the error calls them.
public func checkLabels(_ tensor: Tensor, below count: Int, name: String) throws(Diagnostic) {
  guard let (row, _, message, hint) = firstBadLabel(tensor, below: count) else { return }
  let error = Diagnostic("row \(row + 1) of '\(name)': \(message)")
  throw hint.map { error.noting($0) } ?? error
}

/// The row of the first label out of range, its position in the row, both counted from 0, what is wrong with it, and
/// what it may come from.
private func firstBadLabel(
  _ tensor: Tensor, below count: Int
) -> (row: Int, column: Int, message: String, hint: String?)? {
  guard let position = tensor.integers.firstIndex(where: { $0 < 0 || $0 >= count }) else { return nil }
  let elements = tensor.count / (tensor.extents.first ?? 1)
  let label = tensor[position].integer
  let message = "the label \(label) is out of range, expected 0 to \(count - 1)"
  var hint: String?
  if label == count {
    let all = (0..<tensor.count).lazy.map { tensor[$0].integer }
    let (smallest, largest) = (all.min() ?? 0, all.max() ?? 0)
    hint = "classes count from 0, so the last of \(count) classes is \(count - 1)"
    if smallest > 0 {
      hint = "classes count from 0, but the labels here are \(smallest) to \(largest)"
      if largest - smallest < count { hint! += ": subtract \(smallest) from each" }
    }
  }
  return (position / elements, position % elements, message, hint)
}

extension DataSource {
  /// Where row `row` of a CSV file has the element `column`, both counted from 0; `nil` for other files.
  fileprivate func location(row: Int, column: Int) -> SourceLocation? {
    guard case .csv(let columns) = format, let file = try? CSVFile(path), let places = try? file.columns(columns),
      places.indices.contains(column)
    else { return nil }
    return file.location(row: row, column: places[column])
  }
}
