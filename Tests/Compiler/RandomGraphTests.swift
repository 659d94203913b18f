import FraguaCompiler
import FraguaSource
import FraguaSyntax
import FraguaTensors
import TestSupport
import Testing

/// Random graphs through the whole compiler: every stage agrees with the one before, down to machine code.
///
/// More than `make test` runs, and from which seed on:
/// ```
/// FRAGUA_RANDOM_GRAPHS=50000 FRAGUA_RANDOM_SEED=1000 swift test -c release --skip-build --filter RandomGraphTests
/// ```
/// The first 40 seeds are compared in every way there is. The others take turns: one function of each seed's graph is
/// compiled for one instruction set, as the compiler schedules it or under a random schedule, for 1, 2 and 4 threads.
/// From seed 10 000 on machine code, which takes three quarters of the time, is made of every fourth eight of them; the
/// others end with the kernel interpreter.
@Suite struct RandomGraphTests {
  /// The most that the mean function may have of elements of which rounding leaves nothing to compare, or the test
  /// would show nothing. Functions count alike: one of thousands of elements would outweigh all others.
  static let mostUndetermined = 0.02

  @Test func stagesAgree() throws {
    try checkStages(RandomCases.seeds("FRAGUA_RANDOM_GRAPHS", default: 300), rearranges: false)
  }

  /// The same with chains of reshapes and transposes between; `FRAGUA_REARRANGED_GRAPHS` says how many.
  @Test func rearrangedStagesAgree() throws {
    try checkStages(RandomCases.seeds("FRAGUA_REARRANGED_GRAPHS", default: 200), rearranges: true)
  }

  private func checkStages(_ seeds: Range<UInt64>, rearranges: Bool) throws {
    var counts = StochasticOracle.Counts()
    var failures = 0
    let clock = ContinuousClock()
    let start = clock.now
    for seed in seeds {
      RandomCases.note(seed: seed)
      let sample = RandomGraph(seed: seed, size: Int(seed % 17) + 2, rearranges: rearranges)
      let isThorough = seed < 40
      let entries = isThorough ? sample.entries : [sample.entries[Int(seed / 6) % sample.entries.count]]
      for entry in entries {
        do {
          try check(sample, entry, isThorough: isThorough, &counts)
        } catch {
          failures += 1
          Issue.record(
            "seed \(seed) of RandomGraph\(rearranges ? ", rearranged" : ""), '@\(entry)': \(Self.words(error))\n\(GraphPrinter.print(sample.graph))"
          )
        }
      }
      if failures >= 20 { break }
      if seed % 5000 == 4999 { print("RandomGraphTests: through seed \(seed) after \(clock.now - start)") }
    }
    print(
      "RandomGraphTests: \(seeds.count) graphs from seed \(seeds.lowerBound) in \(clock.now - start); "
        + "\(counts.elements) elements, \(counts.equal) as the oracle rounds them, \(counts.undetermined) undetermined, "
        + "a share of \(counts.undeterminedShares / Double(max(counts.functions, 1))) of the mean function")
    #expect(counts.undeterminedShares <= Self.mostUndetermined * Double(counts.functions))
  }

  /// Seeds whose graphs could not be compiled once: views that were stored besides being copied made regions wait for
  /// each other, a network of lanes read a reshaped parameter row by row, and one that was just small enough was too
  /// large with what it updates.
  @Test(arguments: [UInt64(331_231), 331_429, 343_563, 401_493, 426_791, 22_156])
  func compilesWhatItOnceDidNot(_ seed: UInt64) throws {
    let sample = RandomGraph(seed: seed, size: Int(seed % 17) + 2)
    var counts = StochasticOracle.Counts()
    for entry in sample.entries { try check(sample, entry, isThorough: true, &counts) }
  }

  /// The verifier could not prove one of two conditions on the same coordinates: a padded reshape of what is padded.
  @Test func compilesPaddedReshapesOfPadded() throws {
    let sample = RandomGraph(seed: 138, size: Int(138 % 17) + 2, rearranges: true)
    var counts = StochasticOracle.Counts()
    for entry in sample.entries { try check(sample, entry, isThorough: true, &counts) }
  }

  private func check(
    _ sample: RandomGraph, _ entry: String, isThorough: Bool, _ counts: inout StochasticOracle.Counts
  ) throws {
    let comparison = try GraphComparison(
      sample.graph, entry: entry, sample.arguments(of: entry), sample.parameters, seed: sample.seed)
    try comparison.checkOptimization()
    let sets = GraphComparison.instructionSets
    guard isThorough else {
      // A rotation in which every instruction set meets both kinds of schedule.
      let set = sets[Int(sample.seed / 2) % sets.count]
      let runs = try comparison.checkPlanned(set, &counts)
      if sample.seed >= 10_000, sample.seed / 8 % 4 != 0 { return }
      if sample.seed % 2 == 0 {
        try comparison.checkScheduled(set, runs)
      } else {
        try comparison.checkRandomSchedule(set, runs)
      }
      return
    }
    var first: ProgramRuns?
    for set in sets {
      let runs = try comparison.checkPlanned(set, &counts)
      try comparison.checkDump(set, runs)
      try comparison.checkCompiled(set == sets[0] ? nil : set, runs)
      try comparison.checkRandomSchedule(set, runs)
      if let first, let difference = ProgramRuns.difference(first.outcomes, runs.outcomes) {
        throw GraphComparison.Mismatch(description: "\(sets[0]) and \(set): \(difference)")
      }
      first = first ?? runs
    }
  }

  /// What an error says.
  private static func words(_ error: any Error) -> String {
    switch error {
    case let errors as Diagnostics: errors.all.map { $0.rendered() }.joined(separator: "\n")
    case let error as Diagnostic: error.rendered()
    default: "\(error)"
    }
  }
}
