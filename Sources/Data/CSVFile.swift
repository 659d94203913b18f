import FraguaSource
import FraguaTensors
import SwiftCSV

/// A CSV file: a header that names the columns, then one record a row.
///
/// The delimiter is the header's first comma, semicolon or tab. Rows are counted from 1, without the header. Every
/// record must have as many fields as the header; the columns that are asked for must hold a number in every row. Empty
/// lines are passed over at the end only.
struct CSVFile {
  /// For the messages.
  let path: String
  let bytes: [UInt8]
  /// One byte, since all delimiters that are recognised are.
  private let delimiter: UInt8
  /// The columns' names, in the file's order; not all need to differ.
  let names: [String]
  /// Where each name stands.
  let nameOffsets: [Int]
  /// Where the first row starts.
  let firstRow: Int

  /// Reads the file's header.
  init(_ path: String) throws(Diagnostic) {
    let bytes = try readText(path)
    (self.path, self.bytes) = (path, bytes)
    if let foreign = ForeignFile(contents: bytes) { throw foreign.diagnostic(path) }
    let start = bytes.firstIndex { ![0x20, 0x0A, 0x0D].contains($0) }
    guard let start else { throw Diagnostic("'\(path)' is empty, expected a header and rows") }
    let line = bytes[start...].prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") }
    delimiter = CSVDelimiter.guessed(string: String(decoding: line, as: UTF8.self)).rawValue.asciiValue ?? 0x2C
    let header = Self.scan(bytes, delimiter, from: start) { scanner throws(CSVScanner.Problem) in
      _ = try scanner.next()
      return (Self.texts(of: scanner), scanner.fields.map(\.lowerBound), scanner.position)
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
    let offset = Self.scan(bytes, delimiter, from: firstRow) { scanner throws(CSVScanner.Problem) in
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
    let values = Self.scan(bytes, delimiter, from: firstRow) { scanner throws(CSVScanner.Problem) in
      var values = [T]()
      var row = 0
      var blank: (row: Int, offset: Int)?
      while try scanner.next() {
        row += 1
        if scanner.isBlank {
          if blank == nil { blank = (row, scanner.record.lowerBound) }
          continue
        }
        if let blank { throw blankLine(row: blank.row, offset: blank.offset) }
        guard scanner.fields.count == names.count else { throw ragged(scanner, row) }
        for column in columns {
          let content = scanner.content(ofField: column)
          guard let value = T.parse(UnsafeBufferPointer(rebasing: scanner.bytes[content])) else {
            let text = String(decoding: scanner.bytes[content], as: UTF8.self)
            throw notANumber(text, element, row: row, column: column, offset: scanner.fields[column].lowerBound)
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

  /// What the fields of the scanner's record say.
  private static func texts(of scanner: CSVScanner) -> [String] {
    scanner.fields.map { unquoted(String(decoding: scanner.bytes[$0], as: UTF8.self)) }
  }

  /// What the fields of one record with commas say; `nil` where its quotes are wrong.
  static func fields(of record: String) -> [String]? {
    let result = scan(Array(record.utf8), UInt8(ascii: ","), from: 0) { scanner throws(CSVScanner.Problem) in
      try scanner.next() ? texts(of: scanner) : []
    }
    return try? result.get()
  }

  /// What a field says: SwiftCSV takes its quotes off.
  private static func unquoted(_ field: String) -> String {
    guard field.hasPrefix("\"") else { return field }
    // With a line end behind it, SwiftCSV takes the field for a whole record.
    let record = try? CSV<HeaderOnly>(string: field + "\n", delimiter: .comma, loadColumns: false).header
    return record?.first ?? field
  }
}

/// No rows: only SwiftCSV's splitting of one record, its header, is used.
private struct HeaderOnly: CSVView {
  let rows: [[String]] = []
  let columns: [[String]]? = nil

  init(header: [String], text: String, delimiter: CSVDelimiter, loadColumns: Bool, rowLimit: Int?) {}

  func serialize(header: [String], delimiter: CSVDelimiter) -> String { "" }
}
