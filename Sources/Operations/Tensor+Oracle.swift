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

  /// A tensor of `type` made of integers that wrap to the element type.
  public init(_ type: TensorType, wrapping values: [Int64]) {
    self.init(type) { Scalar(wrapping: values[$0], as: type.element) }
  }
}

extension Scalar {
  /// The float with the sign that `change` makes of its own, every other bit kept.
  func with(sign change: (FloatingPointSign) -> FloatingPointSign) -> Scalar {
    let mask: UInt64 = type == .f32 ? 1 << 31 : 1 << 63
    let sign = change(bits & mask == 0 ? .plus : .minus)
    return Scalar(type: type, bits: sign == .plus ? bits & ~mask : bits | mask)
  }

  /// `value` modulo the size of the integer type `type`; the lowest bit for `i1`.
  public init(wrapping value: Int64, as type: ElementType) {
    switch type {
    case .i32: self.init(Int32(truncatingIfNeeded: value))
    case .i64: self.init(value)
    case .ui8: self.init(UInt8(truncatingIfNeeded: value))
    case .i1: self.init(value & 1 != 0)
    case .f32, .f64: preconditionFailure("\(type) is no integer type")
    }
  }
}
