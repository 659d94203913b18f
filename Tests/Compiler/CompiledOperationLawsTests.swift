import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaTensors
import TestSupport
import Testing

/// What holds for every operation of the standard table and every example of it, through the whole compiler.
@Suite struct CompiledOperationLawsTests {
  /// How far compiled results in f32 may be from the oracle, which rounds once: some roundings of up to 33 terms.
  static let floatTolerance = 4e-6
  /// The same for f64, of up to 33 terms.
  static let doubleTolerance = 1e-13
  /// The same for random normal numbers, which are computed in f32 with Giles' polynomials.
  static let normalTolerance = 2e-6
  /// How much further derivatives may be: they apply several operations one after the other.
  static let derivativeFactor = 10.0

  /// Compiled for every instruction set, the operation computes what its oracle does.
  @Test(arguments: LawCase.all)
  func compiledIsOracle(_ test: LawCase) throws {
    let graph = try test.graph()
    let expected = test.operation.evaluate(test.operands, try test.attributes)
    for set in GraphComparison.instructionSets {
      let actual = try compiledResults(graph, "f", test.arguments, parameters: test.parameters, set)
      #expect(actual.map(\.type) == expected.map(\.type))
      for (a, b) in zip(actual, expected) { #expect(relativeError(a, b) <= tolerance(test, b.element), "\(set)") }
    }
  }

  /// The first derivative, compiled, is what the graph interpreter makes of it before composites are decomposed.
  @Test(arguments: LawCase.all)
  func compiledDerivativeIsOracle(_ test: LawCase) throws {
    let graph = try test.graph()
    guard !graph.gradients.isEmpty else { return }
    let options = CompilerOptions(mode: .inference, vocabulary: .standard)
    let whole = try Compiler.transform(graph, entry: "g", after: "differentiate", options).graph
    let expected = GraphInterpreter(whole).run("g", arguments: test.arguments, parameters: test.parameters).results
    for set in GraphComparison.instructionSets {
      let actual = try compiledResults(
        graph, "g", test.arguments, parameters: test.parameters, set, mode: .inference)
      #expect(actual.map(\.type) == expected.map(\.type))
      for (a, b) in zip(actual, expected) {
        #expect(relativeError(a, b) <= Self.derivativeFactor * tolerance(test, b.element), "\(set)")
      }
    }
  }

  /// The tolerance for results with elements of type `element`; integers and booleans are exact.
  private func tolerance(_ test: LawCase, _ element: ElementType) -> Double {
    if test.operation is RandomNormalOperation { return Self.normalTolerance }
    switch element {
    case .f32: return Self.floatTolerance
    case .f64: return Self.doubleTolerance
    default: return 0
    }
  }
}
