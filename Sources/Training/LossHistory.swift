/// The losses of the last steps, to show how they grew before one was no number.
struct LossHistory {
  private struct Entry {
    let loss: Double
    let epoch: Int
    let step: Int
  }

  /// At most so many are kept.
  private static let limit = 4
  /// A ring, the oldest at `next` once it is full.
  private var entries: [Entry] = []
  private var next = 0

  /// Adds the loss of the step that has just been done.
  mutating func add(_ loss: Double, epoch: Int, step: Int) {
    let entry = Entry(loss: loss, epoch: epoch, step: step)
    if entries.count < Self.limit {
      entries.append(entry)
    } else {
      entries[next] = entry
    }
    next = (next + 1) % Self.limit
  }

  /// How the losses grew; `nil` where they did not, by a factor of 10 at least over the steps that are kept.
  var growth: String? {
    let ordered = entries.count < Self.limit ? entries : Array(entries[next...] + entries[..<next])
    guard let first = ordered.first, let last = ordered.last, ordered.count > 1 else { return nil }
    let grows = zip(ordered, ordered.dropFirst()).allSatisfy { $0.loss.magnitude < $1.loss.magnitude }
    guard grows, last.loss.magnitude > 10 * first.loss.magnitude else { return nil }
    let list = ordered.map { "\(Float($0.loss))" }.joined(separator: ", ")
    return "it grew: \(list) in the steps from step \(first.step) of epoch \(first.epoch) on: the steps are too large"
  }
}
