/// A text that came from a file, with what is needed to name places in it.
public struct SourceFile: Sendable, Equatable {
  /// The path as the user wrote it; diagnostics print it unchanged.
  public let path: String
  /// The text in UTF-8; ranges count its bytes.
  public let bytes: [UInt8]
  /// The byte at which each line starts; the first is 0.
  private let lineStarts: [Int]

  /// Wraps `text`, known to the user as `path`.
  public init(path: String, text: String) {
    self.init(path: path, bytes: Array(text.utf8))
  }

  /// Wraps a text given as UTF-8 bytes, known to the user as `path`.
  public init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
    var starts = [0]
    for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") { starts.append(offset + 1) }
    lineStarts = starts
  }

  /// The location of byte `offset`, in O(log lines).
  public func location(ofByte offset: Int) -> SourceLocation {
    var low = 0
    var high = lineStarts.count
    while high - low > 1 {
      let middle = (low + high) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle }
    }
    let prefix = bytes[lineStarts[low]..<min(max(offset, lineStarts[low]), bytes.count)]
    let column = prefix.count { $0 & 0xC0 != 0x80 } + 1
    return SourceLocation(file: path, line: low + 1, column: column)
  }

  /// The text of line `line`, counted from 1, without its line feed.
  public func text(ofLine line: Int) -> String {
    guard line >= 1, line <= lineStarts.count else { return "" }
    let start = lineStarts[line - 1]
    let end = line < lineStarts.count ? lineStarts[line] - 1 : bytes.count
    return String(decoding: bytes[start..<max(start, end)], as: UTF8.self)
  }
}

/// A place in a file: what `path:line:column` names.
public struct SourceLocation: Sendable, Hashable, CustomStringConvertible {
  public let file: String
  /// Counted from 1.
  public let line: Int
  /// Counted in characters from 1.
  public let column: Int

  public init(file: String, line: Int, column: Int) {
    self.file = file
    self.line = line
    self.column = column
  }

  public var description: String { "\(file):\(line):\(column)" }
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
