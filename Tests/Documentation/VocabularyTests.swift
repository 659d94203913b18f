import Fragua
import Testing

/// What `docs/adding-an-operation.md` says of an app's own operations, and `docs/architecture.md` of verification.
@Suite struct VocabularyTests {
  /// Three times each element, or what is claimed to be.
  private struct Triple: CompositeOperation {
    /// Whether the decomposition has another type than it says.
    var isBroken = false

    var name: String { "triple" }
    var operandRule: OperandRule { OperandRule(["x"]) }
    var schema: [AttributeSchema] { [] }
    var documentation: OperationDocumentation {
      OperationDocumentation("Three times each element.", group: "Own", example: "%y = triple %x", details: "3 x.")
    }
    var examples: [OperationExample] { [] }

    func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] { operands }

    func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
      [Tensor(operands[0].type, rounding: operands[0].doubles.map { 3 * $0 })]
    }

    func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
      isBroken ? [builder.reduceSum(operands[0], axes: [0])] : [builder.multiply(operands[0], 3)]
    }

    func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
      [builder.multiply(node.cotangent, 3)]
    }
  }

  private static let text = """
    graph @own version 1
    func @predict(%x: tensor<Bx2xf32>) {
      %t = triple %x
      %y = add %t, %x
      return %y
    }
    """

  /// The standard words and one more.
  private static func vocabulary(_ operation: any Operation) -> Vocabulary {
    Vocabulary(
      operations: OperationTable(OperationTable.standard.all + [operation]), initializers: .standard,
      optimizers: .standard)
  }

  @Test func ownOperationRuns() throws {
    let vocabulary = Self.vocabulary(Triple())
    let graph = try Graph(parsing: SourceFile(path: "own.graph", text: Self.text), vocabulary: vocabulary)
    let result = try Model(graph, vocabulary: vocabulary).predict(["x": Tensor([2, 2], [1, 2, 3, 4] as [Float])])
    #expect(result == Tensor([2, 2], [4, 8, 12, 16] as [Float]))
    #expect(throws: Diagnostics.self) { try Graph(parsing: SourceFile(path: "own.graph", text: Self.text)) }
  }

  /// Verified after every pass, a decomposition of another type is found behind the pass that used it.
  @Test func brokenOperationIsFound() throws {
    let vocabulary = Self.vocabulary(Triple(isBroken: true))
    let graph = try Graph(parsing: SourceFile(path: "own.graph", text: Self.text), vocabulary: vocabulary)
    let context = PassContext(
      vocabulary: vocabulary, bindings: ["B": 2],
      verifyAfterEachPass: { (graph) throws(Diagnostics) in try GraphVerifier.check(graph) })
    let errors = #expect(throws: Diagnostics.self) {
      try Pipeline.standard.run(graph, after: "decompose", context)
    }
    let notes = try #require(errors).all.flatMap { $0.notes.map(\.message) }
    #expect(notes.contains("found after the pass 'decompose', which is a defect of it"))
  }
}
