import FraguaRuntime
import Testing

@Suite struct ThreadTeamTests {
  @Test func teamsStartAndStop() {
    for round in 0..<50 { #expect(ThreadTeam(round % 4 + 1).count == round % 4 + 1) }
  }
}
