import Foundation
import FraguaRuntime
import FraguaSource
import Testing

@Suite struct ThreadTeamTests {
  @Test func teamsStartAndStop() throws {
    for round in 0..<50 { #expect(try ThreadTeam(round % 4 + 1).count == round % 4 + 1) }
  }

  /// Where there is no memory for more stacks, a team is refused with the facts, and what was started ends.
  @Test func aThreadTheSystemRefusesIsAnError() async {
    await #expect(processExitsWith: .success) {
      /// A number of the kernel's about this process.
      func status(_ field: String) throws -> Int {
        let text = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = try #require(text.split(separator: "\n").first { $0.hasPrefix(field + ":") })
        return try #require(Int(line.split(whereSeparator: \.isWhitespace)[1]))
      }
      let before = try status("Threads")
      // Less than a half of what the stacks of the team take; the C library reserves memory for each thread beside
      // them.
      let stackBytes = 8 << 20
      var limit = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_STACK.rawValue), &limit)
      limit.rlim_cur = rlim_t(try status("VmSize") * 1024 + 400 * stackBytes)
      limit.rlim_max = limit.rlim_cur
      #expect(setrlimit(__rlimit_resource_t(RLIMIT_AS.rawValue), &limit) == 0)
      let error = #expect(throws: Diagnostic.self) { try ThreadTeam(1000) }
      #expect(error?.message == "the system refuses a thread: resource temporarily unavailable")
      let note = try #require(error?.notes.first?.message)
      let started = try #require(note.firstMatch(of: /^there are ([0-9]+) of 1000 threads; '--threads ([0-9]+)'/))
      let count = try #require(Int(started.1))
      #expect((50..<450).contains(count) && Int(started.2) == count / 2, "\(count)")
      // A joined thread may be counted a moment longer; those that serve this test come and go.
      for _ in 0..<100 where try status("Threads") > before + 10 { usleep(10_000) }
      #expect(try status("Threads") <= before + 10)
      #expect(try ThreadTeam(2).count == 2)
    }
  }
}
