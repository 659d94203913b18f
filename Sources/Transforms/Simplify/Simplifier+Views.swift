import FraguaGraph
import FraguaOperations
import FraguaTensors

/// Identities of views.
extension Simplifier {
  static let viewRules: [String: Rule] = [
    "reshape": reshape, "transpose": transpose, "broadcast": broadcast, "slice": slice, "pad": pad,
  ]

  /// To the same shape, nothing; of a reshape, the last one; of a splat, a splat.
  private static let reshape: Rule = { s, x, attributes in
    let type = attributes.type("to")
    if x[0].type == type { return x[0] }
    if let scalar = s.splat(x[0]) { return s.splat(scalar, type) }
    if let source = s.operand(of: x[0], as: "reshape") { return s.reshape(source, to: type.shape) }
    return nil
  }

  /// The identity is nothing; one that only moves axes of extent 1 is a reshape; two are one; of a splat or of a
  /// broadcast in ascending order, the same of another shape; of a contraction that nobody else reads, other dimension
  /// numbers.
  private static let transpose: Rule = { s, x, attributes in
    let permutation = attributes.integers("permutation")
    let type = TensorType(permutation.map { x[0].type.shape[$0] }, x[0].type.element)
    let moving = permutation.filter { x[0].type.shape[$0] != 1 }
    if moving == moving.sorted() { return s.reshape(x[0], to: type.shape) }
    if let scalar = s.splat(x[0]) { return s.splat(scalar, type) }
    if let inner = s.definition(of: x[0], as: "transpose") {
      let first = inner.attributes.integers("permutation")
      return s.make(TransposeOperation(), inner.operands, ["permutation": .integers(permutation.map { first[$0] })])
    }
    if let inner = s.definition(of: x[0], as: "broadcast") {
      let axes = inner.attributes.integers("axes").map { permutation.firstIndex(of: $0)! }
      if axes == axes.sorted() {
        return s.make(BroadcastOperation(), inner.operands, ["to": .type(type), "axes": .integers(axes)])
      }
    }
    if s.isOnlyReader(ofOperand: 0), let inner = s.definition(of: x[0], as: "dot_general") {
      return s.transposed(inner, permutation)
    }
    return nil
  }

  /// One that repeats nothing is a reshape; two are one; of a reshape that only adds axes of extent 1, a broadcast of
  /// what it reshapes; of a splat, a splat.
  private static let broadcast: Rule = { s, x, attributes in
    let (type, axes) = (attributes.type("to"), attributes.integers("axes"))
    if let scalar = s.splat(x[0]) { return s.splat(scalar, type) }
    if x[0].type.shape.filter({ $0 != 1 }) == type.shape.filter({ $0 != 1 }) { return s.reshape(x[0], to: type.shape) }
    if let inner = s.definition(of: x[0], as: "broadcast") {
      let composed = inner.attributes.integers("axes").map { axes[$0] }
      return s.make(BroadcastOperation(), inner.operands, ["to": .type(type), "axes": .integers(composed)])
    }
    if let source = s.operand(of: x[0], as: "reshape"), !source.type.shape.contains(1) {
      let kept = axes.indices.filter { x[0].type.shape[$0] != 1 }
      if kept.map({ x[0].type.shape[$0] }) == source.type.shape {
        return s.make(
          BroadcastOperation(), [source], ["to": .type(type), "axes": .integers(kept.map { axes[$0] })])
      }
    }
    return nil
  }

  /// Of everything, nothing; of a splat, a splat.
  private static let slice: Rule = { s, x, attributes in
    guard let result = try? SliceOperation().inferTypes([x[0].type], attributes)[0] else { return nil }
    if result == x[0].type { return x[0] }
    if let scalar = s.splat(x[0]) { return s.splat(scalar, result) }
    return nil
  }

  /// By nothing, nothing; of a splat of the fill value, a splat.
  private static let pad: Rule = { s, x, attributes in
    guard let result = try? PadOperation().inferTypes([x[0].type], attributes)[0] else { return nil }
    if result == x[0].type { return x[0] }
    if let scalar = s.splat(x[0]), scalar == attributes.element("fill") { return s.splat(scalar, result) }
    return nil
  }
}
