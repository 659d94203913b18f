import Foundation
import FraguaRuntime
import Testing

@Suite struct ThreadTeamTests {
  @Test func teamsStartAndStop() {
    for round in 0..<50 { #expect(ThreadTeam(round % 4 + 1).count == round % 4 + 1) }
  }

  /// Where there is no memory for more stacks, a team has as many threads as there is room for.
  @Test func aTeamIsAsLargeAsTheSystemAllows() async {
    await #expect(processExitsWith: .success) {
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("VmSize:") })
      let bytes = try #require(Int(line.split(whereSeparator: \.isWhitespace)[1])) * 1024
      var limit = rlimit(rlim_cur: rlim_t(bytes + 400 << 20), rlim_max: rlim_t(bytes + 400 << 20))
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      let team = ThreadTeam(1000)
      #expect((2..<500).contains(team.count), "\(team.count)")
      limit.rlim_cur = 0
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      #expect(ThreadTeam(4).count == 1, "the caller's thread is there in any case")
    }
  }
}
