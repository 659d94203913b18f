import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// An operation that joins the elements along some axes, which disappear.
///
/// The operation gives the oracle, the combiner, the derivative and the documentation; the rest is here.
public protocol ReductionOperation: PrimitiveOperation, SimplifiableOperation {
  var combiner: Combiner { get }

  /// What reducing `count` elements equal to `element` gives; `nil` where that is nothing simpler.
  func joined(_ count: Int, _ element: Value, in s: inout some Simplification) -> Value?
}

extension ReductionOperation {
  public var operandRule: OperandRule { OperandRule(["x"]) }
  public var schema: [AttributeSchema] { [reducedAxesSchema] }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.numbers)
    return [try reducedType(operands[0], attributes)]
  }

  /// A sum over no axes, which rank 0 has, is the operand itself.
  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    let axes = attributes.axes("axes", rank: operands[0].rank)
    return axes.isEmpty ? .pointwise { _, x in x[0] } : .reduction(combiner, axes: axes)
  }

  public var examples: [OperationExample] { reductionExamples + integerReductionExamples }
}

/// The schema of the attribute `axes` of reductions.
let reducedAxesSchema = AttributeSchema(
  "axes", .integers, isOptional: true,
  summary: "The axes that are joined; -1 is the innermost. All axes where not given.",
  otherNames: ["axis", "dim", "dims", "dimension", "dimensions"])

/// Examples of reductions of floats: with and without axes, negative axes, rank 0.
var reductionExamples: [OperationExample] {
  func example(_ extents: [Int], _ element: ElementType, _ axes: [Int]?) -> OperationExample {
    OperationExample([TensorType(extents, element)], attributes: axes.map { ["axes": .integers($0)] } ?? [:])
  }
  return [
    example([2, 3], .f32, nil), example([3, 5], .f64, [1]), example([3, 5], .f32, [0]),
    example([2, 3, 4], .f64, [0, 2]), example([2, 3, 4], .f32, [-1]), example([], .f32, nil), example([33], .f32, nil),
    example([2, 1], .f64, [1]),
  ]
}

/// Examples of reductions of integers.
var integerReductionExamples: [OperationExample] {
  [
    OperationExample([TensorType([3, 5], .i32)], values: [.uniform(-9...9)], attributes: ["axes": .integers([1])]),
    OperationExample([TensorType([7], .i64)], values: [.uniform(-9...9)]),
    OperationExample([TensorType([2, 3], .ui8)], values: [.uniform(0...255)], attributes: ["axes": .integers([0])]),
  ]
}

extension Operation {
  /// `x` without the axes that the attribute `axes` names.
  func reducedType(_ x: TensorType, _ attributes: Attributes) throws(Diagnostic) -> TensorType {
    guard case .integers(let written)? = attributes["axes"] else { return TensorType([Int](), x.element) }
    var axes: [Int] = []
    for axis in written { axes.append(try checkedAxis(axis, rank: x.rank, of: "axes")) }
    try requireAxes(axes, rank: x.rank, of: "axes")
    return TensorType((0..<x.rank).filter { !axes.contains($0) }.map { x.shape[$0] }, x.element)
  }
}

/// For each element of a tensor, the position of the element of the reduced tensor that it joins; and the reduced
/// extents.
func reductionTargets(_ extents: [Int], axes: [Int]) -> (extents: [Int], targets: [Int]) {
  let kept = extents.indices.filter { !axes.contains($0) }
  let reduced = kept.map { extents[$0] }
  var strides = Array(repeating: 0, count: extents.count)
  for (axis, stride) in zip(kept, rowMajorStrides(reduced)) { strides[axis] = stride }
  return (reduced, linearIndices(extents, strides: strides))
}

/// `x` reduced along `axes` by `float` or `integer`, each result starting with its first element.
func reduceOracle(
  _ x: Tensor, axes: [Int], float: (Double, Double) -> Double, integer: (Int64, Int64) -> Int64
) -> Tensor {
  let (extents, targets) = reductionTargets(x.extents, axes: axes)
  let type = TensorType(extents, x.element)
  func joined<T>(_ elements: [T], _ join: (T, T) -> T) -> [T] {
    var results = [T?](repeating: nil, count: type.elementCount)
    for (element, target) in zip(elements, targets) {
      results[target] = results[target].map { join($0, element) } ?? element
    }
    return results.compactMap { $0 }
  }
  return x.element.isFloat
    ? Tensor(type, rounding: joined(x.doubles.map(\.flushed), float))
    : Tensor(type, wrapping: joined(x.integers, integer))
}
