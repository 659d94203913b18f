import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaTensors

/// A function made of random uses of the operations, with data to run it on: what tests hold passes and compiled code
/// against.
///
/// The same seed gives the same graph. Every operation of the standard table takes part, in the uses that its examples
/// show; operands come from values computed before, adapted to the type by conversions, reshapes and broadcasts, from
/// constants that invite simplification, or from new arguments.
public struct RandomGraph: Sendable {
  public let seed: UInt64
  /// One function `f`; where it has floating-point arguments and results also the function `loss` and the gradient `g`
  /// of it by all of them; where it has arguments also the function `u`, which reads some of them from parameters and
  /// updates those.
  public let graph: Graph
  public let parameters: [String: Tensor]
  /// The entries to compile.
  public let entries: [String]
  private let argumentsOfEntry: [String: [Tensor]]

  /// The data to run `entry` on.
  public func arguments(of entry: String) -> [Tensor] { argumentsOfEntry[entry]! }

  /// The graph of `seed` with about `size` operations.
  /// - Parameter rearranges: whether a third of them are chains of reshapes and transposes.
  public init(seed: UInt64, size: Int, rearranges: Bool = false) {
    var maker = GraphMaker(seed: seed, rearranges: rearranges)
    maker.addNodes(size)
    self.seed = seed
    let function = maker.finished()
    var parameters = ["rng": Tensor([2], [Int64(truncatingIfNeeded: seed), 3])]
    var entries = ["f"]
    var arguments = ["f": maker.arguments]
    var graph = Graph(name: "random", parameters: [GraphMaker.generator], functions: [function])
    if let loss = GraphMaker.loss(of: function) {
      graph.functions.append(loss)
      let variables = loss.differentiableArguments
      if !variables.isEmpty {
        graph.gradients = [
          GradientDeclaration(name: "g", function: "loss", variables: variables.map { .argument($0) })
        ]
        entries.append("g")
        arguments["g"] = maker.arguments
      }
    }
    if let (updating, moved) = maker.updating(function) {
      graph.functions.append(updating)
      for (name, index) in moved {
        let tensor = maker.arguments[index]
        parameters[name] = tensor
        graph.parameters.append(
          Parameter(
            name: name, type: tensor.type, initializer: InitializerUse("zeros"), isTrainable: tensor.element.isFloat))
      }
      let indices = Set(moved.map(\.argument))
      entries.append("u")
      arguments["u"] = maker.arguments.indices.filter { !indices.contains($0) }.map { maker.arguments[$0] }
    }
    self.graph = graph
    self.parameters = parameters
    self.entries = entries
    argumentsOfEntry = arguments
  }
}

/// Builds the function of a ``RandomGraph``.
private struct GraphMaker {
  static let generator = Parameter(
    name: "rng", type: TensorType([2], .i64), initializer: InitializerUse("zeros"), isTrainable: false)
  /// The uses to draw from.
  private static let uses: [(operation: any Operation, example: OperationExample)] =
    OperationTable.standard.all.flatMap { operation in operation.examples.map { (operation, $0) } }

  private var random: RandomSource
  private var builder = FunctionBuilder(name: "f")
  private var pool: [Value] = []
  private(set) var arguments: [Tensor] = []

  private let rearranges: Bool

  init(seed: UInt64, rearranges: Bool) {
    random = RandomSource(seed: seed)
    self.rearranges = rearranges
  }

  mutating func addNodes(_ count: Int) {
    for _ in 0..<count {
      if rearranges, let shaped = pool.filter({ $0.type.rank > 0 }).last, random.chance(33) {
        let x = random.chance(50) ? shaped : random.pick(pool)
        pool.append(rearranged(x))
        continue
      }
      if !pool.isEmpty, random.chance(25) {
        pool.append(roundabout(random.pick(pool)))
        continue
      }
      let use = random.pick(Self.uses)
      var operands: [Value] = []
      for (i, type) in use.example.operands.enumerated() {
        if use.operation is any RandomOperation, i == use.example.operands.count - 1 {
          operands.append(builder.parameter("rng", type))
        } else {
          operands.append(operand(type, use.example.values[i]))
        }
      }
      do {
        pool += try builder.apply(use.operation, operands, use.example.attributes)
        // The same again, for common subexpressions.
        if random.chance(5) { pool += try builder.apply(use.operation, operands, use.example.attributes) }
      } catch { preconditionFailure("the example of '\(use.operation.name)' fits: \(error.message)") }
    }
  }

  /// The function, which returns a few of the values.
  mutating func finished() -> Function {
    let count = min(pool.count, random.int(1...4))
    var results = [pool[pool.count - 1]]
    for _ in 1..<max(1, count) { results.append(random.pick(pool)) }
    builder.setResults(results)
    return builder.function
  }

  /// The function `u`: `function` with some arguments read from parameters, most of which it updates with any of its
  /// values; `nil` where chance moves none.
  mutating func updating(_ function: Function) -> (function: Function, moved: [(name: String, argument: Int)])? {
    let moved = function.arguments.indices.filter { _ in random.chance(60) }.map { (name: "p\($0)", argument: $0) }
    if moved.isEmpty { return nil }
    var updating = function
    updating.name = "u"
    updating.arguments = []
    for (index, argument) in function.arguments.enumerated() {
      guard let parameter = moved.first(where: { $0.argument == index }) else {
        updating.arguments.append(argument)
        continue
      }
      updating.valueNames[argument.id] = nil
      updating.parameterReads.append(.init(parameter: parameter.name, value: argument))
      let values = (function.arguments + function.nodes.flatMap(\.results)).filter { $0.type == argument.type }
      if random.chance(80) {
        updating.updates.append(Update(parameter: parameter.name, value: random.pick(values)))
      }
    }
    return (updating, moved)
  }

  /// A value of `type`.
  private mutating func operand(_ type: TensorType, _ values: OperationExample.Values) -> Value {
    if random.chance(20) {
      let constant = random.pick([0.0, -0.0, 1, -1, 2, 0.5, 3])
      return builder.constant(constant, type)
    }
    let fitting = pool.filter { $0.type == type }
    if !fitting.isEmpty, random.chance(75) { return random.pick(fitting) }
    if !pool.isEmpty, random.chance(50) { return adapted(random.pick(pool), to: type) }
    let argument = builder.argument("x\(arguments.count)", type)
    arguments.append(drawn(type, values))
    pool.append(argument)
    return argument
  }

  /// A value of `type` that depends on `value`.
  private mutating func adapted(_ value: Value, to type: TensorType) -> Value {
    var value = value
    if value.type.elementCount == type.elementCount {
      return builder.reshape(builder.convert(value, to: type.element), to: type.shape)
    }
    value = builder.convert(value, to: value.type.element.arithmetic)
    if value.type.element == .i1 { value = builder.convert(value, to: .i32) }
    value = builder.reduceMax(value, axes: Array(0..<value.type.rank))
    return builder.broadcast(builder.convert(value, to: type.element), to: type.shape, axes: [])
  }

  /// Something that `simplify` undoes, in part or whole.
  private mutating func roundabout(_ x: Value) -> Value {
    let permutation = Array((0..<x.type.rank).shuffled(using: &random))
    let isNumber = ElementTypes.numbers.contains(x.type.element)
    switch random.int(0...7) {
    case 0 where isNumber && x.type.element != .ui8: return builder.negate(builder.negate(x))
    case 1 where isNumber: return builder.multiply(x, random.pick([1.0, -1, 2]))
    case 2 where isNumber: return builder.add(x, random.pick([0.0, -0.0, 1]))
    case 3 where isNumber: return builder.divide(x, random.pick([1.0, 4, 3]))
    case 4: return builder.transpose(x, permutation)
    case 5:
      let wide = builder.broadcast(x, to: [3] + x.type.shape, axes: Array(1..<x.type.rank + 1))
      return isNumber ? builder.reduceMax(wide, axes: [random.int(0...x.type.rank)]) : wide
    case 6: return builder.reshape(x, to: [.fixed(x.type.elementCount), 1])
    default:
      let flat = builder.reshape(x, to: [1, .fixed(x.type.elementCount)])
      return builder.transpose(flat, [1, 0])
    }
  }

  /// The elements of `x` in other places: split axes, turned and joined.
  private mutating func rearranged(_ x: Value) -> Value {
    var x = x
    for _ in 0..<random.int(1...4) {
      if x.type.rank > 0, x.type.elementCount < 4096, random.chance(15) {
        let axis = random.int(0...x.type.rank - 1)
        x = builder.pad(x, low: [random.int(0...2)], high: [random.int(0...2)], axes: [axis])
      } else if x.type.rank > 1, random.chance(50) {
        x = builder.transpose(x, Array((0..<x.type.rank).shuffled(using: &random)))
      } else {
        x = builder.reshape(x, to: factors(of: x.type.elementCount).map(Extent.fixed))
      }
    }
    return x
  }

  /// Up to four extents of a shape of `count` elements.
  private mutating func factors(of count: Int) -> [Int] {
    var factors = [count]
    for _ in 0..<random.int(0...3) {
      let position = random.int(0...factors.count - 1)
      let divisors = (1...factors[position]).filter { factors[position] % $0 == 0 }
      let factor = random.pick(divisors)
      factors.replaceSubrange(position...position, with: [factors[position] / factor, factor])
    }
    return factors
  }

  /// A tensor of random elements.
  private mutating func drawn(_ type: TensorType, _ values: OperationExample.Values) -> Tensor {
    switch values {
    case .cycle(let list): return Tensor(type, rounding: (0..<type.elementCount).map { list[$0 % list.count] })
    case .uniform(let range):
      let numbers = (0..<type.elementCount).map { _ in Double.random(in: range, using: &random) }
      return Tensor(type, rounding: type.element.isFloat ? numbers : numbers.map { $0.rounded(.down) })
    }
  }

  /// The function `loss`: the sum of the tangent-hyperbolics of all floating-point results of `function`; `nil` where
  /// it has none.
  static func loss(of function: Function) -> Function? {
    var builder = FunctionBuilder(continuing: function)
    var total: Value?
    for result in function.results where result.type.element.isFloat {
      let bounded = builder.convert(builder.tanh(builder.convert(result, to: result.type.element.arithmetic)), to: .f32)
      let sum = builder.reduceSum(bounded, axes: Array(0..<result.type.rank))
      total = total.map { builder.add($0, sum) } ?? sum
    }
    guard let total else { return nil }
    builder.setResults([total])
    var loss = builder.function
    loss.name = "loss"
    return loss
  }
}

extension Function {
  /// The names of the floating-point arguments on which the first result depends by way of floating-point values.
  public var differentiableArguments: [String] {
    var influences = Set([results[0].id])
    for node in nodes.reversed() where node.results.contains(where: { influences.contains($0.id) }) {
      for operand in node.operands where operand.type.element.isFloat { influences.insert(operand.id) }
    }
    return zip(arguments, argumentNames).filter { $0.0.type.element.isFloat && influences.contains($0.0.id) }.map(\.1)
  }
}
