import FraguaSource
import FraguaTensors

/// Converts data as it was stored to the element type that an argument has.
///
/// What loses nothing is done: a float to a wider one, and integers and booleans among each other where every value fits.
/// NumPy makes `f64` unless told otherwise and has no `bf16`, so floats of its arrays are rounded to narrower ones where
/// `mayRound` says so. Integers do not become floating-point numbers here: that belongs in the graph, where it is fused.
struct ElementConversion {
  /// Where the data comes from, for the messages.
  let source: String
  let mayRound: Bool

  /// `tensor` with elements of type `element`.
  func convert(_ tensor: Tensor, to element: ElementType) throws(Diagnostic) -> Tensor {
    let type = TensorType(tensor.extents, element)
    if element == tensor.element { return tensor }
    switch (tensor.element.isFloat, element.isFloat) {
    case (true, true):
      guard element.holds(tensor.element) || mayRound else { throw notConvertible(tensor, element) }
      let rounded = Tensor(type, rounding: tensor.doubles)
      if let first = rounded.firstNotFinite,
        let i = (first..<tensor.count).first(where: { tensor[$0].isFinite && !rounded[$0].isFinite })
      {
        throw outOfRange(tensor[i].digits, at: i, in: tensor, element)
      }
      return rounded
    case (false, false):
      let values = tensor.integers
      let (least, most) = (element.lowest.integer, element.highest.integer)
      if let i = values.firstIndex(where: { $0 < least || $0 > most }) {
        throw outOfRange("\(values[i])", at: i, in: tensor, element)
      }
      return Tensor(type, wrapping: values)
    default: throw notConvertible(tensor, element)
    }
  }

  /// The value at row-major position `i` is beyond the type.
  private func outOfRange(_ value: String, at i: Int, in tensor: Tensor, _ element: ElementType) -> Diagnostic {
    let row = i / max(1, tensor.count / max(1, tensor.extents.first ?? 1))
    return Diagnostic("row \(row + 1) of '\(source)': \(value) is out of the range of \(element.rawValue)")
  }

  /// The types differ in kind.
  private func notConvertible(_ tensor: Tensor, _ element: ElementType) -> Diagnostic {
    let error = Diagnostic("'\(source)' holds \(tensor.element.rawValue) elements, expected \(element.rawValue)")
    if tensor.element.isFloat, !element.isFloat {
      return error.noting(
        "round the numbers where the file is made, or declare the argument as \(tensor.element.rawValue)")
    }
    return error.noting("declare the argument as \(tensor.element.rawValue) and convert it in the graph")
  }
}
