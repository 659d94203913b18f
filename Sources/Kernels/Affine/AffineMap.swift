import FraguaSource
import FraguaTensors

/// A condition on coordinates: `0 <= expression < bound`.
public struct AffineGuard: Sendable, Hashable {
  public var expression: AffineExpression
  public var bound: Int

  public init(_ expression: AffineExpression, below bound: Int) {
    self.expression = expression
    self.bound = bound
  }

  /// A linear one.
  public init(offset: Int, coefficients: [Int], bound: Int) {
    self.init(AffineExpression(offset: offset, coefficients: coefficients), below: bound)
  }
}

/// A function from the points of one index space to those of another: where a view finds its elements.
public struct AffineMap: Sendable, Hashable {
  /// One expression, of the coordinates of the one space, for each axis of the other.
  public var coordinates: [AffineExpression]
  /// Where one does not hold there is no point, and ``fill`` is the element.
  public var guards: [AffineGuard]
  /// `nil` exactly where there are no guards.
  public var fill: Scalar?

  public init(_ coordinates: [AffineExpression], guards: [AffineGuard] = [], fill: Scalar? = nil) {
    self.coordinates = coordinates
    self.guards = guards
    self.fill = guards.isEmpty ? nil : fill
  }

  /// The coordinates at `coordinates`, expressions over a space of extents `extents`; `nil` where that needs a digit of
  /// digits.
  public func coordinates(at coordinates: [AffineExpression], in extents: [Int]) -> [AffineExpression]? {
    var result: [AffineExpression] = []
    result.reserveCapacity(self.coordinates.count)
    for coordinate in self.coordinates {
      guard let composed = coordinate.substituting(coordinates, in: extents) else { return nil }
      result.append(composed)
    }
    return result
  }

  /// The guards at `coordinates` without those that always hold; `nil` where one never does.
  ///
  /// - Requires: no digits in guards.
  public func guards(at coordinates: [AffineExpression], in extents: [Int]) -> [AffineGuard]? {
    var result: [AffineGuard] = []
    for entry in guards {
      guard let expression = entry.expression.substituting(coordinates, in: extents) else {
        preconditionFailure("a condition on digits")
      }
      let range = expression.range(in: extents)
      if range.upperBound < 0 || range.lowerBound >= entry.bound { return nil }
      if range.lowerBound >= 0, range.upperBound < entry.bound { continue }
      result.append(AffineGuard(expression, below: entry.bound))
    }
    return result
  }

  /// Whether it leads each element of a shape of extents `result` to the one of a shape of extents `operand` that has the
  /// same place in row-major order: the same memory by another name.
  public func keepsOrder(from operand: [Int], to result: [Int]) -> Bool {
    guard guards.isEmpty, operand.reduce(1, *) == result.reduce(1, *) else { return false }
    let place = AffineExpression.sum(0, rowMajorStrides(operand), coordinates, rank: result.count)
    let strides = rowMajorStrides(result)
    return place.isLinear && place.offset == 0
      && result.indices.allSatisfy { result[$0] == 1 || place.coefficients[$0] == strides[$0] }
  }

  /// The coordinates in `result` of each point of `operand`, where the map leads to each exactly once: where it turns
  /// axes, or keeps the order of elements.
  public func inverse(from operand: TensorType, to result: TensorType) -> [AffineExpression]? {
    guard guards.isEmpty, operand.elementCount == result.elementCount else { return nil }
    if selectsAxes {
      var axes = [AffineExpression](repeating: .constant(0, rank: operand.rank), count: result.rank)
      for (axis, coordinate) in coordinates.enumerated() {
        guard let target = coordinate.coefficients.firstIndex(of: 1) else { continue }
        if !axes[target].isConstant { return nil }
        axes[target] = .axis(axis, rank: operand.rank)
      }
      let isWhole = result.shape.indices.allSatisfy { result.shape[$0] == 1 || !axes[$0].isConstant }
      return isWhole ? axes : nil
    }
    guard keepsOrder(from: operand.extents, to: result.extents) else { return nil }
    return AffineMap.reshape(from: result, to: operand).coordinates
  }

  /// The coordinates in a shape of `extents` of the points of a space, of which element
  /// `Σ strides[a] * a` of the shape's row-major order belongs to each; `nil` where not each point has one of its own, or
  /// where that needs a digit of digits.
  public static func placement(strides: [Int], of extents: [Int], in space: [Int]) -> [AffineExpression]? {
    var count = 1
    for axis in space.indices.filter({ space[$0] != 1 }).sorted(by: { strides[$0] < strides[$1] }) {
      let (next, overflow) = count.multipliedReportingOverflow(by: space[axis])
      if overflow || strides[axis] != count { return nil }
      count = next
    }
    guard count == extents.reduce(1, *) else { return nil }
    let coefficients = space.indices.map { space[$0] == 1 ? 0 : strides[$0] }
    return delinearized(AffineExpression(offset: 0, coefficients: coefficients), extents, in: space)
  }

  /// Whether every coordinate is one of the other space's, or 0.
  public var selectsAxes: Bool {
    coordinates.allSatisfy { coordinate in
      let factors = coordinate.coefficients.filter { $0 != 0 }
      return coordinate.isLinear && coordinate.offset == 0 && (factors.isEmpty || factors == [1])
    }
  }
}

// MARK: Reshapes

extension AffineMap {
  /// The map between two shapes of the same elements in row-major order, from the points of `result` to those of
  /// `operand`.
  ///
  /// Symbols pass through: what lies between them is reshaped by itself, whatever they are bound to.
  /// - Requires: no symbols that are not bound.
  public static func reshape(from operand: TensorType, to result: TensorType) -> AffineMap {
    let rank = result.rank
    var coordinates: [AffineExpression] = []
    for (from, to) in segments(operand.shape, result.shape) ?? [(0..<operand.rank, 0..<rank)] {
      if from.count == 1, operand.shape[from.lowerBound].declaredValue == nil {
        coordinates.append(.axis(to.lowerBound, rank: rank))
        continue
      }
      let axes = to.map { axis in
        result.shape[axis] == 1 ? AffineExpression.constant(0, rank: rank) : .axis(axis, rank: rank)
      }
      let position = AffineExpression.sum(0, rowMajorStrides(Array(result.extents[to])), axes, rank: rank)
      guard let own = delinearized(position, Array(operand.extents[from]), in: result.extents) else {
        preconditionFailure("a linear position in \(operand) has no coordinates")
      }
      coordinates += own
    }
    return AffineMap(coordinates)
  }

  /// The symbols of two shapes, and what lies between them; `nil` where not each part has as many elements in both.
  private static func segments(_ operand: Shape, _ result: Shape) -> [(Range<Int>, Range<Int>)]? {
    func parts(_ shape: Shape) -> [Range<Int>] {
      var parts: [Range<Int>] = []
      var start = 0
      for axis in shape.indices where shape[axis].declaredValue == nil {
        parts += [start..<axis, axis..<axis + 1]
        start = axis + 1
      }
      return parts + [start..<shape.count]
    }
    let (from, to) = (parts(operand), parts(result))
    guard from.count == to.count else { return nil }
    let isSame = zip(from, to).allSatisfy { a, b in
      let (x, y) = (operand[a], result[b])
      if x.contains(where: { $0.declaredValue == nil }) { return Array(x) == Array(y) }
      return x.compactMap(\.declaredValue).reduce(1, *) == y.compactMap(\.declaredValue).reduce(1, *)
    }
    return isSame ? Array(zip(from, to)) : nil
  }

  /// The coordinates in a shape of `extents` of the element that lies at `position` of its row-major order, an
  /// expression over a space of extents `space`; `nil` where that needs a digit of digits.
  public static func delinearized(
    _ position: AffineExpression, _ extents: [Int], in space: [Int]
  ) -> [AffineExpression]? {
    var result: [AffineExpression] = []
    for (axis, stride) in rowMajorStrides(extents).enumerated() {
      if extents[axis] == 1 {
        result.append(.constant(0, rank: space.count))
        continue
      }
      // Nothing lies before the first, which needs no modulus.
      let modulus = extents[..<axis].allSatisfy { $0 == 1 } ? nil : extents[axis]
      guard let digit = position.digit(divisor: stride, modulus: modulus, in: space) else { return nil }
      result.append(digit)
    }
    return result
  }
}
