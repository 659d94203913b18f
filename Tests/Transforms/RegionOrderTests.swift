import FraguaTransforms
import TestSupport
import Testing

/// The order of regions against a search of all paths.
@Suite struct RegionOrderTests {
  @Test(arguments: UInt64(0)..<200)
  func agreesWithASearchOfAllPaths(_ seed: UInt64) {
    var random = RandomSource(seed: seed)
    var order = RegionOrder()
    var edges: [Set<Int>] = []  // for each region, those that need it
    var live: [Int] = []
    func reaches(_ a: Int, _ b: Int) -> Bool {
      var (stack, seen) = ([a], Set([a]))
      while let next = stack.popLast() {
        if next == b { return true }
        for follower in edges[next] where seen.insert(follower).inserted { stack.append(follower) }
      }
      return false
    }
    var (added, merged) = (0, 0)
    for _ in 0..<300 {
      switch random.int(0...9) {
      case 0...2:
        live.append(order.append())
        edges.append([])
      case 3...8 where live.count > 1:
        let (a, b) = (random.pick(live), random.pick(live))
        #expect(order.depends(b, on: a) == reaches(a, b))
        if a == b || reaches(b, a) { continue }
        order.addEdge(from: a, to: b)
        edges[a].insert(b)
        added += 1
      default:
        guard live.count > 1 else { continue }
        let (other, into) = (random.pick(live), random.pick(live))
        // Legal where no path between the two goes by a third.
        let isLegal = { (a: Int, b: Int) in !edges[a].contains { $0 != b && reaches($0, b) } }
        guard other != into, isLegal(other, into), isLegal(into, other) else { continue }
        order.merge(other, into: into)
        for region in live where edges[region].remove(other) != nil && region != into { edges[region].insert(into) }
        edges[into].formUnion(edges[other].subtracting([into]))
        edges[other] = []
        live.removeAll { $0 == other }
        merged += 1
      }
      for region in live {
        for follower in edges[region] { #expect(order.positions[region] < order.positions[follower]) }
      }
    }
    #expect(added > 20 && merged > 2)
  }
}
