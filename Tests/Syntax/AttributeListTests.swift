import FraguaGraph
import FraguaOperations
import FraguaSource
import FraguaSyntax
import FraguaTensors
import FraguaTransforms
import Testing

/// Lists of numbers and of words, and operands of any number, in an operation of an app's own.
@Suite struct AttributeListTests {
  /// The sum of its operands, each times a weight; with a word for each operand.
  private struct Mix: CompositeOperation {
    var name: String { "mix" }
    var operandRule: OperandRule { OperandRule(["x"], variadic: true) }
    var schema: [AttributeSchema] {
      [
        AttributeSchema("weights", .numbers, range: .atLeast(0), summary: "A factor for each operand."),
        AttributeSchema(
          "kinds", .keywords(["plain", "square"]), isOptional: true, summary: "What is done with each operand."),
      ]
    }
    var documentation: OperationDocumentation {
      OperationDocumentation("A mix.", group: "Own", example: "", details: "")
    }
    var examples: [OperationExample] { [] }

    func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
      for index in operands.indices { try requireSameShape(operands, 0, index) }
      try requireCount(attributes.numbers("weights").map { Int($0) }, operands.count, of: "weights", what: "operands")
      return [operands[0]]
    }
    func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] { [operands[0]] }
    func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
      var sum = builder.zeros(operands[0].type)
      let kinds = attributes["kinds"] == nil ? [] : attributes.keywords("kinds")
      for (index, weight) in attributes.numbers("weights").enumerated() {
        let isSquare = index < kinds.count && kinds[index] == "square"
        let x = isSquare ? builder.multiply(operands[index], operands[index]) : operands[index]
        sum = builder.add(sum, builder.multiply(x, weight))
      }
      return [sum]
    }
    func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] { node.operands.map { _ in nil } }
  }

  private static let vocabulary = Vocabulary(
    operations: OperationTable(OperationTable.standard.all + [Mix()]), initializers: .standard, optimizers: .standard)

  /// A function with one statement of `mix`.
  private static func text(_ rest: String) -> String {
    "graph @g version 1\n\nfunc @f(%x: tensor<2xf32>, %y: tensor<2xf32>) -> tensor<2xf32> {\n  %m = mix \(rest)\n"
      + "  return %m\n}\n"
  }

  private static func parse(_ rest: String) throws(Diagnostics) -> Graph {
    try Parser.parse(SourceFile(path: "t.graph", text: text(rest)), vocabulary: vocabulary)
  }

  private static func message(_ rest: String) -> String? {
    do throws(Diagnostics) {
      _ = try parse(rest)
      return nil
    } catch { return error.all.first?.message }
  }

  @Test(arguments: [
    "%x, %y {weights = [0.5, 2.0], kinds = [plain, square]} : tensor<2xf32>",
    "%x {weights = [1.0]} : tensor<2xf32>", "%x, %y, %x {weights = [0.1, 1e-30, 3.0], kinds = []} : tensor<2xf32>",
  ])
  func printsWhatItReads(_ rest: String) throws {
    #expect(GraphPrinter.print(try Self.parse(rest)) == Self.text(rest))
  }

  @Test func integersAreNumbers() throws {
    let graph = try Self.parse("%x, %y {weights = [1, 2]}")
    #expect(graph.functions[0].nodes[0].attributes["weights"] == .numbers([1, 2]))
  }

  @Test func computes() throws {
    let graph = try Self.parse("%x, %y {weights = [0.5, 2], kinds = [plain, square]}")
    let context = PassContext(vocabulary: Self.vocabulary)
    let done = try Pipeline.standard.run(graph, after: "fuse", context)
    let result = GraphInterpreter(done.graph).run(
      "f", arguments: [Tensor([2], [2, 4] as [Float]), Tensor([2], [1, 3] as [Float])], parameters: [:])
    #expect(result.results == [Tensor([2], [3, 20] as [Float])])
  }

  @Test(arguments: [
    ("{weights = [1.0]}", "'mix' takes 1 or more operands (x...), but 0 are given"),
    ("%x {weights = [1.0, -0.5]}", "the attribute 'weights' of 'mix' holds -0.5, but must be at least 0"),
    (
      "%x {weights = 1.0}",
      "the attribute 'weights' of 'mix' is the number 1.0, expected a list of numbers like [0.5, 1]"
    ),
    ("%x {weights = [1.0, same]}", "a list holds numbers, words, or names like @w, of one kind only"),
    ("%x {weights = [[1.0]]}", "a list holds numbers, words, or names like @w"),
    ("%x, %y {weights = [1.0]}", "attribute 'weights' has 1 elements, but there are 2 operands"),
    (
      "%x {weights = [1.0], kinds = [odd]}",
      "the attribute 'kinds' of 'mix' is the words [odd], expected a list of 'plain', 'square'"
    ),
  ])
  func refuses(_ rest: String, _ message: String) {
    #expect(Self.message(rest)?.hasSuffix(message) == true, "\(Self.message(rest) ?? "nothing")")
  }
}
