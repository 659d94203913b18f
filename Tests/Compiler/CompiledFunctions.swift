import FraguaCodeGen
import FraguaCompiler
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

/// The graph that `text` writes.
func parsed(_ text: String) throws -> Graph {
  try Parser.parse(SourceFile(path: "test.graph", text: text), vocabulary: .standard)
}

/// The results of `entry` of `graph`, compiled for `set`; records an issue where they are not the bits of the kernel
/// interpreter.
func compiledResults(
  _ graph: Graph, _ entry: String, _ arguments: [Tensor], parameters: [String: Tensor] = [:],
  _ set: Target.InstructionSet, mode: Mode? = nil, bind bindings: [String: Int] = [:]
) throws -> [Tensor] {
  let options = CompilerOptions(
    bindings: bindings, mode: mode, backend: LLVMBackend(Processor(emulating: set)), vocabulary: .standard,
    verifiesAfterEachPass: true)
  let compiled = try Compiler.compile(graph, entry: entry, options)
  let runs = try ProgramRuns(compiled.executable.program, arguments, parameters)
  let difference = try runs.difference(compiled.executable)
  #expect(difference == nil, "'@\(entry)' for \(set)")
  return try compiled.run(arguments, ParameterStore(parameters))
}

extension LawCase {
  /// A graph whose function `f` applies the operation to its operands, all arguments but the random state; `loss` is a
  /// weighted sum of the results and `g` its gradient by the arguments, where there are such.
  func graph() throws -> Graph {
    var builder = FunctionBuilder(name: "f")
    let operands = example.operands.enumerated().map { index, type in
      readsState(index) ? builder.parameter("rng", type) : builder.argument("x\(index)", type)
    }
    builder.setResults(try builder.apply(operation, operands, example.attributes))
    let function = builder.function
    var graph = Graph(name: "law", functions: [function])
    if example.operands.indices.contains(where: readsState) {
      graph.parameters = [
        Parameter(
          name: "rng", type: TensorType([2], .i64), initializer: InitializerUse("zeros"), isTrainable: false)
      ]
    }
    if var loss = weighted(function, seed: 7) {
      loss.name = "loss"
      graph.functions.append(loss)
      let variables = loss.differentiableArguments
      if !variables.isEmpty {
        graph.gradients = [
          GradientDeclaration(name: "g", function: "loss", variables: variables.map { .argument($0) })
        ]
      }
    }
    return graph
  }

  /// The operands that are arguments.
  var arguments: [Tensor] { operands.indices.filter { !readsState($0) }.map { operands[$0] } }
  /// The random state, where the operation reads it.
  var parameters: [String: Tensor] {
    operands.indices.first(where: readsState).map { ["rng": operands[$0]] } ?? [:]
  }

  /// Whether operand `index` is the random state.
  private func readsState(_ index: Int) -> Bool {
    operation is any RandomOperation && index == example.operands.count - 1
  }
}
