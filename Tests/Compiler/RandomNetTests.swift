import FraguaCompiler
import FraguaGraph
import FraguaSource
import FraguaTensors
import TestSupport
import Testing

/// Random models with their gradients and trainings through the whole compiler.
///
/// More than `make test` runs, and from which seed on:
/// ```
/// FRAGUA_RANDOM_NETS=50000 FRAGUA_RANDOM_SEED=1000 swift test -c release --skip-build --filter RandomNetTests
/// ```
@Suite struct RandomNetTests {
  @Test func stagesAgree() throws {
    let seeds = RandomCases.seeds("FRAGUA_RANDOM_NETS", default: 60)
    var counts = StochasticOracle.Counts()
    var (failures, lanes) = (0, 0)
    let clock = ContinuousClock()
    let start = clock.now
    for seed in seeds {
      let net = RandomNet(seed: seed)
      RandomCases.note(seed: seed, Array(net.text.utf8))
      for entry in net.entries {
        do {
          if try check(net, entry, &counts) { lanes += 1 }
        } catch {
          failures += 1
          Issue.record("seed \(seed) of RandomNet, '@\(entry)': \(words(error))\n\(net.text)")
        }
      }
      if failures >= 10 { break }
      if seed % 5000 == 4999 { print("RandomNetTests: through seed \(seed) after \(clock.now - start)") }
    }
    print(
      "RandomNetTests: \(seeds.count) nets from seed \(seeds.lowerBound) in \(clock.now - start); \(counts.functions) "
        + "functions, \(lanes) of them of the form lanes, \(counts.elements) elements")
    #expect(lanes > counts.functions / 50, "nets reach the form lanes")
  }

  /// Seeds that showed faults once: reads behind the end of a vector that was cut or padded along lanes (18, 46), rows
  /// of lanes that moved against each other (223), regions that waited for each other (1323).
  @Test(arguments: [UInt64(18), 46, 223, 1323]) func compilesWhatItOnceDidNot(_ seed: UInt64) throws {
    let net = RandomNet(seed: seed)
    var counts = StochasticOracle.Counts()
    for entry in net.entries { _ = try check(net, entry, &counts) }
  }

  /// Compares all stages of `entry`, with one instruction set after the other from seed to seed.
  /// - Returns: whether it is of the form lanes.
  private func check(
    _ net: RandomNet, _ entry: String, _ counts: inout StochasticOracle.Counts
  ) throws -> Bool {
    let graph = try parsed(net.text)
    var random = RandomSource(seed: net.seed)
    let function = try #require(graph.rootFunction(of: entry))
    let arguments = function.arguments.map { argument in
      let extents = argument.type.shape.map { $0.fixedValue ?? net.bindings["B"]! }
      let count = extents.reduce(1, *)
      let isFloat = argument.type.element.isFloat
      return Tensor(
        TensorType(extents, argument.type.element),
        rounding: (0..<count).map { _ in
          isFloat ? Double.random(in: -1.5...1.5, using: &random) : Double(random.int(0...1))
        })
    }
    var parameters: [String: Tensor] = [:]
    let options = CompilerOptions(bindings: net.bindings, vocabulary: .standard)
    for parameter in try Compiler.transform(graph, entry: entry, after: "dead-code", options).graph.parameters {
      let isSlot = parameter.name.hasPrefix("fit.")
      let values = (0..<parameter.type.elementCount).map { _ in
        isSlot ? 0.01 : Double.random(in: -1...1, using: &random)
      }
      parameters[parameter.name] = Tensor(parameter.type, rounding: values)
    }
    let comparison = try GraphComparison(
      graph, entry: entry, arguments, parameters, seed: net.seed, bindings: net.bindings)
    let sets = GraphComparison.instructionSets
    let set = sets[Int(net.seed) % sets.count]
    let runs = try comparison.checkPlanned(set, &counts)
    if net.seed % 3 == 0 {
      try comparison.checkDump(set, runs)
    } else if net.seed % 3 == 1 {
      try comparison.checkScheduled(set, runs)
    } else {
      try comparison.checkRandomSchedule(set, runs)
    }
    return runs.program.kernels.contains { $0.form == .lanes }
  }

  /// What an error says.
  private func words(_ error: any Error) -> String {
    switch error {
    case let errors as Diagnostics: errors.all.map { $0.rendered() }.joined(separator: "\n")
    case let error as Diagnostic: error.rendered()
    default: "\(error)"
    }
  }
}
