import FraguaSource
import FraguaTensors

/// A tensor written in the text; equality and hashing are of its bits. A splat is kept as its one element.
public struct ConstantValue: Sendable, Hashable {
  public let type: TensorType
  private let content: Content

  private enum Content: Sendable {
    case splat(Scalar)
    case elements(Tensor)
  }

  /// A tensor whose every element is `scalar`; the extents may be symbols.
  public init(_ type: TensorType, splat scalar: Scalar) {
    precondition(type.element == scalar.type, "a splat of \(scalar.type) is no \(type)")
    self.type = type
    content = .splat(scalar)
  }

  public init(_ tensor: Tensor) {
    type = tensor.type
    // One content for one text: a tensor of rank 0 prints as a splat.
    content = tensor.extents.isEmpty ? .splat(tensor[0]) : .elements(tensor)
  }

  /// The element that all elements are, where it was written as one.
  public var splat: Scalar? { if case .splat(let scalar) = content { scalar } else { nil } }

  /// The elements.
  /// - Requires: the type is fixed.
  public var tensor: Tensor {
    switch content {
    case .splat(let scalar): Tensor(type, repeating: scalar)
    case .elements(let tensor): tensor
    }
  }

  /// The same splat in another type with the same element type, as when a symbol is bound.
  public func with(type: TensorType) -> ConstantValue {
    guard let splat else { return self }
    return ConstantValue(type, splat: splat)
  }

  public static func == (a: ConstantValue, b: ConstantValue) -> Bool {
    guard a.type == b.type else { return false }
    switch (a.content, b.content) {
    case (.splat(let x), .splat(let y)): return x == y
    case (.elements(let x), .elements(let y)): return x.hasSameBits(as: y)
    default: return false
    }
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(type)
    switch content {
    case .splat(let scalar): hasher.combine(scalar)
    case .elements(let tensor): tensor.withBytes { hasher.combine(bytes: $0) }
    }
  }
}
