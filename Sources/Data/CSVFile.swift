import FraguaSource
import FraguaTensors
import SwiftCSV

/// A CSV file: a header that names the columns, then one record a row.
///
/// The delimiter is the header's first comma, semicolon or tab. Rows are counted from 1, without the header. Every record
/// must have as many fields as the header; the columns that are asked for must hold a number in every row. Empty lines are
/// passed over at the end only.
struct CSVFile {
  /// For the messages.
  let path: String
  private let bytes: [UInt8]
  private let delimiter: CSVDelimiter
  /// The columns' names, in the file's order; not all need to differ.
  let names: [String]
  /// Where each name stands.
  private let nameOffsets: [Int]
  /// Where the first row starts.
  private let firstRow: Int

  /// Reads the file's header.
  init(_ path: String) throws(Diagnostic) {
    let bytes = try readText(path)
    (self.path, self.bytes) = (path, bytes)
    let start = bytes.firstIndex { ![0x20, 0x09, 0x0A, 0x0D].contains($0) }
    guard let start else { throw Diagnostic("'\(path)' is empty, expected a header and rows") }
    let line = bytes[start...].prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    delimiter = CSVDelimiter.guessed(string: String(decoding: line, as: UTF8.self))
    let delimiterByte = delimiter.byte
    let header = Self.scan(bytes, delimiterByte, from: start) { scanner throws(CSVScanner.Problem) in
      _ = try scanner.next()
      return (Self.texts(of: scanner, delimiterByte), scanner.fields.map(\.lowerBound), scanner.position)
    }
    switch header {
    case .success(let header): (names, nameOffsets, firstRow) = header
    case .failure(let problem): throw Self.diagnostic(problem, path, bytes)
    }
  }

  /// Where the columns called `wanted` stand in the file.
  func columns(_ wanted: [String]) throws(Diagnostic) -> [Int] {
    var result = [Int]()
    for name in wanted {
      let places = names.indices.filter { names[$0] == name }
      if places.count > 1 {
        throw Diagnostic("the header has \(places.count) columns '\(name)'", at: location(nameOffsets[places[1]]))
          .noting("the first one", at: location(nameOffsets[places[0]]))
      }
      guard let place = places.first else { throw missingColumn(name) }
      result.append(place)
    }
    return result
  }

  /// The columns at `columns` as elements of type `element`: [rows, columns].
  func tensor(_ columns: [Int], _ element: ElementType) throws(Diagnostic) -> Tensor {
    switch element {
    case .f32: try tensor(columns, element) { .f32($0) }
    case .f64: try tensor(columns, element) { .f64($0) }
    case .i32: try tensor(columns, element) { .i32($0) }
    case .i64: try tensor(columns, element) { .i64($0) }
    case .ui8: try tensor(columns, element) { .ui8($0) }
    case .i1: try tensor(columns, element) { .i1($0) }
    }
  }

  /// The place of row `row`, counted from 0, in column `column`; `nil` where there is no such row.
  func location(row: Int, column: Int) -> SourceLocation? {
    let offset = Self.scan(bytes, delimiter.byte, from: firstRow) { scanner throws(CSVScanner.Problem) in
      for _ in 0...row where try !scanner.next() { return nil as Int? }
      return scanner.fields.indices.contains(column) ? scanner.fields[column].lowerBound : nil
    }
    guard case .success(let offset?) = offset else { return nil }
    return location(offset)
  }

  // MARK: Reading rows

  private func tensor<T: CSVNumber>(
    _ columns: [Int], _ element: ElementType, _ storage: ([T]) -> Tensor.Storage
  ) throws(Diagnostic) -> Tensor {
    let delimiterByte = delimiter.byte
    let values = Self.scan(bytes, delimiterByte, from: firstRow) { scanner throws(CSVScanner.Problem) in
      var values = [T]()
      var row = 0
      var blank: Int?
      while try scanner.next() {
        row += 1
        if scanner.isBlank {
          if blank == nil { blank = scanner.record.lowerBound }
          continue
        }
        if let blank { throw CSVScanner.Problem(offset: blank, message: "an empty line between rows") }
        guard scanner.fields.count == names.count else { throw ragged(scanner, row) }
        let unquoted = scanner.hasQuotes ? Self.texts(of: scanner, delimiterByte) : []
        for column in columns {
          let field = scanner.fields[column]
          let value =
            scanner.hasQuotes
            ? Array(unquoted[column].utf8).withUnsafeBufferPointer(T.parse)
            : T.parse(UnsafeBufferPointer(rebasing: scanner.bytes[field]))
          guard let value else {
            let text = scanner.hasQuotes ? unquoted[column] : String(decoding: scanner.bytes[field], as: UTF8.self)
            throw CSVScanner.Problem(
              offset: field.lowerBound,
              message: "row \(row), column '\(names[column])': \(Self.reason(text, element))")
          }
          values.append(value)
        }
      }
      return values
    }
    switch values {
    case .success(let values):
      guard !values.isEmpty else {
        throw Diagnostic("'\(path)' has a header but no rows", at: location(nameOffsets.first ?? 0))
      }
      return Tensor([values.count / columns.count, columns.count], storage(values))
    case .failure(let problem): throw Self.diagnostic(problem, path, bytes)
    }
  }

  /// Runs `body` on a scanner of the bytes.
  private static func scan<R>(
    _ bytes: [UInt8], _ delimiter: UInt8, from start: Int,
    _ body: (inout CSVScanner) throws(CSVScanner.Problem) -> R
  ) -> Result<R, CSVScanner.Problem> {
    bytes.withUnsafeBufferPointer { buffer in
      var scanner = CSVScanner(buffer, delimiter: delimiter, from: start)
      do throws(CSVScanner.Problem) { return .success(try body(&scanner)) } catch { return .failure(error) }
    }
  }

  /// What the fields of the scanner's record say: SwiftCSV takes the quotes off.
  private static func texts(of scanner: CSVScanner, _ delimiter: UInt8) -> [String] {
    let plain = scanner.fields.map { String(decoding: scanner.bytes[$0], as: UTF8.self) }
    guard scanner.hasQuotes else { return plain }
    return plain.map { text in
      guard text.hasPrefix("\"") else { return text }
      // With a line end behind it, SwiftCSV keeps an empty last field.
      let parsed = try? CSV<SingleRecord>(string: text + "\n", delimiter: .comma, loadColumns: false).header
      return parsed?.count == 1 ? parsed![0] : text
    }
  }
}

/// No rows: of the CSV library only the splitting of one record, its header, is used.
private struct SingleRecord: CSVView {
  let rows: [[String]] = []
  let columns: [[String]]? = nil

  init(header: [String], text: String, delimiter: CSVDelimiter, loadColumns: Bool, rowLimit: Int?) {}

  func serialize(header: [String], delimiter: CSVDelimiter) -> String { "" }
}

/// The fields of one CSV record, unquoted: SwiftCSV's reading of `text`.
func csvFields(_ text: String) -> [String]? {
  try? CSV<SingleRecord>(string: text + "\n", delimiter: .comma, loadColumns: false).header
}

extension CSVDelimiter {
  /// The delimiter's one byte.
  fileprivate var byte: UInt8 { rawValue.asciiValue ?? UInt8(ascii: ",") }
}

// MARK: - Diagnostics

extension CSVFile {
  /// The place of byte `offset`.
  private func location(_ offset: Int) -> SourceLocation {
    SourceFile(path: path, bytes: bytes).location(ofByte: offset)
  }

  private static func diagnostic(_ problem: CSVScanner.Problem, _ path: String, _ bytes: [UInt8]) -> Diagnostic {
    Diagnostic(problem.message, at: SourceFile(path: path, bytes: bytes).location(ofByte: problem.offset))
  }

  /// No column is called `name`.
  private func missingColumn(_ name: String) -> Diagnostic {
    let error = Diagnostic("no column '\(name)'", at: location(nameOffsets.first ?? 0))
    if let near = nearestName(to: name, among: names) { return error.noting("did you mean '\(near)'?") }
    if names.allSatisfy({ Array($0.utf8).withUnsafeBufferPointer(Double.parse) != nil }) {
      return error.noting("the first line must name the columns, but it holds numbers")
    }
    let shown = names.prefix(20).map { "'\($0)'" }.joined(separator: ", ") + (names.count > 20 ? ", …" : "")
    return error.noting("the columns are \(shown)")
  }

  /// The scanner's record has more or fewer fields than the header.
  private func ragged(_ scanner: CSVScanner, _ row: Int) -> CSVScanner.Problem {
    let count = scanner.fields.count
    let place = count > names.count ? scanner.fields[names.count].lowerBound : scanner.record.lowerBound
    return CSVScanner.Problem(
      offset: place, message: "row \(row) has \(count) fields, but the header has \(names.count)")
  }

  /// Why `text` is no element of type `element`.
  private static func reason(_ text: String, _ element: ElementType) -> String {
    if text.isEmpty { return "the field is empty, expected a number" }
    let shown = text.count > 40 ? text.prefix(40) + "…" : text[...]
    guard let decimal = Array(text.utf8).withUnsafeBufferPointer(CSVDecimal.init) else {
      return "'\(shown)' is not a number"
    }
    if element.isFloat { return "\(shown) is out of the range of \(element.rawValue)" }
    let range =
      switch element {
      case .i32: "\(Int32.min) to \(Int32.max)"
      case .i64: "\(Int64.min) to \(Int64.max)"
      case .ui8: "0 to 255"
      default: "0 or 1"
      }
    let value = Double(text) ?? 0
    if decimal.exponent < 0, value != value.rounded() { return "\(shown) is not a whole number, as \(element.rawValue) needs" }
    return "\(shown) is out of the range of \(element.rawValue), \(range)"
  }
}
