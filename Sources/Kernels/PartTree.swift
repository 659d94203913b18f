/// Joins the sums of the parts of a long sum by a binary tree that their number alone decides: the first 2^i of them,
/// as many as there are with something behind them, then the others likewise.
///
/// So any aligned run of 2^i parts is a subtree, and the error of n terms grows with log n (pairwise summation; Higham:
/// The accuracy of floating point summation, SIAM J. Sci. Comput. 1993).
package struct PartTree<Value> {
  /// The sums of runs that are powers of two, the longest first.
  private var runs: [Value] = []
  private var count = 0

  package init() {}

  /// Adds the sum of the next part.
  package mutating func append(_ value: Value, by join: (Value, Value) -> Value) {
    var value = value
    // As a binary counter carries.
    var ones = count
    while ones & 1 == 1 {
      value = join(runs.removeLast(), value)
      ones >>= 1
    }
    runs.append(value)
    count += 1
  }

  /// The whole sum; `nil` where there is no part.
  package func joined(by join: (Value, Value) -> Value) -> Value? {
    guard var total = runs.last else { return nil }
    for run in runs.dropLast().reversed() { total = join(run, total) }
    return total
  }

  /// How many runs there are at most while `parts` parts are added.
  package static func depth(parts: Int) -> Int { Int.bitWidth - parts.leadingZeroBitCount }
}
