/// What a diagnostic shows of a line: the part around a place, short enough for a terminal.
package struct SourceExcerpt: Sendable, Equatable {
  /// At most 140 scalars of the line.
  let text: String
  /// How many of them stand before the place.
  let scalarsBefore: Int

  /// So much of a line stands before the place, where the line is too long.
  private static let context = 60
  private static let width = 140

  /// The part of `line`, in UTF-8 without its line end, around its column `column`, which counts scalars from 1.
  ///
  /// - Returns: `nil` where there is nothing to see, as at the end of a file.
  package init?(line: ArraySlice<UInt8>, column: Int) {
    let isStart = { (byte: UInt8) in byte & 0xC0 != 0x80 }
    let skipped = column > 100 ? column - Self.context : 0
    /// Where scalar `count` behind `start` begins.
    func advance(_ start: Int, _ count: Int) -> Int {
      var index = start
      var left = count
      while index < line.endIndex {
        if isStart(line[index]) {
          if left == 0 { break }
          left -= 1
        }
        index += 1
      }
      return index
    }
    let start = advance(line.startIndex, skipped)
    var shown = line[start..<advance(start, Self.width)]
    // Of a file whose lines end as on Windows.
    if shown.endIndex == line.endIndex, shown.last == UInt8(ascii: "\r") { shown.removeLast() }
    text = String(decoding: shown, as: UTF8.self)
    scalarsBefore = max(0, column - 1 - skipped)
    if text.allSatisfy(\.isWhitespace) { return nil }
  }

  /// The line and a caret under the place; control characters are made visible.
  var lines: [String] {
    let before = String(Substring(text.unicodeScalars.prefix(scalarsBefore))).visible(keepsTabs: true)
    // As many columns as what stands before: an accent that is a scalar of its own takes none.
    let indent = String(before.map { $0 == "\t" ? "\t" : " " })
    return ["  " + text.visible(keepsTabs: true), "  " + indent + "^"]
  }
}
