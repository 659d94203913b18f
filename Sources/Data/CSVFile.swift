import FraguaSource
import FraguaTensors

/// A CSV file: a header that names the columns, then one record a row.
///
/// The delimiter is the header's first comma, semicolon or tab. Rows are counted from 1, without the header. Every
/// record must have as many fields as the header; the columns that are asked for must hold a number in every row. Empty
/// lines are passed over at the end only. What is wrong with the header shows before the rows are read.
struct CSVFile {
  /// The file; the rows are read when they are asked for.
  let contents: FileContents
  /// Where the text starts, behind a byte order mark.
  let textStart: Int
  /// One byte, since all delimiters that are recognised are.
  private var delimiter = UInt8(ascii: ",")
  /// The columns' names, in the file's order; not all need to differ.
  private(set) var names: [String] = []
  /// Where each name stands.
  private(set) var nameOffsets: [Int] = []
  /// Where the first row starts.
  private(set) var firstRow = 0

  /// No header is longer than so many bytes: what has no line end before is no table.
  private static let headerLimit = 16 << 20

  /// For the messages.
  var path: String { contents.path }

  /// Reads the file's header.
  init(_ path: String) throws(Diagnostic) {
    (contents, textStart) = try FileContents.text(path)
    while true {
      // The header is the first line that is not empty; one that ends in a quote may go on.
      let text = contents.bytes[textStart...].drop { $0 == 0x20 || $0 == 0x0A || $0 == 0x0D }
      delimiter = Self.delimiter(of: text.prefix { $0 != 0x0A && $0 != 0x0D })
      let header = Self.scan(contents.bytes, delimiter, from: text.startIndex) { scanner throws(CSVScanner.Problem) in
        _ = try scanner.next()
        return (Self.texts(of: scanner), scanner.fields.map(\.lowerBound), scanner.position)
      }
      let isWhole = if case .success(let header) = header { header.2 < contents.bytes.count } else { false }
      if !isWhole, !contents.isAtEnd {
        guard contents.bytes.count < Self.headerLimit else {
          throw Diagnostic("the header of '\(path)' does not end in its first \(Self.headerLimit >> 20) MB")
            .noting("expected a line with the columns' names, then the rows")
        }
        try contents.read(upTo: Self.headerLimit)
        continue
      }
      guard !text.isEmpty else { throw Diagnostic("'\(path)' is empty, expected a header and rows") }
      switch header {
      case .success(let header): (names, nameOffsets, firstRow) = header
      case .failure(let problem): throw diagnostic(problem)
      }
      return
    }
  }

  /// The first comma, semicolon or tab of a header that stands in no quotes; a comma where there is none.
  private static func delimiter(of header: ArraySlice<UInt8>) -> UInt8 {
    var isQuoted = false
    for byte in header {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if !isQuoted, [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")].contains(byte) { return byte }
    }
    return UInt8(ascii: ",")
  }

  /// Where the columns called `wanted` stand in the file.
  func columns(_ wanted: [String]) throws(Diagnostic) -> [Int] {
    let places = Dictionary(grouping: names.indices) { names[$0] }
    return try wanted.map { name throws(Diagnostic) in
      guard let places = places[name] else { throw missingColumn(name) }
      if places.count > 1 {
        throw Diagnostic("the header has \(places.count) columns '\(name)'", at: location(nameOffsets[places[1]]))
          .noting("the first one", at: location(nameOffsets[places[0]]))
      }
      return places[0]
    }
  }

  /// The columns at `columns` as elements of type `element`: [rows, columns].
  func tensor(_ columns: [Int], _ element: ElementType) throws(Diagnostic) -> Tensor {
    guard let number = element.host as? any CSVNumber.Type else {
      preconditionFailure("\(element.rawValue) cannot be read from text")
    }
    return try tensor(columns, of: number)
  }

  /// The place of row `row`, counted from 0, in column `column`; `nil` where there is no such row.
  func location(row: Int, column: Int) -> SourceLocation? {
    guard (try? contents.readAll()) != nil else { return nil }
    let offset = scan(from: firstRow) { scanner throws(CSVScanner.Problem) in
      for _ in 0...row where try !scanner.next() { return nil as Int? }
      return scanner.fields.indices.contains(column) ? scanner.fields[column].lowerBound : nil
    }
    guard case .success(let offset?) = offset else { return nil }
    return location(offset)
  }

  // MARK: Reading rows

  // What data mostly are has code of its own.
  @_specialize(where T == Float)
  @_specialize(where T == Double)
  @_specialize(where T == Int32)
  @_specialize(where T == Int64)
  @_specialize(where T == UInt8)
  private func tensor<T: CSVNumber>(_ columns: [Int], of _: T.Type) throws(Diagnostic) -> Tensor {
    let element = T.elementType
    try contents.readAll()
    let count = rowLimit * columns.count
    try ProcessLimits.require(count * MemoryLayout<T>.size) {
      "the data in '\(path)', up to \(count) numbers, exceed the \($0) of memory that there is"
    }
    let values = scan(from: firstRow) { scanner throws(CSVScanner.Problem) in
      var values = [T]()
      values.reserveCapacity(count)
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
      return Tensor([values.count / columns.count, columns.count], values)
    case .failure(let problem): throw diagnostic(problem)
    }
  }

  /// There are no more rows than line ends, and one.
  private var rowLimit: Int {
    let bytes = contents.bytes[firstRow...]
    let count = { (end: UInt8) in bytes.withUnsafeBufferPointer { $0.reduce(0) { $0 + ($1 == end ? 1 : 0) } } }
    let lineFeeds = count(UInt8(ascii: "\n"))
    return (lineFeeds > 0 ? lineFeeds : count(UInt8(ascii: "\r"))) + 1
  }

  /// Runs `body` on a scanner of the file from byte `start` on.
  private func scan<R>(
    from start: Int, _ body: (inout CSVScanner) throws(CSVScanner.Problem) -> R
  ) -> Result<R, CSVScanner.Problem> {
    Self.scan(contents.bytes, delimiter, from: start, body)
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

  /// What a field says: what stands between its quotes, of which two are one.
  private static func unquoted(_ field: String) -> String {
    guard field.hasPrefix("\"") else { return field }
    return String(field.dropFirst().dropLast()).replacing("\"\"", with: "\"")
  }
}
