/// A text that came from a file, with what is needed to name places in it.
public struct SourceFile: Sendable, Equatable {
  /// The path as the user wrote it; diagnostics print it unchanged.
  public let path: String
  /// The text in UTF-8; ranges count its bytes.
  public let bytes: [UInt8]
  /// How many line feeds stand before each block of bytes.
  private let lineFeeds: [Int]
  private static let blockBytes = 1024

  /// Wraps `text`, known to the user as `path`.
  public init(path: String, text: String) {
    self.init(path: path, bytes: Array(text.utf8))
  }

  /// Wraps a text given as UTF-8 bytes, known to the user as `path`.
  public init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
    var counts: [Int] = []
    counts.reserveCapacity(bytes.count / Self.blockBytes + 1)
    var count = 0
    for start in stride(from: 0, to: bytes.count, by: Self.blockBytes) {
      counts.append(count)
      count += Self.lineFeeds(bytes[start..<min(start + Self.blockBytes, bytes.count)])
    }
    lineFeeds = counts
  }

  private static func lineFeeds(_ bytes: ArraySlice<UInt8>) -> Int {
    bytes.withUnsafeBufferPointer { $0.reduce(0) { $0 + ($1 == UInt8(ascii: "\n") ? 1 : 0) } }
  }

  /// The location of byte `offset`, in a time that grows with the line's length.
  public func location(ofByte offset: Int) -> SourceLocation {
    let offset = min(max(offset, 0), bytes.count)
    let block = min(offset / Self.blockBytes, lineFeeds.count - 1)
    var line = 1
    if block >= 0 { line += lineFeeds[block] + Self.lineFeeds(bytes[block * Self.blockBytes..<offset]) }
    var start = offset
    while start > 0, bytes[start - 1] != UInt8(ascii: "\n") { start -= 1 }
    let column = bytes[start..<offset].count { $0 & 0xC0 != 0x80 } + 1
    return SourceLocation(file: path, line: line, column: column)
  }

  /// What stands at `place`, which is one of this file; `nil` where there is no such line or nothing on it.
  package func excerpt(at place: SourceLocation) -> SourceExcerpt? {
    guard let start = start(ofLine: place.line) else { return nil }
    let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) ?? bytes.count
    return SourceExcerpt(line: bytes[start..<end], column: place.column)
  }

  /// The first byte of line `line`, counted from 1; `nil` where there is none.
  private func start(ofLine line: Int) -> Int? {
    if line <= 1 { return line == 1 ? 0 : nil }
    // The last block before which there are fewer line feeds than lines before this one.
    var low = 0
    var high = lineFeeds.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineFeeds[middle] < line - 1 { low = middle } else { high = middle }
    }
    guard low < lineFeeds.count else { return nil }
    var left = line - 1 - lineFeeds[low]
    for index in low * Self.blockBytes..<bytes.count where bytes[index] == UInt8(ascii: "\n") {
      left -= 1
      if left == 0 { return index + 1 }
    }
    return nil
  }
}

/// A place in a file: what `path:line:column` names.
public struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
  public let file: String
  /// Counted from 1.
  public let line: Int
  /// Counted in characters from 1.
  public let column: Int
  /// Whether a text says so, as a dump does in `loc(...)`, rather than that the file was read; counts for no comparison.
  public let isClaimed: Bool

  public init(file: String, line: Int, column: Int, isClaimed: Bool = false) {
    self.file = file
    self.line = line
    self.column = column
    self.isClaimed = isClaimed
  }

  public var description: String { "\(file):\(line):\(column)" }

  public static func == (a: SourceLocation, b: SourceLocation) -> Bool {
    (a.line, a.column, a.file) == (b.line, b.column, b.file)
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(file)
    hasher.combine(line)
    hasher.combine(column)
  }
}

/// A half-open range of bytes of a file.
public struct SourceRange: Sendable, Hashable {
  public let start: Int
  public let end: Int

  public init(_ start: Int, _ end: Int) {
    self.start = start
    self.end = end
  }
}
