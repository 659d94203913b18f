import FraguaSource
import FraguaTensors
import Testing

/// What control groups allow, read from trees as kernels, systemd and containers show them.
@Suite struct ControlGroupsTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// The groups that these files describe.
  private func groups(_ files: [String: String]) throws -> ControlGroups {
    for (path, text) in files {
      let parts = path.split(separator: "/").dropLast()
      try folder.makeFolder(parts.joined(separator: "/"))
      try folder.write(String(path.dropFirst()), text)
    }
    return ControlGroups(root: folder.path)
  }

  private static let version2 = "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"

  /// A service in a slice in a slice: the smallest limit on the way to the root counts.
  @Test func nestedVersion2() throws {
    let slice = "/sys/fs/cgroup/user.slice"
    let groups = try groups([
      "/proc/self/cgroup": "0::/user.slice/user-1000.slice/run-7.scope\n", "/proc/self/mountinfo": Self.version2,
      slice + "/memory.max": "2147483648\n", slice + "/cpu.max": "max 100000\n",
      slice + "/user-1000.slice/memory.max": "536870912\n", slice + "/user-1000.slice/cpu.max": "150000 100000\n",
      slice + "/user-1000.slice/run-7.scope/memory.max": "max\n",
      slice + "/user-1000.slice/run-7.scope/cpu.max": "400000 100000\n",
    ])
    #expect(groups.memoryBytes == 512 << 20)
    #expect(groups.processors == 1.5)
  }

  /// In a container with a namespace of its own the group is the root, which has limits all the same.
  @Test func containerVersion2() throws {
    let groups = try groups([
      "/proc/self/cgroup": "0::/\n", "/proc/self/mountinfo": Self.version2,
      "/sys/fs/cgroup/memory.max": "268435456\n", "/sys/fs/cgroup/cpu.max": "50000 100000\n",
    ])
    #expect(groups.memoryBytes == 256 << 20)
    #expect(groups.processors == 0.5)
  }

  private static let version1 = """
    25 24 0:22 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,xattr,name=systemd
    31 24 0:28 /docker/abc /sys/fs/cgroup/cpu,cpuacct ro,nosuid - cgroup cgroup rw,cpu,cpuacct
    32 24 0:29 /docker/abc /sys/fs/cgroup/memory ro,nosuid - cgroup cgroup rw,memory

    """

  /// Version 1 in a container: the host's paths in `cgroup`, the container's own group mounted as the root.
  @Test func containerVersion1() throws {
    let groups = try groups([
      "/proc/self/cgroup": "4:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc/inner\n1:name=systemd:/docker/abc\n",
      "/proc/self/mountinfo": Self.version1,
      "/sys/fs/cgroup/memory/memory.limit_in_bytes": "1073741824\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "250000\n",
      "/sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
      "/sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_quota_us": "-1\n",
      "/sys/fs/cgroup/cpu,cpuacct/inner/cpu.cfs_period_us": "100000\n",
    ])
    #expect(groups.memoryBytes == 1 << 30)
    #expect(groups.processors == 2.5)
  }

  /// Both versions at once, as systemd mounts them in its hybrid mode; version 1's number for no limit is large.
  @Test func hybrid() throws {
    let groups = try groups([
      "/proc/self/cgroup": "4:memory:/a/b\n0::/a\n",
      "/proc/self/mountinfo":
        "32 24 0:29 / /cg/memory rw - cgroup cgroup rw,memory\n33 24 0:30 / /cg/unified rw - cgroup2 cgroup2 rw\n",
      "/cg/memory/memory.limit_in_bytes": "9223372036854771712\n", "/cg/memory/a/memory.limit_in_bytes": "1048576\n",
      "/cg/memory/a/b/memory.limit_in_bytes": "9223372036854771712\n", "/cg/unified/a/cpu.max": "max 100000\n",
    ])
    #expect(groups.memoryBytes == 1 << 20)
    #expect(groups.processors == nil)
  }

  /// A group that the mount does not show, and files that make no sense.
  @Test func strange() throws {
    var groups = try groups([
      "/proc/self/cgroup": "0::/../../other\nnonsense\n",
      "/proc/self/mountinfo": "x - cgroup2\n- -\n\n" + Self.version2,
      "/sys/fs/cgroup/memory.max": "lots\n", "/sys/fs/cgroup/cpu.max": "1 0\n",
    ])
    #expect(groups.memoryBytes == nil && groups.processors == nil)
    groups = ControlGroups(root: folder.file("nothing"))
    #expect(groups.memoryBytes == nil && groups.processors == nil)
  }

  @Test func ofThisProcess() throws {
    #expect(ProcessLimits.memoryBytes > 1 << 26)
    #expect((1...ProcessLimits.memoryBytes).contains(ProcessLimits.freeMemoryBytes))
    try ProcessLimits.require(1 << 24) { "no \($0)" }
    expectDiagnostic("more than the", "GiB there is") {
      () throws(Diagnostic) in try ProcessLimits.require(1 << 60) { "more than the \($0) there is" }
    }
  }
}
