import FraguaSource
import FraguaTensors

/// A type that contractions multiply and add in.
private protocol ContractElement: TensorElement {
  /// What a sum starts at: what changes nothing when added.
  static var nothing: Self { get }
  /// `a * b + c`: rounded once, or wrapping.
  static func fma(_ a: Self, _ b: Self, _ c: Self) -> Self
  /// `a + b`.
  static func sum(_ a: Self, _ b: Self) -> Self
}

extension Float: ContractElement {
  static var nothing: Float { -0.0 }
  @inline(__always) static func fma(_ a: Float, _ b: Float, _ c: Float) -> Float { c.addingProduct(a, b) }
  static func sum(_ a: Float, _ b: Float) -> Float { a + b }
}
extension Double: ContractElement {
  static var nothing: Double { -0.0 }
  @inline(__always) static func fma(_ a: Double, _ b: Double, _ c: Double) -> Double { c.addingProduct(a, b) }
  static func sum(_ a: Double, _ b: Double) -> Double { a + b }
}
extension ContractElement where Self: FixedWidthInteger {
  static var nothing: Self { 0 }
  @inline(__always) static func fma(_ a: Self, _ b: Self, _ c: Self) -> Self { c &+ a &* b }
  static func sum(_ a: Self, _ b: Self) -> Self { a &+ b }
}
extension Int32: ContractElement {}
extension Int64: ContractElement {}
extension UInt8: ContractElement {}

extension KernelRun {
  /// Runs a contraction.
  func contract(_ body: ContractBody) {
    guard let type = body.accumulator.host as? any ContractElement.Type else {
      preconditionFailure("the verifier refuses sums in \(body.accumulator.rawValue)")
    }
    // The compiler makes code of their own for floats.
    switch type {
    case is Float.Type: contract(body.widened, Float.self)
    case is Double.Type: contract(body.widened, Double.self)
    default: contract(body.widened, type)
    }
  }

  /// Runs a contraction in the arithmetic of `T`; both factors are evaluated once for each point of the batch axes.
  private func contract<T: ContractElement>(_ body: ContractBody, _: T.Type) {
    let batch = 0..<body.batchAxes
    let m = batch.upperBound..<batch.upperBound + body.mAxes
    let n = m.upperBound..<m.upperBound + body.nAxes
    let k = n.upperBound..<kernel.axes.count
    let (rowCount, columnCount, depth) = (count(m), count(n), count(k))
    let (lhs, rhs, epilogue) = (runner(body.lhs), runner(body.rhs), runner(body.epilogue))
    let rhsSum = body.rhsSum.map { runner($0) }
    let lhsSum = body.lhsSum.map { runner($0) }
    var left = [T](repeating: .nothing, count: rowCount * depth)  // [m, k]
    var right = [T](repeating: .nothing, count: depth * columnCount)  // [k, n]
    var row = [T](repeating: .nothing, count: columnCount)
    forEachPoint(of: batch) { _ in
      forEachPoint(of: m) { i in
        forEachPoint(of: k) { p in
          lhs.run(at: coordinates)
          left[i * depth + p] = T(lhs.last)
        }
      }
      forEachPoint(of: k) { p in
        forEachPoint(of: n) { j in
          rhs.run(at: coordinates)
          right[p * columnCount + j] = T(rhs.last)
        }
      }
      forEachPoint(of: m) { i in
        switch body.summation {
        case .chain: chain(left, i, right, into: &row)
        case .lanes: lanes(left, i, right, into: &row)
        }
        forEachPoint(of: n) { j in finish(epilogue, row[j].scalar) }
      }
      if let rhsSum {
        forEachPoint(of: n) { j in
          finish(rhsSum, sum((0..<depth).map { right[$0 * columnCount + j] }).scalar)
        }
      }
      if let lhsSum {
        forEachPoint(of: m) { i in finish(lhsSum, sum(Array(left[i * depth..<(i + 1) * depth])).scalar) }
      }
    }
  }

  /// The sum of `values` as a ``Reduction``.
  private func sum<T: ContractElement>(_ values: [T]) -> T {
    var sum = LaneSum(from: T.nothing, by: T.sum)
    for value in values { sum.join { T.sum($0, value) } }
    return sum.result
  }

  /// The chains of row `i` of `left`, all columns side by side, part by part.
  private func chain<T: ContractElement>(_ left: [T], _ i: Int, _ right: [T], into row: inout [T]) {
    let depth = right.count / row.count
    var parts = PartTree<[T]>()
    for start in stride(from: 0, to: depth, by: Kernel.partLength) {
      row = Array(repeating: .nothing, count: row.count)
      chain(left, i, right, start..<min(start + Kernel.partLength, depth), into: &row)
      parts.append(row) { zip($0, $1).map(T.sum) }
    }
    row = parts.joined { zip($0, $1).map(T.sum) } ?? row
  }

  /// Adds the products of the steps `steps` to `row`.
  private func chain<T: ContractElement>(
    _ left: [T], _ i: Int, _ right: [T], _ steps: Range<Int>, into row: inout [T]
  ) {
    let columnCount = row.count
    let depth = right.count / columnCount
    left.withUnsafeBufferPointer { left in
      right.withUnsafeBufferPointer { right in
        row.withUnsafeMutableBufferPointer { row in
          for p in steps {
            let factor = left[i * depth + p]
            let start = p * columnCount
            for j in 0..<columnCount { row[j] = T.fma(factor, right[start + j], row[j]) }
          }
        }
      }
    }
  }

  /// Row `i` of `left` times `right` in virtual lanes.
  private func lanes<T: ContractElement>(_ left: [T], _ i: Int, _ right: [T], into row: inout [T]) {
    let depth = right.count / row.count
    for j in row.indices {
      var sum = LaneSum(from: T.nothing, by: T.sum)
      for p in 0..<depth { sum.join { T.fma(left[i * depth + p], right[p * row.count + j], $0) } }
      row[j] = sum.result
    }
  }

  /// Runs an epilogue on `value` at the point.
  private func finish(_ epilogue: BlockRunner, _ value: Scalar) {
    epilogue.run(at: coordinates, inputs: [value])
    epilogue.store(at: coordinates)
  }

  /// Runs a scatter.
  func scatter(_ body: ScatterBody) {
    let r = 0..<1
    let s = 1..<1 + body.sourceAxes
    let d = s.upperBound..<kernel.axes.count
    let inner = count(d)
    let (initial, index, update) = (runner(body.initial), runner(body.index), runner(body.update))
    let epilogue = runner(body.epilogue)
    let arithmetic = ScalarArithmetic()
    var target: [Scalar] = []  // [r, d]
    target.reserveCapacity(kernel.axes[0] * inner)
    forEachPoint(of: r) { _ in
      forEachPoint(of: d) { _ in
        initial.run(at: coordinates)
        target.append(initial.last)
      }
    }
    forEachPoint(of: s) { _ in
      index.run(at: coordinates)
      guard let row = Int(exactly: index.last.integer), row >= 0, row < kernel.axes[0] else { return }
      forEachPoint(of: d) { j in
        update.run(at: coordinates)
        target[row * inner + j] = arithmetic.add(target[row * inner + j], update.last)
      }
    }
    forEachPoint(of: r) { i in
      forEachPoint(of: d) { j in finish(epilogue, target[i * inner + j]) }
    }
  }
}
