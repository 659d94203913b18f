import FraguaData
import FraguaTensors
import Testing

@Suite struct PhiloxTests {
  @Test func random123Vectors() {
    #expect(Philox.words(counter: (0, 0, 0, 0), key: (0, 0)) == (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
    let ones = UInt32.max
    #expect(
      Philox.words(counter: (ones, ones, ones, ones), key: (ones, ones))
        == (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
    #expect(
      Philox.words(counter: (0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), key: (0xa409_3822, 0x299f_31d0))
        == (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1))
  }

  /// The definition in the comment of `shuffledRows`, written again in another way.
  @Test(arguments: [0, 1, 2, 3, 5, 64, 1000]) func shuffleFollowsItsDefinition(count: Int) {
    let seed: UInt64 = 0x1234_5678_9abc_def0
    let epoch: UInt64 = 0x1_0000_0007
    var words = [UInt64]()
    for block in 0..<UInt32(count + 8) {
      let four = Philox.words(counter: (block, 7, 1, 0x7368_7566), key: (0x9abc_def0, 0x1234_5678))
      words += [four.0, four.1, four.2, four.3].map(UInt64.init)
    }
    var next = words.makeIterator()
    var expected = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) {
      let n = UInt64(i + 1)
      var w = next.next()!
      while (w * n) % (1 << 32) < (1 << 32) % n { w = next.next()! }
      expected.swapAt(i, Int((w * n) >> 32))
    }
    let isEqual = shuffledRows(count, seed: seed, epoch: epoch) == expected
    #expect(isEqual)
    let isPermutation = expected.sorted() == Array(0..<count)
    #expect(isPermutation)
  }

  /// The bits are promised: a change of these numbers is a change of every training run.
  @Test func shuffleBits() {
    #expect(shuffledRows(10, seed: 1, epoch: 0) == shuffleOfTen)
    #expect(shuffledRows(10, seed: 1, epoch: 1) != shuffleOfTen)
    #expect(shuffledRows(10, seed: 2, epoch: 0) != shuffleOfTen)
  }

  /// Computed once by an implementation in Python of the same definition.
  private let shuffleOfTen = [1, 5, 9, 6, 0, 8, 3, 7, 4, 2]

  @Test func shuffleIsUnbiased() {
    // 24 permutations of 4 rows, 24 000 draws: each about 1000 times, with a standard deviation of 31.
    var counts = [[Int]: Int]()
    for epoch in 0..<24_000 { counts[shuffledRows(4, seed: 42, epoch: UInt64(epoch)), default: 0] += 1 }
    #expect(counts.count == 24)
    #expect(counts.values.allSatisfy { abs($0 - 1000) < 155 })
  }
}
