import FraguaData
import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaSyntax
import FraguaTransforms
import TestSupport
import Testing

/// Fusion says about every edge what it does, once, and does what it says.
@Suite struct FusionDecisionTests {
  private static let files = [
    "perceptron", "student", "fashion", "bench/student", "bench/tiny-deep", "bench/mnist-mlp", "bench/wide-mlp",
    "bench/tanh-mlp", "bench/deep-1000",
  ]

  @Test(arguments: files) func everyEdgeOfTheGraphs(_ file: String) throws {
    let path = #filePath.replacing("Tests/Transforms/FusionDecisionTests.swift", with: "graphs/\(file).graph")
    let graph = try Parser.parse(try readSourceFile(path), vocabulary: .standard)
    let entries = graph.functions.map(\.name) + graph.gradients.map(\.name) + graph.trainings.map(\.name)
    for entry in entries {
      for batch in [1, 40] { try check(unfused(graph, entry, bind: ["B": batch]), "'@\(entry)' of \(file)") }
    }
  }

  @Test func everyEdgeOfRandomGraphs() throws {
    for seed in RandomCases.seeds("FRAGUA_RANDOM_GRAPHS", default: 200) {
      let sample = RandomGraph(seed: seed, size: Int(seed % 29) + 2)
      for entry in sample.entries {
        try check(unfused(sample.graph, entry), "seed \(seed) of RandomGraph, '@\(entry)'")
      }
    }
  }

  private func unfused(_ graph: Graph, _ entry: String, bind bindings: [String: Int] = [:]) throws -> Function {
    let passed = try Pipeline.standard.run(graph, after: lastPass, context(entry, bind: bindings)).0
    return try #require(passed.function(named: entry))
  }

  /// An edge, by the ids of its values.
  private struct Edge: Hashable {
    let producer: ValueID
    let consumer: ValueID
  }

  /// What a region computes and what it writes, by the names of values.
  private struct Contents {
    let computed: Set<String>
    let stored: Set<String>
  }

  /// Holds what `Fusion` says about `function` against what it makes of it.
  private func check(_ function: Function, _ what: String) throws {
    var function = function
    for node in function.nodes { for result in node.results { function.valueNames[result.id] = "value\(result.id)" } }
    for target in [Target(.avx512), Target(.scalar)] {
      let fused = Fusion.fuse(function, target: target)
      let regions = fused.nodes.compactMap { node -> Contents? in
        guard case .fused(_, let region) = node.kind else { return nil }
        let names = { (values: [Value]) in Set(values.map { region.function.valueNames[$0.id] ?? "" }) }
        return Contents(
          computed: names(region.function.nodes.flatMap(\.results)), stored: names(region.function.results))
      }
      let decisions = Fusion.decisions(function, target: target)
      #expect(decisions.map { Edge(producer: $0.producer.id, consumer: $0.consumer.id) } == edges(function), "\(what)")
      for decision in decisions {
        let violation = violation(decision, regions)
        #expect(violation == nil, "\(what), value\(decision.producer.id) -> value\(decision.consumer.id)")
      }
    }
  }

  /// The pairs of a node and a value that another node computes and it uses.
  private func edges(_ function: Function) -> [Edge] {
    let computed = Set(function.nodes.flatMap(\.results).map(\.id))
    var edges: [Edge] = []
    for node in function.nodes {
      var own: [ValueID] = []
      for operand in node.operands where computed.contains(operand.id) && !own.contains(operand.id) {
        own.append(operand.id)
      }
      edges += own.map { Edge(producer: $0, consumer: node.results[0].id) }
    }
    return edges
  }

  /// What of `decision` is not so in `regions`.
  private func violation(_ decision: FusionDecision, _ regions: [Contents]) -> String? {
    let (producer, consumer) = ("value\(decision.producer.id)", "value\(decision.consumer.id)")
    let size = decision.producer.type.byteCount
    let readers = regions.filter { $0.computed.contains(consumer) }
    let isInside = !readers.isEmpty && readers.allSatisfy { $0.computed.contains(producer) }
    let isStored = regions.contains { $0.stored.contains(producer) }
    switch decision.verdict {
    case .fused:
      // A sum beside a product shares what the product reads.
      let isShared = decision.reason.hasPrefix("the sum runs beside the product") && isStored
      if !isInside && !isShared { return "is not in one region" }
      return decision.bytes == (isStored ? size : 2 * size) ? nil : "saves other bytes"
    case .notFused:
      // A reshape of what is in memory is in no region.
      let isComputed = regions.contains { $0.computed.contains(producer) }
      // What a table is a view of may be computed again for another use in the region.
      let isTable = decision.reason.hasPrefix("it is read at places that are known only")
      // Another name of what is stored may be copied into regions besides.
      let isName = decision.reason.hasPrefix("it is read in another shape")
      if (isInside && !isTable || isStored != isComputed) && !isName { return "is in one region" }
      return decision.bytes == (readers.isEmpty ? 0 : size) ? nil : "moves other bytes"
    case .computedAgain:
      if !isInside { return "is not computed again" }
      return decision.bytes == size && decision.reason.isEmpty ? nil : "has other bytes"
    }
  }
}
