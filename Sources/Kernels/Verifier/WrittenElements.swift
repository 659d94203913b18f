/// The elements of a buffer that are known to be written: intervals that neither meet nor touch, ascending.
struct WrittenElements {
  private var intervals: [ClosedInterval] = []

  /// No elements.
  init() {}

  /// The elements 0 to `count - 1`.
  init(all count: Int) { intervals = [ClosedInterval(0, count - 1)] }

  /// Adds the elements of `new`. Logarithmic where those before it are there already, or it is the last.
  mutating func insert(_ new: ClosedInterval) {
    let start = firstIndex { $0.high >= new.low - 1 }
    if start < intervals.count, intervals[start].contains(new) { return }
    let end = firstIndex { $0.low > new.high + 1 }
    let merged = intervals[start..<end].reduce(new) { $0.union($1) }
    intervals.replaceSubrange(start..<end, with: [merged])
  }

  /// Whether all of `wanted` is written. Logarithmic in the intervals that there are.
  func contains(_ wanted: ClosedInterval) -> Bool {
    let index = firstIndex { $0.high >= wanted.high }
    return index < intervals.count && intervals[index].contains(wanted)
  }

  /// The index of the first interval of which `condition` holds, as it does of all behind it; else how many there are.
  private func firstIndex(where condition: (ClosedInterval) -> Bool) -> Int {
    var (low, high) = (0, intervals.count)
    while low < high {
      let middle = (low + high) / 2
      if condition(intervals[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
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
      // More points than elements are an error that is told elsewhere; so many that they overflow are that too.
      if counted.reduce(0, { $0.addingReportingOverflow($1.points).partialValue }) == whole.count {
        written.append([whole])
        return
      }
    }
    written.append(counted.filter { $0.points == $0.elements.count }.map(\.elements))
  }
}
