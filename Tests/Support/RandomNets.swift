import FraguaTensors

/// A small model made of random layers, as the text of a graph: parameters, several results, views, gather and scatter,
/// losses, a gradient, a gradient of the gradient, and a training with any optimizer and a metric.
///
/// The same seed gives the same text. ``RandomGraph`` tries single operations against each other at fixed extents; this
/// tries what regions of a whole step need of each other, with batches that are a symbol or a number.
public struct RandomNet: Sendable {
  public let seed: UInt64
  public let text: String
  /// The number that the symbol B is bound to, where the text has it.
  public let bindings: [String: Int]
  /// The entries to compile.
  public let entries: [String]

  public init(seed: UInt64) {
    var maker = NetMaker(seed: seed)
    text = maker.make()
    self.seed = seed
    bindings = maker.batchIsSymbol ? ["B": maker.batch] : [:]
    entries = maker.entries
  }
}

/// Writes the text of a ``RandomNet``.
private struct NetMaker {
  /// A value in the function under way.
  private struct Named {
    let name: String
    /// The batch is -1.
    let extents: [Int]
    var isFloat = true
    /// The parameters that it depends on.
    var parameters: Set<String> = []
  }

  private var random: RandomSource
  private(set) var batch = 1
  private(set) var batchIsSymbol = true
  private(set) var entries: [String] = []
  private var parameters: [(name: String, extents: [Int], text: String)] = []
  private var lines: [String] = []
  private var pool: [Named] = []
  private var count = 0

  init(seed: UInt64) { random = RandomSource(seed: seed &+ 0x5EED) }

  mutating func make() -> String {
    batch = random.pick([1, 2, 3, 4, 5, 8, 17, 33])
    batchIsSymbol = random.chance(60)
    let width = random.int(1...6)
    let isDeep = random.chance(25)
    let x = Named(name: "x", extents: isDeep ? [-1, random.int(1...3), width] : [-1, width])
    let k = Named(name: "k", extents: [-1], isFloat: false)
    pool = [x, k]
    for _ in 0..<random.int(1...14) { addNode() }
    let floats = pool.filter { $0.isFloat && $0.name != "x" }
    if floats.isEmpty { _ = unary(x) }
    var results: [Named] = []
    for value in pool.reversed() where value.isFloat && value.name != "x" && results.count < random.int(1...4) {
      results.append(value)
    }
    let arguments = "%x: \(type(x)), %k: \(type(k))"
    let net = "func @net(\(arguments)) {\n\(body)  return \(list(results))\n}\n"
    let loss = lossFunction(arguments, results)
    let reached = results.reduce(into: Set<String>()) { $0.formUnion($1.parameters) }
    let used = parameters.map(\.name).filter(reached.contains).map { "@" + $0 }
    var declarations = ""
    entries = ["net", "loss"]
    if !used.isEmpty {
      let variables = used.joined(separator: ", ")
      declarations += "gradient @slope of @loss wrt \(variables)\n"
      declarations += penalty(arguments, used)
      declarations += "gradient @bend of @penalty wrt \(variables)\n"
      let metrics = random.chance(50) ? "  metrics = [@loss]\n" : ""
      declarations += "train @fit minimize @loss {\n  optimizer = \(optimizer)\n\(clipping)\(metrics)}\n"
      entries += ["slope", "bend", "fit"]
    }
    let heads = parameters.map(\.text).joined()
    return "graph @net version 1\n\n" + heads + "\n" + net + "\n" + loss + "\n" + declarations
  }

  private var optimizer: String {
    mutating get {
      random.pick([
        "sgd(learning_rate = 0.01)", "sgd(learning_rate = 0.01, momentum = 0.9)",
        "sgd(learning_rate = 0.01, momentum = 0.9, nesterov = true)", "adam()", "adamw()", "adagrad()", "adadelta()",
        "rmsprop()",
      ])
    }
  }

  private var clipping: String {
    mutating get {
      if random.chance(60) { return "" }
      let name = random.pick(["global_norm", "norm", "value"])
      return "  clip = \(name)(maximum = \(random.pick(["0.01", "0.5"])))\n"
    }
  }

  private var body: String { lines.map { "  \($0)\n" }.joined() }

  private func extent(_ n: Int) -> String { n == -1 ? (batchIsSymbol ? "B" : "\(batch)") : "\(n)" }

  private func type(_ value: Named) -> String { type(value.extents, value.isFloat ? "f32" : "i64") }

  private func type(_ extents: [Int], _ element: String) -> String {
    "tensor<" + extents.map { extent($0) + "x" }.joined() + element + ">"
  }

  private func list(_ values: [Named]) -> String { values.map { "%\($0.name)" }.joined(separator: ", ") }

  @discardableResult
  private mutating func define(_ text: String, _ extents: [Int], isFloat: Bool = true) -> Named {
    // Names end where none of their characters follows.
    let words = text.split { !($0.isLetter || $0.isNumber || "%@".contains($0)) }
    var reached = Set(words.filter { $0.hasPrefix("@") }.map { String($0.dropFirst()) })
    for operand in pool where words.contains("%\(operand.name)") { reached.formUnion(operand.parameters) }
    let value = Named(name: "v\(count)", extents: extents, isFloat: isFloat, parameters: reached)
    count += 1
    lines.append("%\(value.name) = \(text)")
    pool.append(value)
    return value
  }

  private mutating func parameter(_ extents: [Int]) -> String {
    let fitting = parameters.filter { $0.extents == extents }
    if !fitting.isEmpty, random.chance(30) { return "@" + random.pick(fitting).name }
    let name = "p\(parameters.count)"
    parameters.append((name, extents, "param @\(name): \(type(extents, "f32")) = normal(stddev = 0.5)\n"))
    return "@" + name
  }

  private mutating func float() -> Named {
    let floats = pool.filter(\.isFloat)
    // What was made last is used most, so that the net is deep.
    return random.chance(60) ? floats[floats.count - 1] : random.pick(floats)
  }

  // MARK: Nodes

  private mutating func addNode() {
    let a = float()
    switch random.int(0...15) {
    case 0, 1: _ = unary(a)
    case 2, 3: binary(a)
    case 4, 5: layer(a)
    case 6: reduction(a)
    case 7: transposition(a)
    case 8: slicing(a)
    case 9: packed(a)
    case 10: gathering()
    case 11: scattering(a)
    case 12: product(a)
    case 13: joining(a)
    case 14: cutting(a)
    default: positions(a)
    }
  }

  private mutating func unary(_ a: Named) -> Named {
    let name = random.pick(["negate", "tanh", "sigmoid", "relu", "exp", "abs", "softplus", "erf"])
    // Growth would leave nothing to compare.
    let operand = name == "exp" ? define("tanh %\(a.name)", a.extents) : a
    return define("\(name) %\(operand.name)", a.extents)
  }

  private mutating func binary(_ a: Named) {
    let name = random.pick(["add", "subtract", "multiply", "maximum", "minimum"])
    let same = pool.filter { $0.isFloat && $0.extents == a.extents }
    if random.chance(40), let last = a.extents.last, last != -1 {
      define("\(name) %\(a.name), \(parameter([last]))", a.extents)
    } else {
      define("\(name) %\(a.name), %\(random.pick(same).name)", a.extents)
    }
  }

  private mutating func layer(_ a: Named) {
    guard a.extents.count >= 2, let k = a.extents.last, k != -1 else { return }
    let n = random.int(1...5)
    let activation = random.pick(["", " {activation = relu}", " {activation = tanh}", " {activation = sigmoid}"])
    define("dense %\(a.name), \(parameter([k, n])), \(parameter([n]))\(activation)", a.extents.dropLast() + [n])
  }

  private mutating func reduction(_ a: Named) {
    guard a.extents.count > 1 else { return }
    let name = random.pick(["reduce_sum", "reduce_mean", "reduce_max", "softmax", "log_softmax"])
    let axis = random.int(0...a.extents.count - 1)
    if name.hasSuffix("softmax") {
      define("\(name) %\(a.name)", a.extents)
    } else {
      var extents = a.extents
      extents.remove(at: axis)
      define("\(name) %\(a.name) {axes = [\(axis)]}", extents)
    }
  }

  private mutating func transposition(_ a: Named) {
    guard a.extents.count > 1 else { return }
    let order = Array(a.extents.indices).shuffled(using: &random)
    define("transpose %\(a.name) {permutation = \(order)}", order.map { a.extents[$0] })
  }

  /// Slices and pads along the last axis.
  private mutating func slicing(_ a: Named) {
    guard let last = a.extents.last, last > 1 else { return }
    let axis = a.extents.count - 1
    if random.chance(50) {
      let step = random.int(1...2)
      let start = random.int(0...last - 1)
      let count = (last - start - 1) / step + 1
      define(
        "slice %\(a.name) {axes = [\(axis)], start = [\(start)], limit = [\(last)], stride = [\(step)]}",
        a.extents.dropLast() + [count])
    } else {
      let (low, high) = (random.int(0...2), random.int(0...2))
      define(
        "pad %\(a.name) {axes = [\(axis)], low = [\(low)], high = [\(high)], fill = \(random.pick(["0.0", "-1.0"]))}",
        a.extents.dropLast() + [last + low + high])
    }
  }

  /// Joins values that differ along the last axis at most.
  private mutating func joining(_ a: Named) {
    guard let last = a.extents.last, last != -1 else { return }
    let outer = Array(a.extents.dropLast())
    let others = pool.filter {
      $0.isFloat && $0.extents.count == a.extents.count && Array($0.extents.dropLast()) == outer
        && $0.extents.last != -1
    }
    let joined = [a] + (0..<random.int(1...2)).map { _ in random.pick(others) }
    let extent = joined.reduce(0) { $0 + $1.extents[outer.count] }
    // Nets stay small.
    guard extent <= 24 else { return }
    define("concatenate \(list(joined))", outer + [extent])
  }

  /// Cuts along the last axis; all pieces are values of their own.
  private mutating func cutting(_ a: Named) {
    guard let last = a.extents.last, last > 1 else { return }
    let size = random.int(1...last - 1)
    let outer = Array(a.extents.dropLast())
    let pieces = [size, last - size].map { extent in
      defer { count += 1 }
      return Named(name: "v\(count)", extents: outer + [extent], parameters: a.parameters)
    }
    lines.append("\(list(pieces)) = split %\(a.name) {sizes = [\(size), \(last - size)]}")
    pool += pieces
  }

  /// An element of a parameter for each row of a batch that is a number: a slice with a stride, a padded or reversed
  /// one, as packed weights and shift registers are.
  private mutating func packed(_ a: Named) {
    guard !batchIsSymbol, a.extents.first == -1 else { return slicing(a) }
    let rest = Array(a.extents.dropFirst())
    let ones = rest.map { _ in 1 }
    let source: Named
    switch random.int(0...2) {
    case 0:
      let step = random.int(1...3)
      let start = random.int(0...2)
      let p = parameter([start + step * batch])
      source = define("slice \(p) {start = [\(start)], limit = [\(start + step * batch)], stride = [\(step)]}", [batch])
    case 1:
      let short = max(1, batch - random.int(0...3))
      let low = random.int(0...batch - short)
      let p = parameter([short])
      source = define(
        "pad \(p) {low = [\(low)], high = [\(batch - short - low)], fill = -1.0}", [batch])
    default:
      let p = parameter([batch])
      let other = define("tanh \(p)", [batch])
      source = other
    }
    let column =
      ones.isEmpty
      ? source : define("reshape %\(source.name) {to = \(type([batch] + ones, "f32"))}", [batch] + ones)
    define("\(random.pick(["add", "multiply"])) %\(a.name), %\(column.name)", a.extents)
  }

  private mutating func gathering() {
    let (rows, width) = (random.int(1...5), random.int(1...4))
    define("gather \(parameter([rows, width])), %k", [-1, width])
  }

  private mutating func scattering(_ a: Named) {
    guard a.extents.first == -1 else { return }
    let inner = Array(a.extents.dropFirst())
    guard !inner.contains(-1) else { return }
    let rows = random.int(1...4)
    define("scatter_add \(parameter([rows] + inner)), %k, %\(a.name)", [rows] + inner)
  }

  private mutating func product(_ a: Named) {
    guard a.extents.count == 2 else { return }
    let axis = random.int(0...1)
    let others = pool.filter { $0.isFloat && $0.extents.count == 2 && $0.extents[0] == a.extents[axis] }
    guard let other = others.isEmpty ? nil : random.pick(others) else { return }
    define(
      "dot_general %\(a.name), %\(other.name) {lhs_contracting = [\(axis)], rhs_contracting = [0]}",
      [a.extents[1 - axis], other.extents[1]])
  }

  /// What depends on where an element stands.
  private mutating func positions(_ a: Named) {
    guard !a.extents.isEmpty else { return }
    let axis = random.int(0...a.extents.count - 1)
    let i = define("iota {type = \(type(a.extents, "f32")), axis = \(axis)}", a.extents)
    let scaled = define("multiply %\(i.name), %\(a.name)", a.extents)
    define("tanh %\(scaled.name)", a.extents)
  }

  // MARK: Functions on the net

  private mutating func lossFunction(_ arguments: String, _ results: [Named]) -> String {
    var text = "func @loss(\(arguments)) {\n  " + results.indices.map { "%r\($0)" }.joined(separator: ", ")
    text += " = call @net(%x, %k)\n"
    for (number, result) in results.enumerated() {
      text += "  %t\(number) = tanh %r\(number)\n"
      let isBatch = result.extents.count == 2 && result.extents[0] == -1 && result.extents[1] > 1
      switch random.int(0...3) {
      case 0 where isBatch:
        let label = random.chance(50) ? "%k" : "%s\(number)"
        if label != "%k" { text += "  %s\(number) = softmax %t\(number)\n" }
        text += "  %c\(number) = softmax_cross_entropy %r\(number), \(label)\n  %m\(number) = reduce_mean %c\(number)\n"
      case 1: text += "  %m\(number) = mean_squared_error %t\(number), %r\(number)\n"
      case 2:
        text += "  %s\(number) = sigmoid %r\(number)\n"
        text += "  %c\(number) = sigmoid_cross_entropy %r\(number), %s\(number)\n"
        text += "  %m\(number) = reduce_mean %c\(number)\n"
      default: text += "  %m\(number) = reduce_mean %t\(number)\n"
      }
    }
    for number in results.indices.dropFirst() {
      let sum = number == 1 ? "%m0" : "%a\(number - 1)"
      text += "  %a\(number) = add \(sum), %m\(number)\n"
    }
    return text + "  return \(results.count == 1 ? "%m0" : "%a\(results.count - 1)")\n}\n"
  }

  private func penalty(_ arguments: String, _ used: [String]) -> String {
    var text = "func @penalty(\(arguments)) {\n  " + used.indices.map { "%g\($0)" }.joined(separator: ", ")
    text += " = call @slope(%x, %k)\n"
    for number in used.indices {
      text += "  %q\(number) = multiply %g\(number), %g\(number)\n  %s\(number) = reduce_sum %q\(number)\n"
    }
    for number in used.indices.dropFirst() {
      text += "  %a\(number) = add \(number == 1 ? "%s0" : "%a\(number - 1)"), %s\(number)\n"
    }
    return text + "  return \(used.count == 1 ? "%s0" : "%a\(used.count - 1)")\n}\n"
  }
}
