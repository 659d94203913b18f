#if canImport(Glibc)
  import Glibc
#endif

/// The control groups that a process is in, of both versions, and what they allow it.
///
/// A process is in one group of each hierarchy: of version 2, and of each controller of version 1. Every group that
/// this one lies in limits it too, so that the smallest limit on the way to the root is what counts. Which hierarchy is
/// mounted where, and which of its groups the mount shows as its root, is in `mountinfo`: in a container the root is
/// often the container's own group. Kernel documentation, `cgroup-v1` and `cgroup-v2`.
package struct ControlGroups {
  /// A hierarchy with the folders of the process's group and of those that it lies in, the innermost first.
  private struct Hierarchy {
    /// Empty for version 2.
    let controllers: [Substring]
    var folders: [String]
  }

  private let hierarchies: [Hierarchy]
  /// What a path starts with; empty but in tests.
  private let root: String

  /// The groups of this process, as the files of `root` say.
  package init(root: String = "") {
    self.root = root
    let groups = Self.lines(root + "/proc/self/cgroup").compactMap {
      line -> (controllers: [Substring], path: String)? in
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      return parts.count == 3 ? (parts[1].split(separator: ","), String(parts[2])) : nil
    }
    var hierarchies: [Hierarchy] = []
    for line in Self.lines(root + "/proc/self/mountinfo") {
      // 30 23 0:26 ROOT MOUNT OPTIONS... - TYPE SOURCE OPTIONS
      let parts = line.split(separator: " ")
      guard let dash = parts.firstIndex(of: "-"), dash >= 5, parts.count > dash + 1 else { continue }
      let isVersion2 = parts[dash + 1] == "cgroup2"
      guard isVersion2 || parts[dash + 1] == "cgroup", let options = parts.last?.split(separator: ",") else { continue }
      for group in groups
      where isVersion2 ? group.controllers.isEmpty : group.controllers.contains(where: options.contains) {
        hierarchies.append(
          Hierarchy(
            controllers: group.controllers,
            folders: Self.folders(of: group.path, mount: String(parts[4]), shows: String(parts[3]))))
      }
    }
    self.hierarchies = hierarchies
  }

  /// The bytes of memory that the groups allow; `nil` where they set no limit.
  package var memoryBytes: Int? {
    let limits = values("memory", "memory.max") { Int($0) } + values("memory", "memory.limit_in_bytes") { Int($0) }
    return limits.filter { $0 >= 0 }.min()
  }

  /// How many processors' time the groups allow; `nil` where they set no quota.
  package var processors: Double? {
    func share(_ quota: Substring, _ period: Substring) -> Double? {
      guard let quota = Double(quota), let period = Double(period), quota > 0, period > 0 else { return nil }
      return quota / period
    }
    var shares = values("cpu", "cpu.max") { text in
      let parts = text.split(separator: " ")
      return parts.count == 2 ? share(parts[0], parts[1]) : nil
    }
    for hierarchy in hierarchies where hierarchy.controllers.contains("cpu") {
      for folder in hierarchy.folders {
        guard let quota = line(folder + "/cpu.cfs_quota_us"), let period = line(folder + "/cpu.cfs_period_us") else {
          continue
        }
        if let share = share(quota, period) { shares.append(share) }
      }
    }
    return shares.min()
  }

  /// What the files called `name` say in the hierarchies of `controller`, and of version 2.
  private func values<T>(_ controller: Substring, _ name: String, _ parse: (Substring) -> T?) -> [T] {
    hierarchies.filter { $0.controllers.isEmpty || $0.controllers.contains(controller) }.flatMap { hierarchy in
      hierarchy.folders.compactMap { folder in line("\(folder)/\(name)").flatMap(parse) }
    }
  }

  private func line(_ path: String) -> Substring? { Self.lines(root + path).first }

  /// The folders of the group `path` and of those around it in the hierarchy mounted at `mount`, whose root there is
  /// the group `shown`.
  private static func folders(of path: String, mount: String, shows shown: String) -> [String] {
    var rest = path[...]
    if shown != "/" {
      // A group outside of what is mounted: the mount's own root is the nearest that can be seen.
      rest = path == shown || path.hasPrefix(shown + "/") ? path.dropFirst(shown.count) : ""
    }
    var parts = rest.split(separator: "/")
    if parts.contains("..") { parts = [] }
    return (0...parts.count).reversed().map { count in
      ([mount] + parts.prefix(count).map(String.init)).joined(separator: "/")
    }
  }

  /// The lines of a file of the kernel's; none where it cannot be read.
  private static func lines(_ path: String) -> [Substring] {
    readSystemFile(path).split(separator: "\n")
  }
}

/// The text of a file of the kernel's, at most a megabyte; empty where it cannot be read.
package func readSystemFile(_ path: String) -> String {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return "" }
  defer { close(descriptor) }
  var text: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 4096)
  while text.count < 1 << 20 {
    let count = read(descriptor, &buffer, buffer.count)
    if count < 0, errno == EINTR { continue }
    guard count > 0 else { break }
    text += buffer[..<count]
  }
  return String(decoding: text, as: UTF8.self)
}
