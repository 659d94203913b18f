import FraguaGraph

/// Which random streams each call of a function draws from.
///
/// A function and its derivatives, of any order, have families of streams in common: to the streams that the function's
/// operations name, each family adds a number of its own. The k-th call in one function of another, or of a derivative
/// of it, draws from the k-th family: so a value, its gradient and the gradient of that see one mask, two calls of one
/// function see two, and a loss and a metric that each call a third function once share what it draws, as they do as
/// parts of one training. A call may name its family with `stream`, counted from 0; such calls are not counted.
struct StreamFamilies {
  /// The function that each gradient is a derivative of, of some order.
  private var primals: [String: String] = [:]
  /// Functions and gradients that draw random numbers, themselves or by what they call.
  private var drawing: Set<String> = []
  /// Functions that draw by calls of derivatives only, as one does that makes a penalty of a slope. The first family of
  /// such a function adds nothing: what it draws is what the function draws whose derivative it calls.
  private var ofDerivatives: Set<String> = []

  /// - Parameter order: the definitions of `graph`, each after those that it needs.
  init(of graph: Graph, _ order: [Definition]) {
    for definition in order {
      switch definition {
      case .function(let i):
        let function = graph.functions[i]
        let drawers = function.nodes.filter(draws)
        if drawers.isEmpty { continue }
        drawing.insert(function.name)
        if drawers.allSatisfy(isDerivative) { ofDerivatives.insert(function.name) }
      case .gradient(let i):
        let gradient = graph.gradients[i]
        primals[gradient.name] = primals[gradient.function] ?? gradient.function
        if drawing.contains(gradient.function) { drawing.insert(gradient.name) }
      }
    }
  }

  /// `function` where the attribute `stream` of each call of what draws is the number that its family adds to streams.
  func resolved(_ function: Function) -> Function {
    guard !drawing.isEmpty else { return function }
    var named: [String: Set<Int>] = [:]
    for node in function.nodes {
      if let callee = node.callee, let family = node.family { named[primal(of: callee), default: []].insert(family) }
    }
    var next: [String: Int] = [:]
    var result = function
    for i in result.nodes.indices where result.nodes[i].callee.map(drawing.contains) ?? false {
      let callee = result.nodes[i].callee!
      let primal = primal(of: callee)
      var family = result.nodes[i].family
      if family == nil {
        // Counted for each name, so that the first calls of a function and of its gradient agree.
        var count = next[callee, default: 0]
        while named[primal]?.contains(count) ?? false { count += 1 }
        next[callee] = count + 1
        family = count
      }
      result.nodes[i].attributes["stream"] = .integer(offset(of: family!, primal))
    }
    return result
  }

  private func primal(of name: String) -> String { primals[name] ?? name }

  /// Whether `node` draws random numbers by itself or by a call.
  private func draws(_ node: Node) -> Bool {
    switch node.kind {
    case .operation(let operation): operation is any RandomOperation
    case .call(let name): drawing.contains(name)
    case .fused(_, let region): region.function.nodes.contains(where: draws)
    }
  }

  /// Whether `node` calls a derivative, or a function of ``ofDerivatives``.
  private func isDerivative(_ node: Node) -> Bool {
    node.callee.map { primals[$0] != nil || ofDerivatives.contains($0) } ?? false
  }

  /// What `family` of `primal` adds to streams: a multiple of an odd number below 2^32 that is the function's own
  /// (the FNV-1a hash of its name), so that families differ.
  ///
  /// Where calls are nested the numbers add up. Each function occurs in a nest once, and no two call each other, so that
  /// sums agree only by chance: what two functions call draws other numbers for each.
  private func offset(of family: Int, _ primal: String) -> Int {
    let hash = primal.utf8.reduce(0x811C_9DC5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
    let number = UInt32(truncatingIfNeeded: family) &+ (ofDerivatives.contains(primal) ? 0 : 1)
    return Int(number &* (hash | 1))
  }

  /// The sum of streams, or of what families add to them, which wraps at 32 bits.
  static func sum(_ a: Int, _ b: Int) -> Int { Int(UInt32(truncatingIfNeeded: a) &+ UInt32(truncatingIfNeeded: b)) }
}

extension Node {
  /// What a call has in its attribute `stream`.
  var family: Int? {
    guard callee != nil, case .integer(let family)? = attributes["stream"] else { return nil }
    return family
  }
}
