import FraguaGraph
import FraguaSource
import FraguaTensors

/// Brings `operands` to a common shape with explicit `broadcast` nodes, where the operation's rule asks for it.
///
/// NumPy's rule: shapes are aligned at the innermost axis; along each axis, extents of 1 and missing ones are repeated
/// to the other operands' extent. A symbol matches only itself, because nothing else is known about it. The front end
/// calls this before ``FunctionBuilder/apply(_:_:_:names:)``.
/// - Throws: the first axis along which the operands differ, at the builder's origin.
public func broadcastOperands(
  _ operation: any Operation, _ operands: [Value], _ builder: inout FunctionBuilder
) throws(Diagnostic) -> [Value] {
  guard operation.operandRule.broadcasts, let first = operands.first else { return operands }
  var shape = first.type.shape
  // The operand that each axis of the shape came from.
  for operand in operands.dropFirst() {
    do throws(Diagnostic) { shape = try commonShape(shape, operand.type.shape, of: operation, operands) } catch {
      throw error.located(at: builder.origin.location)
    }
  }
  return operands.map { operand in
    let missing = shape.count - operand.type.rank
    return builder.broadcast(operand, to: shape, axes: Array(missing..<shape.count))
  }
}

/// The shape to which both broadcast.
private func commonShape(
  _ a: Shape, _ b: Shape, of operation: any Operation, _ operands: [Value]
) throws(Diagnostic) -> Shape {
  let rank = max(a.count, b.count)
  let (left, right) = (padded(a, to: rank), padded(b, to: rank))
  var shape: Shape = []
  for axis in 0..<rank {
    let (x, y) = (left[axis], right[axis])
    guard x == y || x == 1 || y == 1 else {
      let types = operands.map { "\($0.type)" }.joined(separator: " and ")
      var error = operation.error("cannot broadcast \(types): extents \(x) and \(y) of axis \(axis - rank) differ")
      if x.fixedValue == nil || y.fixedValue == nil {
        error = error.noting("a symbolic extent matches itself and 1 only")
      }
      throw error
    }
    shape.append(x == 1 ? y : x)
  }
  return shape
}

/// `shape` with axes of extent 1 in front, up to `rank`.
private func padded(_ shape: Shape, to rank: Int) -> Shape {
  Array(repeating: 1, count: rank - shape.count) + shape
}
