import FraguaSource

#if canImport(Glibc)
  import Glibc
#endif

/// What the system lets this process have: who asks for more is told so, rather than killed.
public enum ProcessLimits {
  /// The bytes of memory that the process may have in all: of the machine's, of what its control groups allow, and of
  /// its limits of address space and data the smallest.
  public static let memoryBytes: Int = {
    let (physical, overflow) = sysconf(Int32(_SC_PHYS_PAGES)).multipliedReportingOverflow(
      by: sysconf(Int32(_SC_PAGESIZE)))
    let limits = [
      overflow || physical <= 0 ? nil : physical, ControlGroups().memoryBytes,
      limit(__rlimit_resource_t(RLIMIT_AS.rawValue)), limit(__rlimit_resource_t(RLIMIT_DATA.rawValue)),
    ]
    return limits.compactMap { $0 }.min() ?? .max
  }()

  /// The processors that the control groups' quotas are worth, at least one; `nil` where there is no quota.
  public static let processors: Int? = ControlGroups().processors.map { max(1, Int(min($0.rounded(.up), 1e6))) }

  /// The bytes that the process can still allocate: what it may have without what it has.
  public static var freeMemoryBytes: Int {
    // In pages: size, resident, shared, text, library, data.
    let pages = readSystemFile("/proc/self/statm").split(separator: " ").compactMap { Int($0) }
    guard pages.count >= 6 else { return memoryBytes }
    let pageBytes = sysconf(Int32(_SC_PAGESIZE))
    var free = memoryBytes - pages[1] * pageBytes
    if let limit = limit(__rlimit_resource_t(RLIMIT_AS.rawValue)) { free = min(free, limit - pages[0] * pageBytes) }
    if let limit = limit(__rlimit_resource_t(RLIMIT_DATA.rawValue)) { free = min(free, limit - pages[5] * pageBytes) }
    return max(0, free)
  }

  /// Checks that `bytes` more can be allocated.
  ///
  /// - Parameter message: says who needs them, given the bytes that there are in words.
  /// - Throws: where a limit forbids it, or where the system, asked for so much for a moment, refuses.
  public static func require(_ bytes: Int, else message: (String) -> String) throws(Diagnostic) {
    // What is small is not worth asking.
    if bytes < 1 << 20 { return }
    let free = freeMemoryBytes
    guard bytes <= free else { throw Diagnostic(message(words(free))) }
    let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard memory != MAP_FAILED else { throw Diagnostic(message(words(free))).noting("the system refuses so much") }
    munmap(memory, bytes)
  }

  /// `bytes` as people read it: `1.5 GiB`, rounded to a tenth.
  public static func words(_ bytes: Int) -> String {
    let units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"]
    var scale = 0
    while scale + 1 < units.count, bytes >> (10 * (scale + 1)) > 0 { scale += 1 }
    if scale == 0 { return "\(bytes) bytes" }
    let tenths = Int((Double(bytes) / Double(1 << (10 * scale)) * 10).rounded())
    return "\(tenths / 10).\(tenths % 10) \(units[scale])"
  }

  /// A limit that `setrlimit` set; `nil` where there is none.
  private static func limit(_ resource: __rlimit_resource_t) -> Int? {
    var limit = rlimit()
    guard getrlimit(resource, &limit) == 0 else { return nil }
    return Int(exactly: limit.rlim_cur)
  }
}
