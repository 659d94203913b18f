import FraguaGraph
import FraguaKernels
import FraguaTensors

/// One method an operation, for derivatives, decompositions, optimizers, passes and Swift programs.
///
/// These are for callers who know that the operands fit: a misfit traps with the operation's own message. Where the
/// operands come from a user, use ``FunctionBuilder/apply(_:_:_:names:)``, which throws. What would change nothing (a
/// reshape to the same shape, a sum over no axes, a conversion to the same type) returns its operand.
extension FunctionBuilder {
  // MARK: Elementwise functions of one operand

  /// `-x`.
  public mutating func negate(_ x: Value) -> Value { emit(NegateOperation(), [x]) }
  /// `e^x`.
  public mutating func exp(_ x: Value) -> Value { emit(ExpOperation(), [x]) }
  /// The natural logarithm.
  public mutating func log(_ x: Value) -> Value { emit(LogOperation(), [x]) }
  /// `log(1 + x)`.
  public mutating func log1p(_ x: Value) -> Value { emit(Log1pOperation(), [x]) }
  /// The square root.
  public mutating func sqrt(_ x: Value) -> Value { emit(SqrtOperation(), [x]) }
  /// `|x|`.
  public mutating func abs(_ x: Value) -> Value { emit(AbsOperation(), [x]) }
  /// -1, 0 or 1.
  public mutating func sign(_ x: Value) -> Value { emit(SignOperation(), [x]) }
  /// The largest integer that is not above x.
  public mutating func floor(_ x: Value) -> Value { emit(FloorOperation(), [x]) }
  /// The hyperbolic tangent.
  public mutating func tanh(_ x: Value) -> Value { emit(TanhOperation(), [x]) }
  /// `1 / (1 + e^-x)`.
  public mutating func sigmoid(_ x: Value) -> Value { emit(SigmoidOperation(), [x]) }
  /// `max(x, 0)`.
  public mutating func relu(_ x: Value) -> Value { emit(ReluOperation(), [x]) }
  /// The complement of each bit; of `i1`, the other truth value.
  public mutating func not(_ x: Value) -> Value { emit(NotOperation(), [x]) }
  /// `x` itself where it has the element type already.
  public mutating func convert(_ x: Value, to element: ElementType) -> Value {
    x.type.element == element ? x : emit(ConvertOperation(), [x], ["to": .elementType(element)])
  }

  // MARK: Elementwise functions of several operands: one shape, or rank 0 and a shape

  /// `a + b`.
  public mutating func add(_ a: Value, _ b: Value) -> Value { emit(AddOperation(), aligned(a, b)) }
  /// `a - b`.
  public mutating func subtract(_ a: Value, _ b: Value) -> Value { emit(SubtractOperation(), aligned(a, b)) }
  /// `a * b`, element by element.
  public mutating func multiply(_ a: Value, _ b: Value) -> Value { emit(MultiplyOperation(), aligned(a, b)) }
  /// `a / b`.
  public mutating func divide(_ a: Value, _ b: Value) -> Value { emit(DivideOperation(), aligned(a, b)) }
  /// The larger of a and b.
  public mutating func maximum(_ a: Value, _ b: Value) -> Value { emit(MaximumOperation(), aligned(a, b)) }
  /// The smaller of a and b.
  public mutating func minimum(_ a: Value, _ b: Value) -> Value { emit(MinimumOperation(), aligned(a, b)) }
  /// Both, bit by bit.
  public mutating func and(_ a: Value, _ b: Value) -> Value { emit(AndOperation(), aligned(a, b)) }
  /// Either, bit by bit.
  public mutating func or(_ a: Value, _ b: Value) -> Value { emit(OrOperation(), aligned(a, b)) }

  /// `a + b` with a constant.
  public mutating func add(_ a: Value, _ b: Double) -> Value { add(a, constant(b, like: a)) }
  /// `a - b` with a constant.
  public mutating func subtract(_ a: Value, _ b: Double) -> Value { subtract(a, constant(b, like: a)) }
  /// `a - b` with a constant.
  public mutating func subtract(_ a: Double, _ b: Value) -> Value { subtract(constant(a, like: b), b) }
  /// `a * b` with a constant.
  public mutating func multiply(_ a: Value, _ b: Double) -> Value { multiply(a, constant(b, like: a)) }
  /// `a / b` with a constant.
  public mutating func divide(_ a: Value, _ b: Double) -> Value { divide(a, constant(b, like: a)) }
  /// `a / b` with a constant.
  public mutating func divide(_ a: Double, _ b: Value) -> Value { divide(constant(a, like: b), b) }
  /// The larger of a and a constant.
  public mutating func maximum(_ a: Value, _ b: Double) -> Value { maximum(a, constant(b, like: a)) }

  /// Element by element, an `i1` tensor.
  public mutating func compare(_ direction: Comparison, _ a: Value, _ b: Value) -> Value {
    emit(CompareOperation(), aligned(a, b), ["direction": .keyword(direction.rawValue)])
  }
  /// Comparison with a constant.
  public mutating func compare(_ direction: Comparison, _ a: Value, _ b: Double) -> Value {
    compare(direction, a, constant(b, like: a))
  }
  /// `a` where `condition` holds, else `b`.
  public mutating func select(_ condition: Value, _ a: Value, _ b: Value) -> Value {
    let values = aligned(a, b)
    let conditions = aligned(condition, values[0])
    return emit(SelectOperation(), [conditions[0], aligned(values[0], condition)[0], aligned(values[1], condition)[0]])
  }

  // MARK: Constants

  /// `value`, rounded to the element type of `like`, in its shape.
  public mutating func constant(_ value: Double, like: Value) -> Value { constant(value, like.type) }
  /// A tensor of `type` whose every element is `value` rounded to the element type.
  public mutating func constant(_ value: Double, _ type: TensorType) -> Value {
    constant(ConstantValue(type, splat: Scalar(value, as: type.element)))
  }
  /// A tensor written out.
  public mutating func constant(_ tensor: Tensor) -> Value { constant(ConstantValue(tensor)) }
  /// A constant as attributes hold it.
  public mutating func constant(_ value: ConstantValue) -> Value {
    emit(ConstantOperation(), [], ["value": .tensor(value)])
  }
  /// A tensor of zeros.
  public mutating func zeros(_ type: TensorType) -> Value { constant(0, type) }
  /// The coordinate along `axis`.
  public mutating func iota(_ type: TensorType, axis: Int) -> Value {
    emit(IotaOperation(), [], ["type": .type(type), "axis": .integer(axis)])
  }

  // MARK: Views

  /// The same elements in row-major order in another shape.
  public mutating func reshape(_ x: Value, to shape: Shape) -> Value {
    if x.type.shape == shape { return x }
    return emit(ReshapeOperation(), [x], ["to": .type(TensorType(shape, x.type.element))])
  }
  /// Axis `a` of the result is axis `permutation[a]` of `x`.
  public mutating func transpose(_ x: Value, _ permutation: [Int]) -> Value {
    if permutation == Array(0..<x.type.rank) { return x }
    return emit(TransposeOperation(), [x], ["permutation": .integers(permutation)])
  }
  /// StableHLO's `broadcast_in_dim`: axis `a` of `x` becomes axis `axes[a]` of the result; an extent of 1 is repeated.
  public mutating func broadcast(_ x: Value, to shape: Shape, axes: [Int]) -> Value {
    if x.type.shape == shape, axes == Array(0..<shape.count) { return x }
    return emit(
      BroadcastOperation(), [x], ["to": .type(TensorType(shape, x.type.element)), "axes": .integers(axes)])
  }
  /// `x[start ..< limit by stride]` along `axes` (all where not given), whole along the others.
  public mutating func slice(
    _ x: Value, start: [Int], limit: [Int], stride: [Int]? = nil, axes: [Int]? = nil
  ) -> Value {
    var attributes: Attributes = ["start": .integers(start), "limit": .integers(limit)]
    if let stride { attributes["stride"] = .integers(stride) }
    if let axes { attributes["axes"] = .integers(axes) }
    return emit(SliceOperation(), [x], attributes)
  }
  /// `x` with `low` elements of value `fill` before and `high` after it along `axes` (all where not given).
  public mutating func pad(_ x: Value, low: [Int], high: [Int], axes: [Int]? = nil, fill: Double = 0) -> Value {
    if low.allSatisfy({ $0 == 0 }), high.allSatisfy({ $0 == 0 }) { return x }
    var attributes: Attributes = ["low": .integers(low), "high": .integers(high), "fill": .float(fill)]
    if let axes { attributes["axes"] = .integers(axes) }
    return emit(PadOperation(), [x], attributes)
  }

  // MARK: Reductions

  /// The sum over `axes`; with `keepAxes` they remain with extent 1.
  public mutating func reduceSum(_ x: Value, axes: [Int], keepAxes: Bool = false) -> Value {
    reduce(ReduceSumOperation(), x, axes, keepAxes)
  }
  /// The largest element over `axes`.
  public mutating func reduceMax(_ x: Value, axes: [Int], keepAxes: Bool = false) -> Value {
    reduce(ReduceMaxOperation(), x, axes, keepAxes)
  }
  /// The smallest element over `axes`.
  public mutating func reduceMin(_ x: Value, axes: [Int], keepAxes: Bool = false) -> Value {
    reduce(ReduceMinOperation(), x, axes, keepAxes)
  }
  /// The mean over `axes`, all where not given.
  public mutating func reduceMean(_ x: Value, axes: [Int]? = nil, keepAxes: Bool = false) -> Value {
    reduce(ReduceMeanOperation(), x, axes ?? Array(0..<x.type.rank), keepAxes)
  }
  /// The position of the largest element along `axis`, `i32`; the first of several.
  public mutating func argmax(_ x: Value, axis: Int) -> Value {
    emit(ArgmaxOperation(), [x], ["axis": .integer(axis)])
  }

  // MARK: Contractions

  /// The sum of products over pairs of axes.
  public mutating func dotGeneral(_ lhs: Value, _ rhs: Value, _ dimensions: ContractionDimensions) -> Value {
    emit(DotGeneralOperation(), [lhs, rhs], DotGeneralOperation.attributes(dimensions))
  }
  /// The matrix product, batched over leading axes.
  public mutating func matmul(_ a: Value, _ b: Value) -> Value { emit(MatmulOperation(), [a, b]) }
  /// `activation(x weights + bias)`.
  public mutating func dense(
    _ x: Value, _ weights: Value, _ bias: Value? = nil, activation: DenseOperation.Activation = .none
  ) -> Value {
    emit(
      DenseOperation(), [x, weights] + (bias.map { [$0] } ?? []), ["activation": .keyword(activation.rawValue)])
  }

  // MARK: Indexing

  /// `table[indices]` along axis 0; indices out of range are clamped.
  public mutating func gather(_ table: Value, _ indices: Value) -> Value { emit(GatherOperation(), [table, indices]) }
  /// `base`, then `base[indices[s]] += updates[s]` for each s in order; indices out of range add nothing.
  public mutating func scatterAdd(_ base: Value, _ indices: Value, _ updates: Value) -> Value {
    emit(ScatterAddOperation(), [base, indices, updates])
  }
  /// 1 where the new last coordinate is the index, else 0.
  public mutating func oneHot(_ indices: Value, depth: Int, _ element: ElementType) -> Value {
    emit(OneHotOperation(), [indices], ["depth": .integer(depth), "type": .elementType(element)])
  }

  // MARK: Random

  /// Uniform in `low ..< high`; `rng` is the state (seed, step).
  public mutating func randomUniform(
    _ type: TensorType, low: Double = 0, high: Double = 1, stream: Int, rng: Value
  ) -> Value {
    emit(
      RandomUniformOperation(), [rng],
      ["type": .type(type), "low": .float(low), "high": .float(high), "stream": .integer(stream)])
  }
  /// Normally distributed; `rng` is the state (seed, step).
  public mutating func randomNormal(
    _ type: TensorType, mean: Double = 0, stddev: Double = 1, stream: Int, rng: Value
  ) -> Value {
    emit(
      RandomNormalOperation(), [rng],
      ["type": .type(type), "mean": .float(mean), "stddev": .float(stddev), "stream": .integer(stream)])
  }
  /// In training, elements set to 0 with probability `rate`, the others scaled up.
  public mutating func dropout(_ x: Value, rate: Double, stream: Int, rng: Value) -> Value {
    emit(DropoutOperation(), [x, rng], ["rate": .float(rate), "stream": .integer(stream)])
  }

  // MARK: Rows and losses

  /// The exponentials along `axis`, scaled to the sum 1.
  public mutating func softmax(_ x: Value, axis: Int = -1) -> Value {
    emit(SoftmaxOperation(), [x], ["axis": .integer(axis)])
  }
  /// The logarithm of softmax.
  public mutating func logSoftmax(_ x: Value, axis: Int = -1) -> Value {
    emit(LogSoftmaxOperation(), [x], ["axis": .integer(axis)])
  }
  /// The mean of the squared differences, of rank 0.
  public mutating func meanSquaredError(_ x: Value, _ y: Value) -> Value {
    emit(MeanSquaredErrorOperation(), [x, y])
  }
  /// The cross-entropy of `sigmoid(logits)` with `labels`, element by element.
  public mutating func sigmoidCrossEntropy(_ logits: Value, _ labels: Value) -> Value {
    emit(SigmoidCrossEntropyOperation(), [logits, labels])
  }
  /// The cross-entropy of `softmax(logits)` with classes or probabilities, one for each row.
  public mutating func softmaxCrossEntropy(_ logits: Value, _ labels: Value) -> Value {
    emit(SoftmaxCrossEntropyOperation(), [logits, labels])
  }

  // MARK: Helpers

  /// `x` repeated along `axes` of `shape`, which it does not have: what undoes a reduction over them.
  public mutating func broadcast(_ x: Value, to shape: Shape, alongNew axes: [Int]) -> Value {
    broadcast(x, to: shape, axes: (0..<shape.count).filter { !axes.contains($0) })
  }

  /// Both operands, one of rank 0 broadcast to the other's shape.
  private mutating func aligned(_ a: Value, _ b: Value) -> [Value] {
    if a.type.shape == b.type.shape { return [a, b] }
    if a.type.rank == 0 { return [broadcast(a, to: b.type.shape, axes: []), b] }
    if b.type.rank == 0 { return [a, broadcast(b, to: a.type.shape, axes: [])] }
    return [a, b]
  }

  /// Applies a reduction over `axes`, which it removes; `keepAxes` puts them back with extent 1.
  private mutating func reduce(_ operation: any Operation, _ x: Value, _ axes: [Int], _ keepAxes: Bool) -> Value {
    if axes.isEmpty { return x }
    let reduced = emit(operation, [x], ["axes": .integers(axes)])
    guard keepAxes else { return reduced }
    let positive = Set(axes.map { $0 < 0 ? $0 + x.type.rank : $0 })
    return reshape(reduced, to: x.type.shape.enumerated().map { positive.contains($0) ? 1 : $1 })
  }
}
