import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaLowering
import FraguaTransforms
import TestSupport
import Testing

/// What fusion calls a region is what its kernel is.
@Suite struct RegionFormTests {
  @Test(arguments: GraphFiles.all) func ofGraphFiles(_ path: String) throws {
    let graph = try GraphFiles.parse(path)
    let names = graph.functions.map(\.name) + graph.gradients.map(\.name) + graph.trainings.map(\.name)
    for name in names { try Self.check(graph, name, Set(names.compactMap { graph.batchSymbol(of: $0) })) }
  }

  @Test func ofRandomNets() throws {
    var forms: Set<Kernel.Form> = []
    for seed in RandomCases.seeds("FRAGUA_RANDOM_NETS", default: 100) {
      let net = RandomNet(seed: seed)
      let graph = try parsed(net.text)
      for entry in net.entries { forms.formUnion(try Self.check(graph, entry, Set(net.bindings.keys))) }
    }
    #expect(forms == Set(Kernel.Form.allCases))
  }

  /// Compares the forms of the regions of `entry` with those of its kernels.
  @discardableResult
  private static func check(_ graph: Graph, _ entry: String, _ symbols: Set<String>) throws -> Set<Kernel.Form> {
    let bindings = Dictionary(uniqueKeysWithValues: symbols.map { ($0, 32) })
    let options = CompilerOptions(bindings: bindings, vocabulary: .standard)
    let fused = try Compiler.transform(graph, entry: entry, after: "fuse", options).graph
    let function = try #require(fused.function(named: entry))
    var forms: [String: String] = [:]
    for node in function.nodes {
      if case .fused(let name, _) = node.kind { forms[name] = node.attributes.keyword("form") }
    }
    let program = try Lowering.lower(function)
    for call in program.calls where forms[call.name] != nil {
      #expect(forms[call.name] == program.kernel(of: call).form.rawValue, "@\(call.name) of @\(entry)")
    }
    return Set(forms.values.compactMap(Kernel.Form.init))
  }
}
