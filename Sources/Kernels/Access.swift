import FraguaTensors

/// Where a kernel reads or writes: a map from the coordinates of its index space to an element of a buffer.
///
/// The element is `element + Σ value * stride` over the index terms. Outside a guard, a load gives `fill` and a store
/// does nothing.
public struct Access: Sendable, Hashable {
  /// A term of the address that the program computes: `value * stride`, `value` an `i64` inside the buffer's bounds.
  public struct IndexTerm: Sendable, Hashable {
    public var value: Int
    public var stride: Int

    public init(value: Int, stride: Int) {
      self.value = value
      self.stride = stride
    }
  }

  /// The position of the buffer in ``Kernel/buffers``.
  public var buffer: Int
  /// The element's number; of a store without digits.
  public var element: AffineExpression
  public var guards: [AffineGuard]
  /// The value outside the guards; `nil` exactly where there are none.
  public var fill: Scalar?
  public var indices: [IndexTerm]

  public init(
    buffer: Int, element: AffineExpression, guards: [AffineGuard] = [], fill: Scalar? = nil, indices: [IndexTerm] = []
  ) {
    self.buffer = buffer
    self.element = element
    self.guards = guards
    self.fill = fill
    self.indices = indices
  }

  /// A linear one: one stride in elements for each axis of the kernel; 0 broadcasts, negative ones reverse.
  public init(
    buffer: Int, offset: Int = 0, strides: [Int], guards: [AffineGuard] = [], fill: Scalar? = nil,
    indices: [IndexTerm] = []
  ) {
    let element = AffineExpression(offset: offset, coefficients: strides)
    self.init(buffer: buffer, element: element, guards: guards, fill: fill, indices: indices)
  }

  /// Whether the element is a linear function of the coordinates and always there.
  public var isLinear: Bool { element.isLinear && guards.isEmpty && indices.isEmpty }

  /// How many elements further a step along `axis` leads; `nil` where that depends on the point.
  public func stride(along axis: Int) -> Int? { element.stride(along: axis) }

  /// Whether element, or whether there is one, may differ between points that differ along `axis` only, index terms
  /// aside.
  public func depends(on axis: Int) -> Bool {
    element.depends(on: axis) || guards.contains { $0.expression.depends(on: axis) }
  }

  /// Every expression: of the element and of the guards.
  package var expressions: [AffineExpression] { [element] + guards.map(\.expression) }
}
