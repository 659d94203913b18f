import FraguaSource
import FraguaTensors

/// Converts data as it was stored to the element type that an argument has.
///
/// What loses nothing is done: `f32` to `f64`, and integers and booleans among each other where every value fits. NumPy
/// makes `f64` unless told otherwise, so arrays of it are rounded to `f32` where `mayRound` says so. Integers do not
/// become floating-point numbers here: that belongs in the graph, where it is fused.
struct ElementConversion {
  /// Where the data comes from, for the messages.
  let source: String
  let mayRound: Bool

  /// `tensor` with elements of type `element`.
  func convert(_ tensor: Tensor, to element: ElementType) throws(Diagnostic) -> Tensor {
    switch (tensor.storage, element) {
    case (_, tensor.element): return tensor
    case (.f32(let values), .f64): return Tensor(tensor.extents, values.map(Double.init))
    case (.f64(let values), .f32) where mayRound:
      let rounded = values.map { Float($0) }
      if let i = values.indices.first(where: { values[$0].isFinite && !rounded[$0].isFinite }) {
        throw outOfRange("\(values[i])", at: i, in: tensor, element)
      }
      return Tensor(tensor.extents, rounded)
    case (.f32, _), (.f64, _), (_, .f32), (_, .f64): throw notConvertible(tensor, element)
    default: break
    }
    switch element {
    case .i32: return try narrow(tensor, element) { .i32($0) }
    case .i64: return try narrow(tensor, element) { .i64($0) }
    case .ui8: return try narrow(tensor, element) { .ui8($0) }
    case .i1:
      guard case .ui8(let bytes) = try convert(tensor, to: .ui8).storage else { return tensor }
      if let i = bytes.firstIndex(where: { $0 > 1 }) { throw outOfRange("\(bytes[i])", at: i, in: tensor, element) }
      return Tensor(tensor.extents, bytes.map { $0 == 1 })
    case .f32, .f64: preconditionFailure("floating-point types are handled above")
    }
  }

  /// Integers as type `T`, which must hold each of them.
  private func narrow<T: FixedWidthInteger>(
    _ tensor: Tensor, _ element: ElementType, _ storage: ([T]) -> Tensor.Storage
  ) throws(Diagnostic) -> Tensor {
    let values = tensor.integers
    if let i = values.firstIndex(where: { T(exactly: $0) == nil }) {
      throw outOfRange("\(values[i])", at: i, in: tensor, element)
    }
    return Tensor(tensor.extents, storage(values.map { T(truncatingIfNeeded: $0) }))
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
