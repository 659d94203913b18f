import FraguaGraph
import FraguaOperations
import FraguaSource
import FraguaSyntax
import FraguaTensors
import FraguaTransforms
import Testing

/// The graph that `text` writes.
func parsed(_ text: String) throws -> Graph {
  do throws(Diagnostics) {
    return try Parser.parse(SourceFile(path: "test.graph", text: text), vocabulary: .standard)
  } catch {
    Issue.record("\(error.all.map { $0.rendered() }.joined(separator: "\n"))")
    throw error
  }
}

/// The last of the passes whose files are in this folder; `fuse` has tests of its own.
let lastPass = "dead-code"

/// What tests compile with: every pass's result is verified.
func context(_ entries: String..., bind bindings: [String: Int] = [:]) -> PassContext {
  PassContext(
    vocabulary: .standard, entries: entries, bindings: bindings,
    verifyAfterEachPass: { (graph) throws(Diagnostics) in try GraphVerifier.check(graph) })
}

/// The parameters of `graph` as their initializers make them.
func initialParameters(_ graph: Graph, seed: UInt64 = 1) -> [String: Tensor] {
  var parameters: [String: Tensor] = [:]
  for parameter in graph.parameters {
    let use = parameter.initializer
    if case .tensor(let value)? = use.attributes["value"] {
      parameters[parameter.name] = value.tensor
    } else if let initializer = InitializerTable.standard[use.name] {
      parameters[parameter.name] = initializer.make(
        parameter.type, use.attributes, seed: seed, parameter: parameter.name)
    }
  }
  return parameters
}

/// Elements between -1 and 1 that depend on `seed`.
func noise(_ type: TensorType, seed: UInt32) -> Tensor {
  Tensor(
    type,
    rounding: (0..<type.elementCount).map {
      Double(Philox.words(counter: (UInt32($0), 0, 0, 0), key: (seed, 0)).0) / 2_147_483_648 - 1
    })
}

/// The 2-norm of the difference, divided by that of `expected`.
func relativeError(_ actual: [Double], _ expected: [Double]) -> Double {
  func norm(_ x: [Double]) -> Double { x.reduce(0) { $0 + $1 * $1 }.squareRoot() }
  return norm(zip(actual, expected).map { $0 - $1 }) / norm(expected)
}

/// The errors of `run`; records an issue where there are none.
func errors(_ run: () throws(Diagnostics) -> some Any) -> [Diagnostic] {
  do throws(Diagnostics) {
    _ = try run()
    Issue.record("there is an error")
    return []
  } catch { return error.all }
}
