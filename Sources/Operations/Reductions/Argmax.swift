import FraguaGraph
import FraguaSource
import FraguaTensors

/// Where the largest element along an axis is.
public struct ArgmaxOperation: CompositeOperation {
  public init() {}

  public var name: String { "argmax" }
  public var operandRule: OperandRule { OperandRule(["x"]) }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema(
        "axis", .integer, default: .integer(-1),
        summary: "The axis to look along, which disappears; -1 is the innermost.")
    ]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The position of the largest element along an axis.", group: "Reductions",
      example: "%class = argmax %logits {axis = -1} : tensor<Bxi32>",
      details: """
        An i32, counted from 0. Of several largest elements the first counts; NaN is larger than any number. Not
        differentiable. Decomposes into reduce_max, compare, iota, select and reduce_min: two sweeps over a row in
        cache.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.numbers)
    let x = operands[0]
    let axis = try checkedAxis(attributes.integer("axis"), rank: x.rank, of: "axis")
    if let extent = x.shape[axis].fixedValue, extent > Int(Int32.max) {
      throw error("gives i32 positions, but axis \(axis) of \(x) has the extent \(extent)")
    }
    return [TensorType((0..<x.rank).filter { $0 != axis }.map { x.shape[$0] }, .i32)]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let x = operands[0]
    let axis = attributes.axis("axis", rank: x.extents.count)
    let stride = rowMajorStrides(x.extents)[axis]
    let (extents, targets) = reductionTargets(x.extents, axes: [axis])
    let type = TensorType(extents, .i32)
    func positions<T>(_ elements: [T], _ isLarger: (T, T) -> Bool) -> [Int64] {
      var best = [(element: T, position: Int)?](repeating: nil, count: type.elementCount)
      for (i, target) in targets.enumerated() {
        let known = best[target]
        if known == nil || isLarger(elements[i], known!.element) {
          best[target] = (elements[i], i / stride % x.extents[axis])
        }
      }
      return best.map { Int64($0!.position) }
    }
    let found =
      x.element.isFloat
      ? positions(x.doubles) { a, b in a > b || (a.isNaN && !b.isNaN) } : positions(x.integers, >)
    return [Tensor(type, wrapping: found)]
  }

  public func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
    let x = operands[0]
    let axis = attributes.axis("axis", rank: x.type.rank)
    let largest = builder.broadcast(builder.reduceMax(x, axes: [axis]), to: x.type.shape, alongNew: [axis])
    var isLargest = builder.compare(.eq, x, largest)
    if x.type.element.isFloat {
      let isNaN = builder.compare(.ne, x, x)
      isLargest = builder.or(isLargest, isNaN)
    }
    let positions = builder.iota(x.type.with(element: .i32), axis: axis)
    let none = builder.constant(Double(Int32.max), like: positions)
    return [builder.reduceMin(builder.select(isLargest, positions, none), axes: [axis])]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] { [nil] }

  public var examples: [OperationExample] {
    func example(
      _ extents: [Int], _ element: ElementType, _ values: OperationExample.Values, axis: Int = -1
    ) -> OperationExample {
      OperationExample([TensorType(extents, element)], values: [values], attributes: ["axis": .integer(axis)])
    }
    return [
      example([3, 5], .f32, .uniform(-2...2)), example([3, 5], .f64, .uniform(-2...2), axis: 0),
      example([4, 3], .f32, .cycle([1, 2, 2, 3, 0])), example([7], .i32, .cycle([3, 9, 9, 1])),
      example([2, 3, 2], .ui8, .cycle([0, 200, 7, 255]), axis: 1),
      example([3, 3], .f32, .cycle([1, .nan, 2, .nan, 0])),
    ]
  }
}
