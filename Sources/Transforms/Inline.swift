import FraguaGraph
import FraguaSource

/// The pass that puts bodies of functions in the place of calls.
///
/// Before:
/// ```
/// func @loss(%x: tensor<Bx2xf32>, %y: tensor<Bx1xf32>) -> tensor<f32> {
///   %z = call @predict(%x) : tensor<Bx1xf32>
///   %l = sigmoid_cross_entropy %z, %y : tensor<Bx1xf32>
///   ...
/// ```
/// After:
/// ```
/// func @loss(%x: tensor<Bx2xf32>, %y: tensor<Bx1xf32>) -> tensor<f32> {
///   %h = dense %x, @w1, @b1 {activation = sigmoid} : tensor<Bx3xf32>
///   %z = dense %h, @w2, @b2 {activation = none} : tensor<Bx1xf32>
///   %l = sigmoid_cross_entropy %z, %y : tensor<Bx1xf32>
///   ...
/// ```
/// Symbols of the called function become the caller's extents. A call keeps the random streams of what it calls, so
/// that a loss and a metric that call the same function draw the same numbers and share its computation; a further call
/// in one function derives its own streams from them and its attribute `stream`, and calls of the same `stream` draw
/// the same.
///
/// Guarantees that only calls of gradients remain, which `differentiate` inlines once it has written them. Linear in
/// the size of the result, which is known and limited before (``ExpandedSize``).
public enum Inline {
  public static let pass = Pass(name: "inline", summary: "put bodies of functions in the place of calls") {
    (graph, context) throws(Diagnostics) in
    let order = try graph.dependencyOrder()
    if !graph.functions.contains(where: { $0.nodes.contains { $0.callee != nil } }) { return graph }
    do throws(Diagnostic) { try ExpandedSize.check(graph, limit: context.nodeLimit) } catch { throw Diagnostics(error) }
    var inliner = Inliner()
    var result = graph
    for case .function(let i) in order {
      let function = try inliner.inlined(graph.functions[i])
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
    var streams = CallStreams(of: function)
    var rewriter = FunctionRewriter(function)
    for node in function.nodes {
      if let name = node.callee, let callee = functions[name] {
        try inline(callee, at: node, of: function, &rewriter, &streams)
      } else {
        rewriter.copy(node)
      }
    }
    var result = rewriter.finish()
    result.makeNamesUnique()
    return result
  }

  /// Puts `callee` in the place of the call `node` of `caller`, whose random streams so far are `streams`.
  private func inline(
    _ callee: Function, at node: Node, of caller: Function, _ rewriter: inout FunctionRewriter,
    _ streams: inout CallStreams
  ) throws(Diagnostics) {
    do throws(Diagnostic) {
      let substitution = try Self.symbols(of: callee, at: node)
      let renamed = streams.renaming(of: callee, at: node)
      let results = rewriter.builder.splice(
        callee, rewriter.mapped(node.operands), substitution, streams: renamed)
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

/// The random streams of a function whose calls are being inlined.
private struct CallStreams {
  /// A call of a function with the attribute `stream`.
  private struct Call: Hashable {
    let callee: String
    let stream: Int
  }

  private var taken: Set<Int>
  private var renamings: [Call: [Int: Int]] = [:]

  init(of function: Function) { taken = Set(function.nodes.compactMap(\.stream)) }

  /// New streams for those of `callee` that are taken already; all are taken from then on.
  ///
  /// A stream is derived from the old one, the callee's name, the call's stream and a count, so that it depends on
  /// nothing else in the file.
  mutating func renaming(of callee: Function, at node: Node) -> [Int: Int] {
    let own = Set(callee.nodes.compactMap(\.stream)).sorted()
    if own.isEmpty { return [:] }
    var call: Call?
    if case .integer(let stream)? = node.attributes["stream"] { call = Call(callee: callee.name, stream: stream) }
    if let call, let known = renamings[call] { return known }
    var renamed: [Int: Int] = [:]
    for stream in own where taken.contains(stream) {
      var new = stream
      var count: UInt64 = 0
      repeat {
        new = Self.derived(stream, callee.name, call?.stream ?? 0, count)
        count += 1
      } while taken.contains(new) || own.contains(new)
      renamed[stream] = new
      taken.insert(new)
    }
    taken.formUnion(own)
    if let call { renamings[call] = renamed }
    return renamed
  }

  /// A number below 2^32 that depends on all that is given: FNV-1a, 64 bits, folded.
  private static func derived(_ stream: Int, _ name: String, _ call: Int, _ count: UInt64) -> Int {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01B3 }
    for word in [UInt64(bitPattern: Int64(stream)), UInt64(bitPattern: Int64(call)), count] {
      for shift in stride(from: UInt64(0), to: 64, by: 8) { add(UInt8(truncatingIfNeeded: word >> shift)) }
    }
    name.utf8.forEach(add)
    return Int((hash >> 32) ^ (hash & 0xFFFF_FFFF))
  }
}
