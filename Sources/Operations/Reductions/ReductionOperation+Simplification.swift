import FraguaGraph
import FraguaTensors

extension ReductionOperation {
  /// Over axes of extent 1, a reshape; of equal elements, what ``joined(_:_:in:)`` says of one; of a transpose that keeps
  /// the order of the reduced and of the other axes, the reduction of what it transposes.
  public func simplified(_ x: [Value], _ attributes: Attributes, in s: inout some Simplification) -> [Value]? {
    let x = x[0]
    let axes = attributes.axes("axes", rank: x.type.rank)
    let kept = (0..<x.type.rank).filter { !axes.contains($0) }
    let type = TensorType(kept.map { x.type.shape[$0] }, x.type.element)
    if axes.allSatisfy({ x.type.shape[$0] == 1 }), s.holdsNoDenormals(x) { return [s.reshape(x, to: type.shape)] }
    let count = axes.reduce(1) { $0 * x.type.extents[$1] }
    if let scalar = s.splat(x) { return joined(count, s.splat(scalar, type), in: &s).map { [$0] } }
    if let element = repeated(x, axes, kept, type, in: &s) { return joined(count, element, in: &s).map { [$0] } }
    if let inner = s.definition(of: x, as: TransposeOperation.self) {
      let permutation = inner.attributes.integers("permutation")
      let (sourceAxes, sourceKept) = (axes.map { permutation[$0] }, kept.map { permutation[$0] })
      if sourceAxes == sourceAxes.sorted(), sourceKept == sourceKept.sorted() {
        return [s.make(self, inner.operands, ["axes": .integers(sourceAxes)])]
      }
    }
    return nil
  }

  /// What `x`, a broadcast, repeats along all of `axes`: a value of `type`, which has the axes `kept`.
  private func repeated(
    _ x: Value, _ axes: [Int], _ kept: [Int], _ type: TensorType, in s: inout some Simplification
  ) -> Value? {
    guard let inner = s.definition(of: x, as: BroadcastOperation.self) else { return nil }
    let source = inner.operands[0]
    let targets = inner.attributes.integers("axes")
    // The axes along which elements are repeated: new ones, and those that were of extent 1.
    let varying = targets.indices.filter { source.type.shape[$0] != 1 }.map { targets[$0] }
    guard axes.allSatisfy({ !varying.contains($0) }) else { return nil }
    let remaining = targets.indices.filter { !axes.contains(targets[$0]) }
    let shrunk = s.reshape(source, to: remaining.map { source.type.shape[$0] })
    let places = remaining.map { kept.firstIndex(of: targets[$0])! }
    return s.make(BroadcastOperation(), [shrunk], ["to": .type(type), "axes": .integers(places)])
  }

  /// The element itself, as of a maximum or a minimum.
  public func joined(_ count: Int, _ element: Value, in s: inout some Simplification) -> Value? {
    s.holdsNoDenormals(element) ? element : nil
  }
}
