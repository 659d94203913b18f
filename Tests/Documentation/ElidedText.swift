/// An expected output in which `…` stands for what is left out or differs from run to run: for any characters inside a
/// line, and on a line of its own for any number of lines.
struct ElidedText {
  let lines: [String]

  /// Whether `actual` is such an output.
  func matches(_ actual: [String]) -> Bool {
    // The positions in `actual` at which what has been matched so far may end.
    var ends: Set<Int> = [0]
    for line in lines {
      if line.trimmingBlanks == "…" {
        guard let first = ends.min() else { return false }
        ends = Set(first...actual.count)
      } else {
        ends = Set(ends.filter { $0 < actual.count && Self.matches(line, actual[$0]) }.map { $0 + 1 })
      }
    }
    return ends.contains(actual.count)
  }

  /// Whether `text` is `pattern` with something in place of each `…`.
  private static func matches(_ pattern: String, _ text: String) -> Bool {
    let parts = pattern.split(separator: "…", omittingEmptySubsequences: false)
    guard parts.count > 1 else { return pattern == text }
    guard text.hasPrefix(parts[0]) else { return false }
    var rest = text.dropFirst(parts[0].count)
    for part in parts.dropFirst().dropLast() {
      guard let range = rest.firstRange(of: part) else { return false }
      rest = rest[range.upperBound...]
    }
    return rest.hasSuffix(parts[parts.count - 1])
  }
}

extension String {
  /// Without blanks at its ends.
  var trimmingBlanks: Substring {
    let start = drop { $0 == " " }
    return start.prefix(start.lastIndex { $0 != " " }.map { start.distance(from: start.startIndex, to: $0) + 1 } ?? 0)
  }
}
