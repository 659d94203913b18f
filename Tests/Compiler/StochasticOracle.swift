import FraguaGraph
import FraguaTensors
import TestSupport

/// The oracle of a whole function for results that are rounded elsewhere along the way.
///
/// The graph interpreter rounds each operation once. Compiled code does not where ``RoundingBounds`` says so, and what
/// follows may magnify the difference without limit, at a step of `floor` or in a cancellation. So the oracle runs the
/// function again and again with every such result moved at random within its bound (stochastic arithmetic: Vignes,
/// "A stochastic arithmetic for reliable scientific computation", 1993), and the results that it sees span what the
/// compiled ones may be. Where nothing is moved, they must be equal.
struct StochasticOracle {
  let function: Function
  let arguments: [Tensor]
  let parameters: [String: Tensor]

  /// How elements compared.
  struct Counts {
    var elements = 0
    /// Those that the plain oracle gives.
    var equal = 0
    /// Those that agree only because rounding leaves less than two digits of them.
    var undetermined = 0
    /// The functions compared, and the sum of their shares of undetermined elements.
    var functions = 0
    var undeterminedShares = 0.0
  }

  /// How many runs there are before a difference counts: most differences are explained by few.
  private static let rounds = [8, 64, 512]

  /// Where `actual`, the results and then the updated parameters in order of their updates, differs; `nil` where it
  /// does not.
  func difference(from actual: [Tensor], seed: UInt64, _ counts: inout Counts) -> String? {
    var random = RandomSource(seed: seed)
    var samples = [withDenormalsAsZeros { run { _, _, result in result } }]
    let total = actual.reduce(0) { $0 + $1.count }
    var message = compare(actual, samples, &counts)
    for round in Self.rounds where message != nil {
      while samples.count < round {
        // Equal elements are rounded alike, which no independent moves show.
        let isCommon = samples.count % 2 == 0
        samples.append(
          withDenormalsAsZeros { run { node, operands, result in moved(node, operands, result, isCommon, &random) } })
      }
      message = compare(actual, samples, &counts)
    }
    counts.elements += total
    return message
  }

  /// Runs the function; what each node gives goes through `adjust`.
  private func run(_ adjust: (Node, [Tensor], Tensor) -> Tensor) -> [Tensor] {
    var values = ValueTable<Tensor?>(repeating: nil, count: function.valueCount)
    for (value, tensor) in zip(function.arguments, arguments) { values[value.id] = tensor }
    for read in function.parameterReads { values[read.value.id] = parameters[read.parameter]! }
    for node in function.nodes {
      guard let operation = node.operation else { preconditionFailure("the oracle runs operations only") }
      let operands = node.operands.map { values[$0.id]! }
      for (value, tensor) in zip(node.results, operation.evaluate(operands, node.attributes)) {
        values[value.id] = adjust(node, operands, tensor)
      }
    }
    return (function.results + function.updates.map(\.value)).map { values[$0.id]! }
  }

  /// `result` with each element moved at random within its bound, or all by the same share of it.
  private func moved(
    _ node: Node, _ operands: [Tensor], _ result: Tensor, _ isCommon: Bool, _ random: inout RandomSource
  ) -> Tensor {
    guard let bounds = RoundingBounds.bounds(node, operands, result) else { return result }
    let common = Double.random(in: -1...1, using: &random)
    let values = zip(result.doubles, bounds).map { x, bound -> Double in
      guard x.isFinite, bound.isFinite, bound > 0 else { return x }
      return x + bound * (isCommon ? common : Double.random(in: -1...1, using: &random))
    }
    return Tensor(result.type, rounding: values)
  }

  /// The first element of `actual` outside of what `samples` span, in words; counts the elements if there is none.
  private func compare(_ actual: [Tensor], _ samples: [[Tensor]], _ counts: inout Counts) -> String? {
    var equal = 0
    var undetermined = 0
    for (number, tensor) in actual.enumerated() {
      guard tensor.type == samples[0][number].type else {
        return "result \(number) is a \(tensor.type), expected \(samples[0][number].type)"
      }
      if tensor.firstDifference(from: samples[0][number]) == nil {
        equal += tensor.count
        continue
      }
      let all = samples.map { $0[number].doubles }
      for (i, value) in tensor.doubles.enumerated() {
        let seen = all.map { $0[i] }
        switch Verdict(value, seen) {
        case .equal: equal += 1
        case .within: break
        case .undetermined: undetermined += 1
        case .outside:
          return "element \(i) of result \(number), a \(tensor.type): \(value), but the oracle gives \(seen[0]), "
            + "and from \(seen.min()!) to \(seen.max()!) in \(seen.count) runs"
        }
      }
    }
    counts.equal += equal
    counts.undetermined += undetermined
    counts.functions += 1
    counts.undeterminedShares += Double(undetermined) / Double(actual.reduce(0) { $0 + $1.count })
    return nil
  }

  /// How an element compares with what the oracle gave in all runs, the plain one first.
  private enum Verdict {
    case equal, within, undetermined, outside

    init(_ value: Double, _ seen: [Double]) {
      if value == seen[0] || value.isNaN && seen[0].isNaN {
        self = .equal
        return
      }
      if seen.contains(where: \.isNaN) {
        self = .undetermined
        return
      }
      let (low, high) = (seen.min()!, seen.max()!)
      let spread = high - low
      if !value.isNaN, low == high ? value == low : spread.isInfinite || (low - spread...high + spread).contains(value)
      {
        self = spread > 0.01 * max(abs(low), abs(high)) ? .undetermined : .within
      } else {
        self = .outside
      }
    }
  }
}
