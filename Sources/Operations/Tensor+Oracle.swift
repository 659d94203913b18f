import FraguaSource
import FraguaTensors

/// For each coordinate of `extents`, in row-major order, `offset + Σ coordinate * stride`: how the oracles walk a
/// tensor.
public func linearIndices(_ extents: [Int], strides: [Int], offset: Int = 0) -> [Int] {
  var indices = [offset]
  for (extent, stride) in zip(extents, strides) {
    indices = indices.flatMap { base in (0..<extent).map { base + $0 * stride } }
  }
  return indices
}

/// The larger of two numbers, NaN where one is NaN; -0 is less than +0.
@Sendable func larger(_ a: Double, _ b: Double) -> Double {
  if a.isNaN || b.isNaN { return .nan }
  if a == b { return a.sign == .plus ? a : b }
  return Swift.max(a, b)
}

extension Tensor {
  /// A tensor of `type` whose element `i` is the element of this one at `indices[i]`.
  public func picking(_ type: TensorType, _ indices: [Int]) -> Tensor {
    Tensor(type) { self[indices[$0]] }
  }
}

extension Scalar {
  /// The float with the sign that `change` makes of its own, every other bit kept.
  func with(sign change: (FloatingPointSign) -> FloatingPointSign) -> Scalar {
    let mask = type.signMask
    let sign = change(bits & mask == 0 ? .plus : .minus)
    return Scalar(type: type, bits: sign == .plus ? bits & ~mask : bits | mask)
  }
}
