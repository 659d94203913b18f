import FraguaGraph
import FraguaOperations
import FraguaTensors

/// Identities of reductions.
extension Simplifier {
  static let reductionRules: [String: Rule] = [
    "reduce_sum": { $0.reduced(ReduceSumOperation(), $1[0], $2) },
    "reduce_max": { $0.reduced(ReduceMaxOperation(), $1[0], $2) },
    "reduce_min": { $0.reduced(ReduceMinOperation(), $1[0], $2) },
  ]

  /// Over axes of extent 1, a reshape; of equal elements, the element, or for a sum the product with their number; of a
  /// transpose that keeps the order of the reduced and of the other axes, the reduction of what it transposes.
  private mutating func reduced(_ operation: any Operation, _ x: Value, _ attributes: Attributes) -> Value? {
    let axes = attributes.axes("axes", rank: x.type.rank)
    let kept = (0..<x.type.rank).filter { !axes.contains($0) }
    let type = TensorType(kept.map { x.type.shape[$0] }, x.type.element)
    if axes.allSatisfy({ x.type.shape[$0] == 1 }), holdsNoDenormals(x) { return reshape(x, to: type.shape) }
    let count = axes.reduce(1) { $0 * x.type.extents[$1] }
    if let scalar = splat(x) {
      return times(count, splat(scalar, type), in: operation)
    }
    if let inner = definition(of: x, as: "broadcast") {
      let source = inner.operands[0]
      let targets = inner.attributes.integers("axes")
      // The axes along which elements are repeated: new ones, and those that were of extent 1.
      let varying = targets.indices.filter { source.type.shape[$0] != 1 }.map { targets[$0] }
      if axes.allSatisfy({ !varying.contains($0) }) {
        let remaining = targets.indices.filter { !axes.contains(targets[$0]) }
        let shrunk = reshape(source, to: remaining.map { source.type.shape[$0] })
        let places = remaining.map { kept.firstIndex(of: targets[$0])! }
        let result = make(BroadcastOperation(), [shrunk], ["to": .type(type), "axes": .integers(places)])
        return times(count, result, in: operation)
      }
    }
    if let inner = definition(of: x, as: "transpose") {
      let permutation = inner.attributes.integers("permutation")
      let (sourceAxes, sourceKept) = (axes.map { permutation[$0] }, kept.map { permutation[$0] })
      if sourceAxes == sourceAxes.sorted(), sourceKept == sourceKept.sorted() {
        return make(operation, inner.operands, ["axes": .integers(sourceAxes)])
      }
    }
    return nil
  }

  /// What reducing `count` elements equal to `value` gives.
  private mutating func times(_ count: Int, _ value: Value, in operation: any Operation) -> Value? {
    guard operation.name == "reduce_sum" else { return holdsNoDenormals(value) ? value : nil }
    let element = value.type.element
    let factor = element.isFloat ? Scalar(Double(count), as: element) : Scalar(wrapping: Int64(count), as: element)
    if let scalar = splat(value), element.isFloat {
      return splat(Scalar(scalar.asDouble * Double(count), as: element), value.type)
    }
    return make(MultiplyOperation(), [value, splat(factor, value.type)])
  }
}
