import Synchronization

/// The memory of an executable's callers, kept for the next ones: as many as there have ever been at once.
///
/// A list that only grows: taking is an exchange on the first that is free, without a lock.
final class FramePool: Sendable {
  /// Read only.
  private let layout: FrameLayout
  private let first = AtomicLazyReference<FrameMemory>()

  init(_ layout: FrameLayout) { self.layout = layout }

  /// Memory that nobody else uses until it is given back; allocated where all that there is is in use.
  func take() -> FrameMemory {
    var candidate = first.load()
    while let memory = candidate {
      if memory.isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged {
        return memory
      }
      candidate = memory.next.load()
    }
    let memory = FrameMemory(layout)
    append(memory)
    return memory
  }

  /// Lets others use `memory`.
  func giveBack(_ memory: FrameMemory) { memory.isTaken.store(false, ordering: .releasing) }

  /// How many there are.
  var count: Int {
    var (count, last) = (0, first.load())
    while let memory = last { (count, last) = (count + 1, memory.next.load()) }
    return count
  }

  private func append(_ memory: FrameMemory) {
    var last = first.storeIfNil(memory)
    while last !== memory { last = last.next.storeIfNil(memory) }
  }
}
