import Fragua

/// Tensors as people read them: nested brackets, long ones shortened.
enum TensorText {
  /// `tensor` in brackets, a row a line; of an axis of more than 20 positions the first and last ones.
  static func text(_ tensor: Tensor, indent: String = "") -> String {
    text(tensor, axis: 0, offset: 0, indent)
  }

  private static func text(_ tensor: Tensor, axis: Int, offset: Int, _ indent: String) -> String {
    guard axis < tensor.extents.count else { return tensor[offset].text }
    let extent = tensor.extents[axis]
    let size = tensor.extents[(axis + 1)...].reduce(1, *)
    let isLast = axis == tensor.extents.count - 1
    var parts: [String] = []
    for i in 0..<extent {
      if extent > 20, i == 10 { parts.append("…") }
      if extent > 20, i >= 10, i < extent - 10 { continue }
      parts.append(text(tensor, axis: axis + 1, offset: offset + i * size, indent + " "))
    }
    return "[" + parts.joined(separator: isLast ? ", " : ",\n" + indent + " ") + "]"
  }
}
