#if canImport(Glibc)
  import Glibc
#endif

/// A block of memory that starts on a cache line and is freed with its owner.
public final class AlignedMemory: @unchecked Sendable {
  /// The first byte.
  public let start: UnsafeMutableRawPointer
  public let byteCount: Int

  /// Zeroed memory of at least `byteCount` bytes, with room for one vector behind its end.
  public init(byteCount: Int) {
    self.byteCount = byteCount
    start = .allocate(byteCount: byteCount + 128, alignment: 64)
    start.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount + 128)
  }

  deinit { start.deallocate() }

  /// The machine's memory: what needs more is refused before it is allocated.
  public static let physicalBytes: Int = {
    let (product, overflow) = sysconf(Int32(_SC_PHYS_PAGES)).multipliedReportingOverflow(
      by: sysconf(Int32(_SC_PAGESIZE)))
    return overflow || product <= 0 ? .max : product
  }()
}
