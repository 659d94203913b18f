/// The name among `candidates` that the user most likely meant by `name`, or `nil` where none is near.
///
/// Near is at most one edit (insertion, deletion, replacement, swap of neighbours) for every three characters; capitals
/// of ASCII count as small letters. Linear in the candidates, of which 32 768 are looked at: among more there is no
/// answer, nor for a name of more than 64 bytes, which nobody has mistyped.
public func nearestName(to name: String, among candidates: some Sequence<String>) -> String? {
  guard (1...64).contains(name.utf8.count) else { return nil }
  var speller = Speller(name)
  var best: (name: String, distance: Int)?
  var count = 0
  for candidate in candidates {
    count += 1
    if count > 1 << 15 { return nil }
    guard let distance = speller.distance(to: candidate), candidate != name else { continue }
    if best == nil || (distance, candidate) < (best!.distance, best!.name) { best = (candidate, distance) }
  }
  return best?.name
}

/// Measures how far words are from one word, in memory that it keeps.
private struct Speller {
  private var wanted: [UInt32] = []
  /// More edits are too many.
  private let limit: Int
  private var word: [UInt32] = []
  /// The rows of the table of distances: of the present letter, the one before, and the one before that.
  private var rows: (now: [Int], last: [Int], beforeLast: [Int])

  init(_ name: String) {
    Self.letters(name, into: &wanted)
    limit = max(1, wanted.count / 3)
    let row = [Int](repeating: 0, count: wanted.count + limit + 1)
    rows = (row, row, row)
  }

  private static func letters(_ text: String, into letters: inout [UInt32]) {
    letters.removeAll(keepingCapacity: true)
    for scalar in text.unicodeScalars {
      letters.append(("A"..."Z").contains(scalar) ? scalar.value | 0x20 : scalar.value)
    }
  }

  /// The optimal-string-alignment distance to `candidate`, or `nil` where it is more than the limit, or no letter is
  /// the same.
  mutating func distance(to candidate: String) -> Int? {
    // A scalar takes one to four bytes.
    let bytes = candidate.utf8.count
    guard bytes >= wanted.count - limit, bytes <= 4 * (wanted.count + limit) else { return nil }
    Self.letters(candidate, into: &word)
    let n = word.count
    guard n > 0, abs(n - wanted.count) <= limit else { return nil }
    for j in 0...n { rows.now[j] = j }
    for i in 1...wanted.count {
      (rows.beforeLast, rows.last, rows.now) = (rows.last, rows.now, rows.beforeLast)
      rows.now[0] = i
      var least = i
      for j in 1...n {
        let isSame = wanted[i - 1] == word[j - 1]
        var cost = min(rows.last[j] + 1, rows.now[j - 1] + 1, rows.last[j - 1] + (isSame ? 0 : 1))
        if i > 1, j > 1, wanted[i - 1] == word[j - 2], wanted[i - 2] == word[j - 1] {
          cost = min(cost, rows.beforeLast[j - 2] + 1)
        }
        rows.now[j] = cost
        least = min(least, cost)
      }
      // Then the row before, to which a swap reaches back, has more than the limit as well.
      if least > limit + 1 { return nil }
    }
    return rows.now[n] <= limit && rows.now[n] < wanted.count ? rows.now[n] : nil
  }
}
