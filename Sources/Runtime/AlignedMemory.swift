import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// A block of memory that starts on a cache line and is freed with its owner.
public final class AlignedMemory {
  /// The first byte.
  public let start: UnsafeMutableRawPointer
  public let byteCount: Int

  private let block: UnsafeMutableRawPointer

  /// A large page of x86 and aarch64, which saves a long walk through the page table for every 4 KB read.
  private static let largePageBytes = 2 << 20
  /// From this size on blocks start at a page, so that equal places of several would share a set of the cache.
  private static let staggeredBytes = 128 << 10
  private static let staggers = Atomic<Int>(0)

  /// Zeroed memory of at least `byteCount` bytes, with room for one vector behind its end; on large pages, where the
  /// system gives them, from half of one on.
  ///
  /// Large blocks are staggered: a parameter and an optimizer's slots are read and written at the same place together.
  public init(byteCount: Int) {
    self.byteCount = byteCount
    var offset = 0
    if byteCount >= Self.staggeredBytes {
      offset = Self.staggers.add(1, ordering: .relaxed).oldValue % 15 * (4096 + 256)
    }
    let needed = byteCount + 128 + offset
    if byteCount >= Self.largePageBytes / 2 {
      let rounded = (needed + Self.largePageBytes - 1) / Self.largePageBytes * Self.largePageBytes
      block = .allocate(byteCount: rounded, alignment: Self.largePageBytes)
      // Only a request: where it is refused the memory is as good, and slower.
      _ = madvise(block, rounded, MADV_HUGEPAGE)
    } else {
      block = .allocate(byteCount: needed, alignment: 64)
    }
    start = block + offset
    start.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount + 128)
  }

  deinit { block.deallocate() }
}
