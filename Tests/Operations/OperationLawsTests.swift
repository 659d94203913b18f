import FraguaGraph
import FraguaOperations
import FraguaTensors
import TestSupport
import Testing

/// What holds for every operation, tested on all of its examples.
@Suite struct OperationLawsTests {
  /// How far results in f32 may be from the oracle, which rounds once: some roundings of up to 33 terms.
  static let floatTolerance = 4e-6
  /// The same for f64, where the normal distribution is computed in f32.
  static let doubleTolerance = 1e-13
  /// How far a derivative in f64 may be from central differences with a step of 1e-5: step² from the third derivative,
  /// and 1e-16/step from rounding.
  static let differenceTolerance = 1e-7

  @Test(arguments: LawCase.all)
  func inferredTypeIsEvaluatedType(_ test: LawCase) throws {
    let attributes = try test.attributes
    let types = try test.operation.inferTypes(test.example.operands, attributes)
    #expect(test.operation.evaluate(test.operands, attributes).map(\.type) == types)
  }

  @Test(arguments: LawCase.all)
  func roleIsOracle(_ test: LawCase) throws {
    guard let primitive = test.operation as? any PrimitiveOperation else { return }
    let attributes = try test.attributes
    let types = try primitive.inferTypes(test.example.operands, attributes)
    let role = primitive.role(test.example.operands, types, attributes)
    let actual = RoleEvaluator.evaluate(role, test.operands, types[0])
    let expected = primitive.evaluate(test.operands, attributes)[0]
    #expect(actual.type == expected.type)
    #expect(relativeError(actual, expected) <= tolerance(test, expected.element))
  }

  @Test(arguments: LawCase.all)
  func decompositionIsOracle(_ test: LawCase) throws {
    guard test.operation is any CompositeOperation else { return }
    let function = decomposed(try test.function())
    let expected = test.operation.evaluate(test.operands, try test.attributes)
    #expect(function.results.map(\.type) == expected.map(\.type))
    for (actual, expected) in zip(run(function, test.operands), expected) {
      #expect(actual.type == expected.type)
      #expect(relativeError(actual, expected) <= tolerance(test, expected.element))
    }
  }

  @Test(arguments: LawCase.all)
  func derivativeIsCentralDifference(_ test: LawCase) throws {
    let double = test.inDouble
    guard test.example.checksDerivative, let loss = weighted(try double.function(), seed: 7) else { return }
    let first = gradient(of: loss)
    let expected = centralDifferences(loss, double.operands)
    for (actual, expected) in zip(run(first, double.operands), expected) {
      #expect(relativeError(actual, expected) <= Self.differenceTolerance)
    }
    // To second order: the derivative of a weighted sum of the derivative.
    guard let bent = weighted(first, seed: 11) else { return }
    let differences = centralDifferences(bent, double.operands)
    for (actual, expected) in zip(run(gradient(of: bent), double.operands), differences) {
      #expect(relativeError(actual, expected) <= Self.differenceTolerance)
    }
  }

  @Test(arguments: LawCase.all)
  func derivativeIsThatOfTheDecomposition(_ test: LawCase) throws {
    let double = test.inDouble
    guard test.operation is any CompositeOperation, test.example.checksDerivative,
      let loss = weighted(try double.function(), seed: 7)
    else { return }
    let own = run(gradient(of: loss), double.operands)
    for (actual, expected) in zip(own, run(gradient(of: decomposed(loss)), double.operands)) {
      #expect(relativeError(actual, expected) <= Self.doubleTolerance)
    }
  }

  /// Derivatives are what their decompositions give at every example, kinks and extremes included, in its own types.
  @Test(arguments: LawCase.all)
  func derivativeDecomposes(_ test: LawCase) throws {
    guard let loss = weighted(try test.function(), seed: 7) else { return }
    let derivative = gradient(of: loss)
    let whole = run(derivative, test.operands)
    for (actual, expected) in zip(run(decomposed(derivative), test.operands), whole) {
      #expect(relativeError(actual, expected) <= 10 * Self.floatTolerance)
    }
  }

  @Test(arguments: OperationTable.standard.all.map(\.name))
  func isDocumented(_ name: String) throws {
    let operation = try #require(OperationTable.standard[name])
    let documentation = operation.documentation
    #expect(!documentation.summary.isEmpty && documentation.summary.hasSuffix("."))
    #expect(!documentation.details.isEmpty && !documentation.group.isEmpty)
    #expect(documentation.example.contains("= \(name)"))
    #expect(operation.schema.allSatisfy { !$0.summary.isEmpty })
    #expect(operation.examples.count >= 2)
    #expect(
      operation is any PrimitiveOperation || operation is any CompositeOperation || operation is any ModalOperation)
  }

  /// The tolerance for results with elements of type `element`.
  private func tolerance(_ test: LawCase, _ element: ElementType) -> Double {
    // erfinv is computed in f32 for both, with Giles' polynomials.
    if test.operation is RandomNormalOperation { return 2e-6 }
    switch element {
    case .f32: return Self.floatTolerance
    case .f64: return Self.doubleTolerance
    default: return 0
    }
  }
}
