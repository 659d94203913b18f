import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaTensors
import RealModule
import Testing

/// Losses where logits are infinite or too far apart, and derivatives where a function is nearly constant: compiled and
/// interpreted give the limit.
@Suite struct InfiniteLossTests {
  /// The results of `entry`, compiled for every instruction set and interpreted, each with a name.
  private func results(
    _ graph: Graph, _ entry: String, _ arguments: [Tensor]
  ) throws -> [(what: String, values: [Double])] {
    let compiled = try GraphComparison.instructionSets.map { set in
      ("\(entry) for \(set)", try compiledResults(graph, entry, arguments, set).flatMap(\.doubles))
    }
    guard graph.functions.contains(where: { $0.name == entry }) else { return compiled }
    return compiled
      + [
        (
          "\(entry), interpreted",
          GraphInterpreter(graph).run(entry, arguments: arguments, parameters: [:]).results.flatMap(\.doubles)
        )
      ]
  }

  /// The losses `@rows` of `operation` for logits and labels of `extents`, and `@slope`, the derivative of their sum by
  /// the logits.
  private func graph(_ operation: String, _ type: TensorType) throws -> Graph {
    try parsed(
      """
      graph @infinite version 1

      func @rows(%z: \(type), %y: \(type)) {
        %l = \(operation) %z, %y
        return %l
      }

      func @loss(%z: \(type), %y: \(type)) {
        %l = call @rows(%z, %y)
        %s = reduce_sum %l
        return %s
      }

      gradient @slope of @loss wrt %z
      """)
  }

  /// A class of probability 0 counts nothing, whatever its logit is.
  @Test(arguments: [ElementType.f32, .f64])
  func impossibleClassesCountNothing(_ type: ElementType) throws {
    let large = type == .f32 ? 3e38 : 1.5e308
    let rows: [(logits: [Double], labels: [Double], loss: Double, slope: [Double])] = [
      ([large, -large, 0], [1, 0, 0], 0, [0, 0, 0]),
      ([0, -.infinity, -.infinity], [1, 0, 0], 0, [0, 0, 0]),
      ([-.infinity, 0, -.infinity], [0, 1, 0], 0, [0, 0, 0]),
      ([0, -.infinity, 0], [0, 1, 0], .infinity, [0.5, -1, 0.5]),
      ([-large, large, 0], [1, 0, 0], .infinity, [-1, 1, 0]),
      ([0, 0, -.infinity], [0.5, 0.5, 0], 0.693147180559945, [0, 0, 0]),
      ([0, 0, -.infinity], [0.25, 0.25, 0.5], .infinity, [0.25, 0.25, -0.5]),
      // No softmax, no loss.
      ([.infinity, 0, 0], [1, 0, 0], .nan, [.nan, .nan, .nan]),
      ([.nan, 0, 0], [0, 1, 0], .nan, [.nan, .nan, .nan]),
      ([0, 1, 2], [.nan, 0, 1], .nan, [.nan, .nan, .nan]),
    ]
    let extents = TensorType([rows.count, 3], type)
    let arguments = [rows.flatMap(\.logits), rows.flatMap(\.labels)].map { Tensor(extents, rounding: $0) }
    let graph = try graph("softmax_cross_entropy", extents)
    for (what, values) in try results(graph, "rows", arguments) {
      for (value, row) in zip(values, rows) { #expect(agree(value, row.loss), "\(what): \(row.logits), \(row.labels)") }
      #expect(values[0].sign == .plus, "\(what)")
    }
    for (what, values) in try results(graph, "slope", arguments) {
      for (value, (row, column)) in zip(values, rows.flatMap { row in (0..<3).map { (row, $0) } }) {
        #expect(agree(value, row.slope[column]), "\(what): \(row.logits), \(row.labels)")
      }
    }
  }

  /// The loss of an infinite logit is 0 where the label is as sure, else infinite; never NaN.
  @Test(arguments: [ElementType.f32, .f64])
  func infiniteLogits(_ type: ElementType) throws {
    let large = type == .f32 ? 3e38 : 1.5e308
    let cases: [(logit: Double, label: Double, loss: Double, slope: Double)] = [
      (.infinity, 1, 0, 0), (.infinity, 0, .infinity, 1), (.infinity, 0.5, .infinity, 0.5),
      (-.infinity, 0, 0, 0), (-.infinity, 1, .infinity, -1), (-.infinity, 0.25, .infinity, -0.25),
      (large, 1, 0, 0), (large, 0, large, 1), (-large, 0, 0, 0), (-large, 1, large, -1), (large, 0.5, large / 2, 0.5),
      (0, 0.25, 0.693147180559945, 0.25), (-0.0, 1, 0.693147180559945, -0.5), (20, 0.75, 5.0000000020611536, 0.25),
      (.nan, 0, .nan, .nan), (.nan, 1, .nan, .nan), (1, .nan, .nan, .nan), (.infinity, .nan, .nan, .nan),
    ]
    let extents = TensorType([cases.count], type)
    let arguments = [cases.map(\.logit), cases.map(\.label)].map { Tensor(extents, rounding: $0) }
    let graph = try graph("sigmoid_cross_entropy", extents)
    for (what, values) in try results(graph, "rows", arguments) {
      for (value, test) in zip(values, cases) { #expect(agree(value, test.loss), "\(what): \(test)") }
    }
    for (what, values) in try results(graph, "slope", arguments) {
      for (value, test) in zip(values, cases) { #expect(agree(value, test.slope), "\(what): \(test)") }
    }
  }

  /// The second derivative of softplus, σ(x) σ(-x), keeps all digits where σ(x) rounds to 1.
  @Test(arguments: [ElementType.f32, .f64])
  func curvatureOfSoftplus(_ type: ElementType) throws {
    let x: [Double] = [37.43, -37.43, 20, -20, 60, -60, 700, 0, -0.0, 1, .infinity, -.infinity]
    let curvatures = x.map { x -> Double in
      let power = Double.exp(-abs(x))
      return power / ((1 + power) * (1 + power))
    }
    let extents = TensorType([x.count], type)
    let graph = try parsed(
      """
      graph @softplus version 1

      func @sum(%x: \(extents)) {
        %y = softplus %x
        %s = reduce_sum %y
        return %s
      }
      gradient @slopes of @sum wrt %x
      func @total(%x: \(extents)) {
        %y = call @slopes(%x)
        %s = reduce_sum %y
        return %s
      }
      gradient @curvatures of @total wrt %x
      """)
    for (what, values) in try results(graph, "curvatures", [Tensor(extents, rounding: x)]) {
      for (i, value) in values.enumerated() {
        let tolerance = type == .f32 ? 4e-6 : 1e-14
        // Below the smallest normal number there are fewer digits.
        let smallest = type == .f32 ? 0x1p-126 : 0x1p-1022
        #expect(
          abs(value - curvatures[i]) <= max(tolerance * curvatures[i], smallest),
          "\(what) at \(x[i]): \(value), expected \(curvatures[i])")
      }
    }
  }

  /// Equal but for rounding; NaN agrees with NaN.
  private func agree(_ a: Double, _ b: Double) -> Bool {
    a == b || a.isNaN && b.isNaN || abs(a - b) <= 1e-6 * abs(b)
  }
}
