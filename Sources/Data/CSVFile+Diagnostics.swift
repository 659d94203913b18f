import FraguaSource
import FraguaTensors

extension CSVFile {
  /// The place of byte `offset`.
  func location(_ offset: Int) -> SourceLocation {
    FileContents.location(of: offset, in: contents.bytes, from: textStart, path: path)
  }

  /// What the scanner found wrong, at its place.
  func diagnostic(_ problem: CSVScanner.Problem) -> Diagnostic {
    Diagnostic(
      problem.message, at: location(problem.offset), notes: problem.hint.map { [Diagnostic.Note($0)] } ?? [])
  }

  /// No column is called `name`.
  func missingColumn(_ name: String) -> Diagnostic {
    let error = Diagnostic("no column '\(name)'", at: location(nameOffsets.first ?? 0))
    let header = contents.bytes[(nameOffsets.first ?? 0)..<firstRow]
    if let offset = firstInvalidUTF8(in: Array(header)) {
      let place = header.startIndex + offset
      return .notUTF8(contents.bytes, at: place, location(place))
    }
    if names.allSatisfy({ DecimalNumber($0) != nil }) {
      return error.noting("the first line must name the columns, but it holds numbers")
    }
    if let near = nearestName(to: name, among: names) { return error.noting("did you mean '\(near)'?") }
    return error.noting("the columns are \(shownNames)")
  }

  /// The columns' names, or the first of many.
  var shownNames: String {
    names.prefix(20).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 20 ? ", …" : "")
  }

  /// The scanner's record has more or fewer fields than the header.
  func ragged(_ scanner: CSVScanner, _ row: Int) -> CSVScanner.Problem {
    let count = scanner.fields.count
    let place = count > names.count ? scanner.fields[names.count].lowerBound : scanner.record.lowerBound
    return CSVScanner.Problem(
      offset: place,
      message: "row \(row) has \(count) \(count == 1 ? "field" : "fields"), but the header has \(names.count)",
      hint: count > names.count ? "a number with a decimal comma, or a text with a comma, needs quotes" : nil)
  }

  /// Row `row` is an empty line, and it is not at the end.
  func blankLine(row: Int, offset: Int) -> CSVScanner.Problem {
    CSVScanner.Problem(
      offset: offset, message: "row \(row) is an empty line, but rows follow it",
      hint: "fill in the row or remove the line")
  }

  /// `text`, in row `row`, is no element of type `element`.
  func notANumber(_ text: String, _ element: ElementType, row: Int, column: Int, offset: Int) -> CSVScanner.Problem {
    let error = Self.reason(text, element)
    return CSVScanner.Problem(
      offset: offset, message: "row \(row), column '\(names[column])': \(error.message)",
      hint: error.notes.first?.message)
  }

  /// Why `text` is no element of type `element`, and what to do about it.
  private static func reason(_ text: String, _ element: ElementType) -> Diagnostic {
    if text.isEmpty {
      return Diagnostic("the field is empty, expected a number").noting("fill the hole or remove the row")
    }
    let error = Diagnostic.noElement(text, of: element)
    let letters = text.lowercased().drop { $0 == "-" || $0 == "+" }
    guard element != .i1, ["nan", "na", "n/a", "null", "none", "inf", "infinity"].contains(letters) else {
      return error
    }
    return error.noting("missing and infinite values are refused: fill in a number or remove the row")
  }
}
