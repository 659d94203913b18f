import FraguaCodeGen
import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaScheduling
import FraguaSource
import FraguaTensors
import FraguaTransforms
import Testing

/// The tables of `docs/kernels.md` are complete and true. `BLESS=1` rewrites them.
@Suite struct KernelFormsTests {
  private let document = Document.named("docs/kernels.md")

  /// Every operation has a line that says what its role is, and which kernels it becomes where it stands alone.
  @Test func everyOperationHasItsForms() throws {
    var rows = ["| operation | role, or what it decomposes into | alone it becomes |", "| --- | --- | --- |"]
    for operation in OperationTable.standard.all {
      rows.append("| `\(operation.name)` | \(try Self.role(operation)) | \(try Self.forms(operation)) |")
    }
    try check(rows, below: "<!-- every operation -->")
  }

  /// Every form of kernel has a section.
  @Test func everyFormIsExplained() {
    for form in Kernel.Form.allCases {
      #expect(document.lines.contains { $0.hasPrefix("### `\(form.rawValue)`") }, "\(form.rawValue)")
    }
    for op in UnaryOperator.allCases.map(\.rawValue) + BinaryOperator.allCases.map(\.rawValue) {
      #expect(document.lines.contains { $0.contains("`\(op)`") }, "\(op)")
    }
  }

  /// Compares the table below `mark` with `rows`.
  private func check(_ rows: [String], below mark: String) throws {
    if Document.isBlessing {
      return try document.edit { current in
        let (start, table) = try Self.table(below: mark, of: current)
        return Array(current.lines[..<start]) + rows + current.lines[(start + table.count)...]
      }
    }
    let table = try Self.table(below: mark, of: document).lines
    for (written, actual) in zip(table, rows) { #expect(written == actual) }
    #expect(table.count == rows.count)
  }

  /// The table below `mark`, and the position of its first line.
  private static func table(below mark: String, of document: Document) throws -> (start: Int, lines: [String]) {
    let start = try #require(document.lines.firstIndex(of: mark)) + 1
    return (start, Array(document.lines[start...].prefix { $0.hasPrefix("|") }))
  }

  /// The role of a primitive operation, or the primitive operations that another is made of.
  private static func role(_ operation: any Operation) throws -> String {
    guard let primitive = operation as? any PrimitiveOperation else {
      let parts = try nodes(operation).map { "`\($0)`" }
      return "composite: " + parts.joined(separator: ", ")
    }
    let example = try #require(operation.examples.first)
    let attributes = try operation.checked(example.attributes, example.operands)
    let results = try operation.inferTypes(example.operands, attributes)
    return switch primitive.role(example.operands, results, attributes) {
    case .pointwise: "pointwise"
    case .view: "view, an affine map"
    case .reduction(let combiner, _): "reduction by \(combiner.rawValue)"
    case .contraction: "contraction"
    case .gather: "gather"
    case .scatterAdd: "scatter"
    case .generator: "generator"
    case .constant: "constant"
    }
  }

  /// The primitive operations that a function of `operation` alone consists of, each once.
  private static func nodes(_ operation: any Operation) throws -> [String] {
    let (graph, options) = try alone(operation)
    let function = try Compiler.transform(graph, entry: "f", after: Decompose.pass.name, options).graph.functions[0]
    return function.nodes.reduce(into: []) { names, node in
      if !names.contains(node.name) { names.append(node.name) }
    }
  }

  /// The forms of the kernels that a function of `operation` alone becomes.
  private static func forms(_ operation: any Operation) throws -> String {
    let (graph, options) = try alone(operation)
    let program = try Compiler.plan(graph, entry: "f", options).program
    let forms = program.calls.filter { $0.name != "copy" }.map { "`\(program.kernel(of: $0).form.rawValue)`" }
    return forms.isEmpty ? "nothing: another name for the same memory" : forms.joined(separator: ", ")
  }

  /// A graph with a function of `operation` alone, on its first example.
  private static func alone(_ operation: any Operation) throws -> (Graph, CompilerOptions) {
    let example = try #require(operation.examples.first)
    var builder = FunctionBuilder(name: "f")
    let operands = example.operands.enumerated().map { builder.argument("x\($0)", $1) }
    // Arguments whose first extents differ have no rows in common, which rules the form 'lanes' out.
    for extent in [1009, 1013] { _ = builder.argument("unused\(extent)", TensorType([extent], .f32)) }
    builder.setResults(try builder.apply(operation, operands, example.attributes))
    let options = CompilerOptions(mode: .train, backend: LLVMBackend(Processor(.avx2)), vocabulary: .standard)
    return (Graph(name: "alone", functions: [builder.function]), options)
  }
}
