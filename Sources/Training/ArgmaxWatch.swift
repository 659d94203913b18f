import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaSource
import FraguaTensors

extension Graph {
  /// The graph with a function `name` that has one more result: 1.0 where an `argmax` in it or in what it calls has met
  /// NaN, else 0.0. NaN is larger than any number, so a position that looks like an answer may be that of a NaN.
  ///
  /// Functions that `name` does not need are left out, since they may call it.
  /// - Returns: `nil` where it has no argmax of floats, or is no function, and of a dump.
  package func watchingArgmax(in name: String) -> Graph? {
    guard stage == nil else { return nil }
    let functions = Dictionary(self.functions.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let sources = Dictionary(gradients.map { ($0.name, $0.function) }, uniquingKeysWith: { first, _ in first })
    var needed: Set<String> = []
    var pending = [name]
    while let next = pending.popLast() {
      guard needed.insert(next).inserted else { continue }
      pending += functions[next]?.callees ?? []
      if let source = sources[next] { pending.append(source) }
    }
    var watched: [String: Function] = [:]
    for callee in dependencyOrder(self.functions.map { ($0.name, $0.callees) }).order {
      guard needed.contains(callee), let function = functions[callee] else { continue }
      watched[callee] = Self.watching(function, as: callee == name ? name : callee + ".watched", watched)
    }
    guard let entry = watched[name] else { return nil }
    var graph = self
    graph.functions.removeAll { !needed.contains($0.name) || $0.name == name }
    graph.functions += watched.filter { $0.key != name }.map(\.value).sorted { $0.name < $1.name } + [entry]
    graph.gradients.removeAll { !needed.contains($0.name) }
    graph.trainings = []
    return graph
  }

  /// `function` with the additional result; `nil` where there is nothing to watch.
  private static func watching(_ function: Function, as name: String, _ watched: [String: Function]) -> Function? {
    var copy = function
    copy.name = name
    var flags: [Value] = []
    for (index, node) in function.nodes.enumerated() {
      guard case .call(let callee) = node.kind, let inner = watched[callee] else { continue }
      let flag = Value(id: copy.valueCount, type: TensorType([Int](), .f32))
      copy.valueCount += 1
      copy.nodes[index].kind = .call(inner.name)
      copy.nodes[index].results.append(flag)
      flags.append(flag)
    }
    var builder = FunctionBuilder(continuing: copy)
    for node in function.nodes where node.operation is ArgmaxOperation && node.operands[0].type.element.isFloat {
      builder.origin = node.origin
      let x = node.operands[0]
      let isNaN = builder.convert(builder.compare(.ne, x, x), to: .f32)
      flags.append(builder.reduceMax(isNaN, axes: Array(0..<x.type.rank)))
    }
    guard let first = flags.first else { return nil }
    let flag = flags.dropFirst().reduce(first) { builder.maximum($0, $1) }
    builder.setResults(function.results + [flag], roles: function.resultRoles + [.plain])
    return builder.function
  }
}

extension Diagnostic {
  /// An argmax in the function `name` has met NaN.
  package static func argmaxOfNaN(in name: String, at place: SourceLocation?) -> Diagnostic {
    .warning("an 'argmax' in '@\(name)' met a number that is NaN, and took it for the largest", at: place)
  }
}
