/// The extent of one axis: a number, a symbol, or a symbol that is bound to a number for compilation.
///
/// A bound symbol is another extent than the number: what is decided by extents that were declared, such as the order
/// of a sum, is the same whatever a symbol is bound to.
public enum Extent: Sendable, Hashable, CustomStringConvertible {
  case fixed(Int)
  /// A capital letter and digits. Equal names match; nothing else is known about a symbol.
  case symbol(String)
  /// A symbol and its number.
  case bound(String, Int)

  /// `32`, `B` or `B=32`.
  public var description: String {
    switch self {
    case .fixed(let n): String(n)
    case .symbol(let name): name
    case .bound(let name, let n): "\(name)=\(n)"
    }
  }

  /// The number, where it has one.
  public var fixedValue: Int? {
    switch self {
    case .fixed(let n), .bound(_, let n): n
    case .symbol: nil
    }
  }

  /// The number, where it was declared as one.
  public var declaredValue: Int? { if case .fixed(let n) = self { n } else { nil } }
}

extension Extent: ExpressibleByIntegerLiteral {
  public init(integerLiteral value: Int) { self = .fixed(value) }
}

/// The extents of a tensor's axes, outermost first.
public typealias Shape = [Extent]

/// The type of a tensor: its shape and its elements' type.
public struct TensorType: Sendable, Hashable, CustomStringConvertible {
  public var shape: Shape
  public var element: ElementType

  public init(_ shape: Shape, _ element: ElementType) {
    self.shape = shape
    self.element = element
  }

  /// A type of fixed extents.
  public init(_ extents: [Int], _ element: ElementType) {
    self.init(extents.map(Extent.fixed), element)
  }

  public var rank: Int { shape.count }

  /// `tensor<Bx3xf32>`.
  public var description: String {
    "tensor<" + shape.map { "\($0)x" }.joined() + element.rawValue + ">"
  }

  /// The extents as numbers.
  /// - Requires: no symbols remain.
  public var extents: [Int] {
    shape.map {
      guard let n = $0.fixedValue else { preconditionFailure("the extent \($0) of \(self) is not bound") }
      return n
    }
  }

  /// Whether no symbols remain.
  public var isFixed: Bool { shape.allSatisfy { $0.fixedValue != nil } }

  /// The number of elements.
  /// - Requires: no symbols remain and the product fits; ``checkedByteCount`` tells.
  public var elementCount: Int { extents.reduce(1, *) }

  /// The size in bytes, row-major without gaps.
  public var byteCount: Int { elementCount * element.byteCount }

  /// The size in bytes, or `nil` where symbols remain or it does not fit in 63 bits.
  public var checkedByteCount: Int? {
    var bytes = element.byteCount
    for extent in shape {
      guard let n = extent.fixedValue else { return nil }
      let (product, overflow) = bytes.multipliedReportingOverflow(by: n)
      if overflow { return nil }
      bytes = product
    }
    return bytes
  }

  /// The type with the numbers of its extents alone, as memory and host tensors have it.
  /// - Requires: no symbols remain.
  public var unnamed: TensorType { TensorType(extents, element) }

  /// The type in which elements are computed with; derivatives have it.
  public var arithmetic: TensorType { with(element: element.arithmetic) }

  /// The same shape with elements of another type.
  public func with(element: ElementType) -> TensorType { TensorType(shape, element) }
}

/// The distance between neighbours along each axis of a row-major tensor, in elements.
public func rowMajorStrides(_ extents: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: extents.count)
  for axis in stride(from: extents.count - 2, through: 0, by: -1) {
    strides[axis] = strides[axis + 1] * extents[axis + 1]
  }
  return strides
}
