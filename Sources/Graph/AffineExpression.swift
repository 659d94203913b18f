import FraguaTensors

/// `offset + coefficients · coordinates`: a coordinate as a function of the coordinates of some index space.
public struct AffineExpression: Sendable, Hashable {
  public var offset: Int
  /// One coefficient for each axis of the index space.
  public var coefficients: [Int]

  public init(offset: Int, coefficients: [Int]) {
    self.offset = offset
    self.coefficients = coefficients
  }

  /// The coordinate along `axis` of a space of `rank` axes.
  public static func axis(_ axis: Int, rank: Int) -> AffineExpression {
    var coefficients = [Int](repeating: 0, count: rank)
    coefficients[axis] = 1
    return AffineExpression(offset: 0, coefficients: coefficients)
  }

  /// The same number everywhere in a space of `rank` axes.
  public static func constant(_ offset: Int, rank: Int) -> AffineExpression {
    AffineExpression(offset: offset, coefficients: [Int](repeating: 0, count: rank))
  }

  /// The coordinates of every point of a space of `rank` axes, in order.
  public static func identity(rank: Int) -> [AffineExpression] {
    rank < identities.count ? identities[rank] : (0..<rank).map { .axis($0, rank: rank) }
  }

  /// Those of the usual ranks, which are asked for all the time.
  private static let identities = (0..<6).map { rank in (0..<rank).map { AffineExpression.axis($0, rank: rank) } }

  /// `offset + Σ weights[i] * terms[i]`, over a space of `rank` axes.
  public static func sum(_ offset: Int, _ weights: [Int], _ terms: [AffineExpression], rank: Int) -> AffineExpression {
    var result = constant(offset, rank: rank)
    for (weight, term) in zip(weights, terms) where weight != 0 {
      result.offset += weight * term.offset
      for axis in 0..<rank { result.coefficients[axis] += weight * term.coefficients[axis] }
    }
    return result
  }

  /// Whether it is the same number everywhere.
  public var isConstant: Bool { coefficients.allSatisfy { $0 == 0 } }

  /// The smallest and the largest value in an index space.
  public func range(in extents: [Int]) -> ClosedRange<Int> {
    var low = offset
    var high = offset
    for (coefficient, extent) in zip(coefficients, extents) {
      let reach = coefficient * (extent - 1)
      if reach < 0 { low += reach } else { high += reach }
    }
    return low...high
  }
}

extension View {
  /// The coordinates in the operand of the element at `coordinates` of the result, where they are affine.
  ///
  /// A reshape's are where it only adds or removes axes of extent 1, which a symbol never is.
  public func operandCoordinates(
    at coordinates: [AffineExpression], operand: Shape, result: Shape, rank: Int
  ) -> [AffineExpression]? {
    switch self {
    case .affine(let offsets, let coefficients, _):
      return zip(offsets, coefficients).map { .sum($0, $1, coordinates, rank: rank) }
    case .reshape:
      let kept = result.indices.filter { result[$0] != 1 }
      guard kept.map({ result[$0] }) == operand.filter({ $0 != 1 }) else { return nil }
      var next = kept.makeIterator()
      return operand.map { $0 == 1 ? .constant(0, rank: rank) : coordinates[next.next()!] }
    }
  }
}
