import FraguaGraph
import FraguaSource

/// The pass that puts bodies of functions in the place of calls.
///
/// Before:
/// ```
/// // pass: inline --function @loss
/// func @unit(%x: tensor<Bx2xf32>) -> tensor<Bx2xf32> {
///   %h = tanh %x
///   return %h
/// }
///
/// func @loss(%x: tensor<Bx2xf32>) -> tensor<f32> {
///   %h = call @unit(%x)
///   %m = reduce_mean %h
///   return %m
/// }
/// ```
/// After:
/// ```
/// func @unit(%x: tensor<Bx2xf32>) -> tensor<Bx2xf32> {
///   %h = tanh %x : tensor<Bx2xf32>
///   return %h
/// }
///
/// func @loss(%x: tensor<Bx2xf32>) -> tensor<f32> {
///   %h = tanh %x : tensor<Bx2xf32>
///   %m = reduce_mean %h : tensor<f32>
///   return %m
/// }
/// ```
/// Symbols of the called function become the caller's extents. ``StreamFamilies`` says what each call draws: the first
/// call of a function keeps its random streams, so that a loss and a metric that call the same function draw the same
/// numbers and share its computation; further calls have others.
///
/// Guarantees that only calls of gradients remain, which `differentiate` inlines once it has written them; where these
/// draw, their attribute `stream` is what is added to the streams of what they call. Linear in the size of the result,
/// which is known and limited before (``ExpandedSize``).
public enum Inline {
  public static let pass = Pass(name: "inline", summary: "put bodies of functions in the place of calls") {
    (graph, context) throws(Diagnostics) in
    let order = try graph.definitionOrder()
    if !graph.functions.contains(where: { $0.nodes.contains { $0.callee != nil } }) { return graph }
    do throws(Diagnostic) { try ExpandedSize.check(graph, limit: context.nodeLimit) } catch { throw Diagnostics(error) }
    let families = StreamFamilies(of: graph, order)
    var inliner = Inliner()
    var result = graph
    for case .function(let i) in order {
      let function = try inliner.inlined(families.resolved(graph.functions[i]))
      inliner.define(function)
      result.functions[i] = function
    }
    return result
  }
}

/// Puts the bodies of known functions in the place of calls.
struct Inliner {
  /// The functions, free of calls of functions that are here.
  private var functions: [String: Function] = [:]

  /// The function of that name, if it is known.
  func function(named name: String) -> Function? { functions[name] }

  /// Makes `function` known.
  mutating func define(_ function: Function) { functions[function.name] = function }

  /// `function` without calls of known functions.
  func inlined(_ function: Function) throws(Diagnostics) -> Function {
    guard function.nodes.contains(where: { $0.callee.map { functions[$0] != nil } ?? false }) else { return function }
    var rewriter = FunctionRewriter(function)
    for node in function.nodes {
      if let name = node.callee, let callee = functions[name] {
        try inline(callee, at: node, of: function, &rewriter)
      } else {
        rewriter.copy(node)
      }
    }
    var result = rewriter.finish()
    result.makeNamesUnique()
    return result
  }

  /// Puts `callee` in the place of the call `node` of `caller`.
  private func inline(
    _ callee: Function, at node: Node, of caller: Function, _ rewriter: inout FunctionRewriter
  ) throws(Diagnostics) {
    do throws(Diagnostic) {
      let substitution = try Self.symbols(of: callee, at: node)
      let results = rewriter.builder.splice(
        callee, rewriter.mapped(node.operands), substitution, addingToStreams: node.family ?? 0)
      // What the caller calls a result says more than what the callee does.
      let passedThrough = Set(callee.arguments.map(\.id) + callee.parameterReads.map(\.value.id))
      for (i, old) in node.results.enumerated() where !passedThrough.contains(callee.results[i].id) {
        if let name = caller.valueNames[old.id] { rewriter.builder.name(results[i], name) }
      }
      rewriter.replace(node, with: results)
    } catch { throw Diagnostics(error.located(at: node.origin.location)) }
  }

  /// What the symbols of `callee` are at the call `node`.
  private static func symbols(of callee: Function, at node: Node) throws(Diagnostic) -> Substitution {
    guard callee.updates.isEmpty else { throw Diagnostic("'@\(callee.name)' updates parameters and cannot be called") }
    guard callee.arguments.count == node.operands.count else {
      throw Diagnostic("'@\(callee.name)' takes \(callee.arguments.count) arguments, not \(node.operands.count)")
    }
    var substitution = Substitution()
    for (i, (formal, actual)) in zip(callee.arguments, node.operands).enumerated()
    where !substitution.unify(formal.type, with: actual.type) {
      throw Diagnostic(
        "argument '%\(callee.argumentNames[i])' of '@\(callee.name)' is \(substitution(formal.type)), but the call gives \(actual.type)"
      )
    }
    return substitution
  }
}
