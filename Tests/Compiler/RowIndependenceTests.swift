import FraguaCodeGen
import FraguaCompiler
import FraguaData
import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaRuntime
import FraguaScheduling
import FraguaSource
import FraguaSyntax
import FraguaTensors
import FraguaTransforms
import TestSupport
import Testing

/// What a function computes for a row has the same bits however many rows there are.
///
/// More random nets than `make test` runs, and from which seed on:
/// ```
/// FRAGUA_RANDOM_ROWS=50000 FRAGUA_RANDOM_SEED=1000 swift test -c release --skip-build --filter rowsOfRandomNets
/// ```
@Suite struct RowIndependenceTests {
  /// Sizes of batches on both sides of the widths of vectors, tiles and parts.
  static let batches = [1, 2, 3, 7, 8, 16, 17, 31, 33, 64, 130]

  /// The functions of the graphs that people run, with what their rows are drawn from.
  @Test(arguments: GraphFiles.all, GraphComparison.instructionSets)
  func rowsOfGraphFilesAreIndependent(_ path: String, _ set: Target.InstructionSet) throws {
    let graph = try GraphFiles.parse(path)
    var tested = 0
    for function in graph.functions where function.updates.isEmpty && graph.batchSymbol(of: function.name) != nil {
      let threads = set == Processor.hostInstructionSet ? [1, 4] : [1]
      let count = try Self.check(graph, function.name, set, threads: threads)
      tested += count
      if function.name == "predict" { #expect(count > 0, "'@predict' of \(path) has rows") }
    }
    #expect(tested > 0, "\(path) has a function of rows")
  }

  /// The large ones, at fewer sizes.
  @Test(arguments: GraphFiles.large) func rowsOfLargeGraphFilesAreIndependent(_ path: String) throws {
    let graph = try GraphFiles.parse(path)
    #expect(try Self.check(graph, "predict", Processor.hostInstructionSet, threads: [2], [1, 7, 33]) > 0)
  }

  /// The results of random nets, in turn for each instruction set.
  @Test func rowsOfRandomNetsAreIndependent() throws {
    let seeds = RandomCases.seeds("FRAGUA_RANDOM_ROWS", default: 40)
    var (nets, results) = (0, 0)
    for seed in seeds {
      let net = RandomNet(seed: seed)
      RandomCases.note(seed: seed, Array(net.text.utf8))
      let graph = try parsed(net.text)
      guard graph.batchSymbol(of: "net") != nil else { continue }
      let set = GraphComparison.instructionSets[Int(seed) % GraphComparison.instructionSets.count]
      let count = try Self.check(
        graph, "net", set, threads: [Int(seed % 2) + 1], [1, 2, 3, 8, 17, 33], of: "seed \(seed)")
      nets += 1
      results += count
    }
    print("RowIndependenceTests: \(results) results with rows of \(nets) nets from seed \(seeds.lowerBound)")
    #expect(results >= nets / 4, "random nets have rows")
  }

  /// Every operation at every example whose first axis can be a batch, and the sensitivity of its sum.
  @Test func rowsOfOperationsAreIndependent() throws {
    var tested: Set<String> = []
    for test in LawCase.all {
      guard let graph = Self.batched(test) else { continue }
      if try Self.check(graph, "f", Processor.hostInstructionSet, threads: [1], Self.batches.suffix(7)) > 0 {
        tested.insert(test.operation.name)
      }
    }
    print("RowIndependenceTests: rows of \(tested.count) operations of \(OperationTable.standard.all.count)")
    #expect(tested.count > OperationTable.standard.all.count / 2, "\(tested.sorted())")
    #expect(
      tested.isSuperset(of: ["dense", "matmul", "dot_general", "softmax", "reduce_sum", "softmax_cross_entropy"]))
  }

  /// Products that run along k, and sums that are no multiple of anything, row by row.
  @Test(arguments: GraphComparison.instructionSets)
  func rowsOfProductsAndSumsAreIndependent(_ set: Target.InstructionSet) throws {
    let graph = try parsed(
      """
      graph @rows version 1
      param @one: tensor<784x1xf32> = normal(stddev = 0.05)
      param @many: tensor<64x784xf32> = normal(stddev = 0.05)
      param @long: tensor<5000x3xf32> = normal(stddev = 0.05)
      func @column(%x: tensor<Bx784xf32>) {
        %p = dot_general %x, @one {lhs_contracting = [1], rhs_contracting = [0]}
        return %p
      }
      func @across(%x: tensor<Bx784xf32>) {
        %p = dot_general %x, @many {lhs_contracting = [1], rhs_contracting = [1]}
        return %p
      }
      func @deep(%x: tensor<Bx5000xf32>) {
        %p = dot_general %x, @long {lhs_contracting = [1], rhs_contracting = [0]}
        %s = reduce_sum %x {axes = [1]}
        return %p, %s
      }
      func @planes(%x: tensor<Bx7x5x3xf32>) {
        %s = reduce_sum %x {axes = [1, 3]}
        %m = reduce_mean %x {axes = [1, 2, 3]}
        return %s, %m
      }
      func @own(%x: tensor<Bx40xf32>, %y: tensor<Bx40xf32>) {
        %p = dot_general %x, %y {lhs_batch = [0], rhs_batch = [0], lhs_contracting = [1], rhs_contracting = [1]}
        return %p
      }
      """)
    for function in graph.functions {
      #expect(try Self.check(graph, function.name, set, threads: [1, 2]) > 0, "'@\(function.name)'")
    }
  }

  // MARK: The law

  /// Checks the rows of `entry` at all sizes against those at the largest.
  /// - Parameter origin: where the graph comes from, for what is said of a failure.
  /// - Returns: how many results have rows.
  static func check(
    _ graph: Graph, _ entry: String, _ set: Target.InstructionSet, threads: [Int],
    _ batches: some Sequence<Int> = batches, of origin: String = ""
  ) throws -> Int {
    let symbol = try #require(graph.batchSymbol(of: entry))
    let most = try #require(batches.map { $0 }.max())
    var rowAxes: [Int?] = []
    var whole: [Tensor] = []
    for batch in batches.sorted(by: >) {
      for count in threads {
        let options = CompilerOptions(
          bindings: [symbol: batch], backend: LLVMBackend(Processor(emulating: set)), threads: count,
          vocabulary: .standard)
        if whole.isEmpty {
          let passed = try Compiler.transform(graph, entry: entry, after: "dead-code", options).graph
          let function = try #require(passed.function(named: entry))
          let analysis = RowAnalysis(function, symbol: symbol)
          rowAxes = function.results.map { if case .axis(let axis) = analysis.rows(of: $0) { axis } else { nil } }
          if rowAxes.allSatisfy({ $0 == nil }) { return 0 }
        }
        let results = try run(graph, entry, symbol, batch, options)
        if whole.isEmpty { whole = results }
        for (number, axis) in rowAxes.enumerated() {
          guard let axis else { continue }
          let expected = whole[number].firstRows(batch, along: axis, of: most)
          let difference = results[number].firstDifference(from: expected)
          #expect(difference == nil, "\(origin) '@\(entry)', \(set), \(batch) rows, \(count) threads, result \(number)")
        }
      }
    }
    return rowAxes.count { $0 != nil }
  }

  private static func run(
    _ graph: Graph, _ entry: String, _ symbol: String, _ batch: Int, _ options: CompilerOptions
  ) throws -> [Tensor] {
    let function = try #require(graph.rootFunction(of: entry))
    let arguments = function.arguments.map { argument -> Tensor in
      let extents = argument.type.shape.map { $0 == .symbol(symbol) ? batch : $0.fixedValue ?? 3 }
      return Tensor(TensorType(extents, argument.type.element), rounding: values(extents, argument.type.element))
    }
    let compiled = try Compiler.compile(graph, entry: entry, options)
    let store = ParameterStore()
    for parameter in graph.parameters {
      let count = parameter.type.elementCount
      store[parameter.name] =
        parameter.name == "rng"
        ? Tensor([2], [Int64(5), 7])
        : Tensor(parameter.type, rounding: (0..<count).map { Double($0 * 53 % 97) / 64 - 0.7 })
    }
    return try compiled.run(arguments, store)
  }

  /// The same elements for a row whatever the batch.
  private static func values(_ extents: [Int], _ element: ElementType) -> [Double] {
    let count = extents.reduce(1, *)
    if !element.isFloat { return (0..<count).map { Double($0 * 7 % 3) } }
    return (0..<count).map { Double($0 * 37 % 1009) / 256 - 1.9 }
  }

  /// The example's function with its first axis as the symbol B in every operand that has as long a first one; `nil`
  /// where that does not type.
  private static func batched(_ test: LawCase) -> Graph? {
    guard !(test.operation is any RandomOperation), let extent = test.example.operands.first?.shape.first else {
      return nil
    }
    var builder = FunctionBuilder(name: "f")
    let operands = test.example.operands.enumerated().map { number, type in
      var shape = type.shape
      if shape.first == extent, type.rank > 1 || test.example.operands.count == 1 || type == test.example.operands[0] {
        shape[0] = .symbol("B")
      }
      return builder.argument("x\(number)", TensorType(shape, type.element))
    }
    var attributes = test.example.attributes
    for (name, attribute) in attributes {
      guard case .type(var type) = attribute, type.shape.first == extent else { continue }
      type.shape[0] = .symbol("B")
      attributes[name] = .type(type)
    }
    guard let results = try? builder.apply(test.operation, operands, attributes) else { return nil }
    builder.setResults(results)
    return Graph(name: "law", functions: [builder.function])
  }
}

extension Tensor {
  /// The first `count` of the `most` rows along `axis`.
  fileprivate func firstRows(_ count: Int, along axis: Int, of most: Int) -> Tensor {
    precondition(extents[axis] == most, "all rows are there")
    var extents = extents
    extents[axis] = count
    let strides = rowMajorStrides(self.extents)
    let elements = linearIndices(extents, strides: strides).map { self[$0] }
    return Tensor(TensorType(extents, element)) { elements[$0] }
  }
}

/// The graph files that people run.
enum GraphFiles {
  /// Their paths from the project's folder.
  static let all = [
    "graphs/student.graph", "graphs/perceptron.graph", "graphs/fashion.graph", "graphs/bench/student.graph",
    "graphs/bench/tiny-deep.graph", "graphs/bench/mnist-mlp.graph", "graphs/bench/tanh-mlp.graph",
  ]

  /// The paths of those that take long to compile.
  static let large = ["graphs/bench/wide-mlp.graph", "graphs/bench/deep-1000.graph"]

  /// The graph at `path`.
  static func parse(_ path: String) throws -> Graph {
    let file = #filePath.replacing("Tests/Compiler/RowIndependenceTests.swift", with: path)
    return try Parser.parse(try readSourceFile(file), vocabulary: .standard)
  }
}
