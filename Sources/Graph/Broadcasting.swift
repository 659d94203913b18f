import FraguaSource
import FraguaTensors

/// The shape to which `shapes` broadcast by NumPy's rule; `nil` where they do not.
///
/// Shapes are aligned at their innermost axes; an extent of 1 stretches to the other's. A symbol stretches to nothing and matches itself.
public func broadcastShape(_ shapes: [Shape]) -> Shape? {
  var result: Shape = []
  for shape in shapes {
    if shape.count > result.count {
      result.insert(contentsOf: repeatElement(1, count: shape.count - result.count), at: 0)
    }
    let shift = result.count - shape.count
    for (axis, extent) in shape.enumerated() where extent != 1 && extent != result[axis + shift] {
      guard result[axis + shift] == 1 else { return nil }
      result[axis + shift] = extent
    }
  }
  return result
}

extension FunctionBuilder {
  /// `operands` broadcast to their common shape by explicit nodes of the operation `broadcast`: what an operation whose
  /// ``OperandRule/broadcasts`` is set wants.
  ///
  /// - Throws: that the shapes do not broadcast, with the facts, on behalf of the operation `name`.
  public mutating func broadcasting(
    _ operands: [Value], of name: String, with broadcast: any Operation
  ) throws(Diagnostic) -> [Value] {
    guard let first = operands.first, operands.contains(where: { $0.type.shape != first.type.shape }) else {
      return operands
    }
    guard let shape = broadcastShape(operands.map(\.type.shape)) else {
      let types = operands.map { "\($0.type)" }
      throw Diagnostic(
        "'\(name)' operands do not broadcast: \(types.dropLast().joined(separator: ", ")) and \(types[types.count - 1])"
      ).noting("aligned at the last axis, extents must be equal or 1")
    }
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
