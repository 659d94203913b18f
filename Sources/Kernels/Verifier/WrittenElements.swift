/// The elements of a buffer that are known to be written: intervals that neither meet nor touch, ascending.
struct WrittenElements {
  private var intervals: [ClosedInterval] = []

  /// No elements.
  init() {}

  /// The elements 0 to `count - 1`.
  init(all count: Int) { intervals = [ClosedInterval(0, count - 1)] }

  /// Adds the elements of `new`. Linear in the intervals that there are.
  mutating func insert(_ new: ClosedInterval) {
    let start = intervals.firstIndex { $0.high >= new.low - 1 } ?? intervals.count
    let end = intervals[start...].firstIndex { $0.low > new.high + 1 } ?? intervals.count
    let merged = intervals[start..<end].reduce(new) { $0.union($1) }
    intervals.replaceSubrange(start..<end, with: [merged])
  }

  /// Whether all of `wanted` is written.
  func contains(_ wanted: ClosedInterval) -> Bool { intervals.contains { $0.contains(wanted) } }
}

/// What a kernel is known to do to its buffers: a bound of what it reads, and what it writes whatever it computes.
struct KernelReach {
  /// For each buffer: an interval that holds every element that is loaded; `nil` where nothing is loaded.
  private(set) var read: [ClosedInterval?] = []
  /// For each buffer: intervals of which every element is stored to.
  private(set) var written: [[ClosedInterval]] = []

  /// Adds the next buffer.
  ///
  /// Stores hit each element once at most, each within its bounds: as many elements as the bounds hold are all of them.
  /// - Parameters:
  ///   - loads: the bounds of all loads.
  ///   - stores: those of all stores, with at how many points each happens; `nil` where that is not known.
  /// - Requires: no element is stored to twice.
  mutating func append(loads: [AccessBounds], stores: [(bounds: AccessBounds, points: Int?)]) {
    let reached = loads.compactMap(\.elements)
    read.append(reached.dropFirst().reduce(reached.first) { $0?.union($1) })
    let counted = stores.compactMap { store in
      store.points.flatMap { points in store.bounds.elements.map { (elements: $0, points: points) } }
    }
    if let first = counted.first {
      let whole = counted.reduce(first.elements) { $0.union($1.elements) }
      if counted.reduce(0, { $0 + $1.points }) == whole.count {
        written.append([whole])
        return
      }
    }
    written.append(counted.filter { $0.points == $0.elements.count }.map(\.elements))
  }
}
