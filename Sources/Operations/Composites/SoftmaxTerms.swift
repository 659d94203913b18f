import FraguaGraph
import FraguaTensors

/// What softmax, its logarithm and its cross-entropy are made of. They emit the same nodes in the same order, so that
/// common subexpressions share them, the forward and the backward pass alike.
struct SoftmaxTerms {
  /// x minus the largest element of its row: at most 0, so that nothing overflows.
  let shifted: Value
  /// e to the power `shifted`.
  let exponential: Value
  /// The sum of `exponential` over the row, without the axis: at least 1.
  let sum: Value

  /// Emits the terms of the rows of `x` along `axis`.
  init(_ x: Value, axis: Int, _ builder: inout FunctionBuilder) {
    let largest = builder.broadcast(builder.reduceMax(x, axes: [axis]), to: x.type.shape, alongNew: [axis])
    shifted = builder.subtract(x, largest)
    exponential = builder.exp(shifted)
    sum = builder.reduceSum(exponential, axes: [axis])
  }
}

extension FunctionBuilder {
  /// `weight * x`, but `weight` where that is NaN: 0 where `x` is infinite and has no weight, so that it counts nothing.
  ///
  /// A NaN of `x` alone is lost.
  mutating func counted(_ x: Value, weight: Value) -> Value {
    let product = multiply(weight, x)
    return select(compare(.ne, product, product), weight, product)
  }

  /// The sum of `x` over `axis`, repeated along it.
  mutating func rowSum(_ x: Value, axis: Int) -> Value {
    broadcast(reduceSum(x, axes: [axis]), to: x.type.shape, alongNew: [axis])
  }

  /// The cotangent of the operand of a softmax with result `y`: `y (c - Σ c y)`.
  mutating func softmaxPullback(_ cotangent: Value, result y: Value, axis: Int) -> Value {
    let product = multiply(cotangent, y)
    return multiply(y, subtract(cotangent, rowSum(product, axis: axis)))
  }
}

/// The rows of a tensor along one axis as lists of positions, for the oracles.
func rows(_ extents: [Int], axis: Int) -> [[Int]] {
  let (reduced, targets) = reductionTargets(extents, axes: [axis])
  var rows = [[Int]](repeating: [], count: reduced.reduce(1, *))
  for (i, target) in targets.enumerated() { rows[target].append(i) }
  return rows
}
