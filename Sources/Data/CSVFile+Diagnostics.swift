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
    if names.allSatisfy({ Array($0.utf8).withUnsafeBufferPointer(Double.parse) != nil }) {
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
    let (reason, hint) = Self.reason(text, element)
    return CSVScanner.Problem(
      offset: offset, message: "row \(row), column '\(names[column])': \(reason)", hint: hint)
  }

  /// Why `text` is no element of type `element`, and what to do about it.
  private static func reason(_ text: String, _ element: ElementType) -> (reason: String, hint: String?) {
    if text.isEmpty { return ("the field is empty, expected a number", "fill the hole or remove the row") }
    let shown = "'\(text.shortened(to: 41))'"
    guard let decimal = Array(text.utf8).withUnsafeBufferPointer(CSVDecimal.init) else {
      if element == .i1 { return ("\(shown) is none of 0, 1, true and false", nil) }
      let letters = text.lowercased().drop { $0 == "-" || $0 == "+" }
      if ["nan", "na", "n/a", "null", "none", "inf", "infinity"].contains(letters) {
        return (
          "\(shown) is not a number", "missing and infinite values are refused: fill in a number or remove the row"
        )
      }
      let isDecimalComma = text.contains(",") && Double(text.replacing(",", with: ".")) != nil
      return ("\(shown) is not a number", isDecimalComma ? "write the decimal point as '.'" : nil)
    }
    if element.isFloat { return ("\(shown) is out of the range of \(element.rawValue)", nil) }
    let range =
      switch element {
      case .i32: "\(Int32.min) to \(Int32.max)"
      case .i64: "\(Int64.min) to \(Int64.max)"
      case .ui8: "0 to 255"
      default: "0 to 1"
      }
    let value = Double(text) ?? 0
    if decimal.exponent < 0, value != value.rounded() {
      return ("\(shown) is not a whole number, as \(element.rawValue) needs", nil)
    }
    return ("\(shown) is out of the range of \(element.rawValue): \(range)", nil)
  }
}
