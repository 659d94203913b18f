import FraguaSource
import FraguaTensors

extension FunctionBuilder {
  /// `operands` broadcast to their common shape by NumPy's rule, by explicit nodes of the operation `broadcast`: what
  /// an operation whose ``OperandRule/broadcasts`` is set wants.
  ///
  /// Shapes are aligned at the innermost axis; along each axis, extents of 1 and missing ones are repeated to the other
  /// operands' extent. A symbol matches only itself, because nothing else is known about it.
  /// - Throws: the first axis along which the operands differ, on behalf of the operation `name`.
  public mutating func broadcasting(
    _ operands: [Value], of name: String, with broadcast: any Operation
  ) throws(Diagnostic) -> [Value] {
    guard let first = operands.first, operands.contains(where: { $0.type.shape != first.type.shape }) else {
      return operands
    }
    var shape = first.type.shape
    for operand in operands.dropFirst() { shape = try commonShape(shape, operand.type.shape, of: name, operands) }
    var result: [Value] = []
    for operand in operands {
      if operand.type.shape == shape {
        result.append(operand)
      } else {
        let axes = Array((shape.count - operand.type.rank)..<shape.count)
        result += try apply(
          broadcast, [operand], ["to": .type(TensorType(shape, operand.type.element)), "axes": .integers(axes)])
      }
    }
    return result
  }
}

/// The shape to which both broadcast.
private func commonShape(
  _ a: Shape, _ b: Shape, of name: String, _ operands: [Value]
) throws(Diagnostic) -> Shape {
  let rank = max(a.count, b.count)
  let (left, right) = (padded(a, to: rank), padded(b, to: rank))
  var shape: Shape = []
  for axis in 0..<rank {
    let (x, y) = (left[axis], right[axis])
    guard x == y || x == 1 || y == 1 else {
      let types = operands.map { "\($0.type)" }.joined(separator: " and ")
      let error = Diagnostic("'\(name)' cannot broadcast \(types): extents \(x) and \(y) of axis \(axis - rank) differ")
      if x.fixedValue != nil, y.fixedValue != nil { throw error }
      throw error.noting("a symbolic extent matches itself and 1 only")
    }
    shape.append(x == 1 ? y : x)
  }
  return shape
}

/// `shape` with axes of extent 1 in front, up to `rank`.
private func padded(_ shape: Shape, to rank: Int) -> Shape {
  Array(repeating: 1, count: rank - shape.count) + shape
}
