import FraguaSource
import FraguaTensors

/// An integer that the coordinates of a point give: `offset + Σ coefficients[a] * a`, and digits of such numbers.
///
/// What a view makes of a coordinate: a slice with a stride is `2*i + 1`, a transpose another axis, and a reshape a
/// number's digits: element `i` of 12 is element `(i div 4, i mod 4)` of 3 x 4.
public struct AffineExpression: Sendable, Hashable {
  /// `coefficient * (dividend div divisor mod modulus)`: a digit of a number in a system of mixed radix. Divisions round
  /// down, so that a digit is in `0 ..< modulus`; a digit without `modulus` is the whole quotient.
  public struct Digit: Sendable, Hashable {
    public var coefficient: Int
    /// The number, without digits of its own: deeper nesting is no affine expression.
    public var dividend: AffineExpression
    /// At least 1.
    public var divisor: Int
    /// At least 2.
    public var modulus: Int?

    public init(_ coefficient: Int, _ dividend: AffineExpression, divisor: Int, modulus: Int?) {
      self.coefficient = coefficient
      self.dividend = dividend
      self.divisor = divisor
      self.modulus = modulus
    }
  }

  public var offset: Int
  /// One coefficient for each axis of the index space.
  public var coefficients: [Int]
  /// In the order of ``Digit/precedes(_:)``, no two of one number, divisor and modulus, no coefficient 0.
  public internal(set) var digits: [Digit] = []

  public init(offset: Int, coefficients: [Int]) {
    self.offset = offset
    self.coefficients = coefficients
  }

  /// - Requires: digits of linear numbers, no two the same.
  package init(offset: Int, coefficients: [Int], digits: [Digit]) {
    self.offset = offset
    self.coefficients = coefficients
    self.digits = digits.filter { $0.coefficient != 0 }.sorted { $0.precedes($1) }
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
      for digit in term.digits { result.digits.append(digit.multiplied(by: weight)) }
    }
    if !result.digits.isEmpty { result.joinDigits() }
    return result
  }

  // MARK: What it depends on

  /// Whether it has no digits, so that it moves by as much with each step along an axis.
  public var isLinear: Bool { digits.isEmpty }

  /// Whether it is the same number everywhere.
  public var isConstant: Bool { digits.isEmpty && coefficients.allSatisfy { $0 == 0 } }

  /// Whether it may differ between points that differ along `axis` only.
  public func depends(on axis: Int) -> Bool {
    coefficients[axis] != 0 || digits.contains { $0.dividend.coefficients[axis] != 0 }
  }

  /// How far a step along `axis` moves it; `nil` where that depends on the point.
  public func stride(along axis: Int) -> Int? {
    digits.contains { $0.dividend.coefficients[axis] != 0 } ? nil : coefficients[axis]
  }

  /// Its value at a point.
  public func value(at coordinates: [Int]) -> Int {
    zip(coefficients, coordinates).reduce(offset) { $0 + $1.0 * $1.1 }
      + digits.reduce(0) { $0 + $1.coefficient * $1.value(of: $1.dividend.value(at: coordinates)) }
  }

  /// The expression in the space without `axis`, on which it does not depend or which has one point.
  func droppingAxis(_ axis: Int) -> AffineExpression {
    var result = self
    result.coefficients.remove(at: axis)
    for i in digits.indices { result.digits[i].dividend = digits[i].dividend.droppingAxis(axis) }
    if !digits.isEmpty { result.joinDigits() }
    return result
  }

  // MARK: Ranges

  /// The smallest and the largest value in an index space, or bounds of them where digits depend on one axis.
  public func range(in extents: [Int]) -> ClosedRange<Int> {
    var (low, high) = (offset, offset)
    for (coefficient, extent) in zip(coefficients, extents) {
      let reach = coefficient * (extent - 1)
      if reach < 0 { low += reach } else { high += reach }
    }
    for digit in digits {
      let range = digit.range(ofDividend: digit.dividend.range(in: extents))
      let (a, b) = (digit.coefficient * range.lowerBound, digit.coefficient * range.upperBound)
      (low, high) = (low + min(a, b), high + max(a, b))
    }
    return low...high
  }
}

extension AffineExpression.Digit {
  /// The digit of `number`.
  package func value(of number: Int) -> Int {
    let quotient = floorDivide(number, divisor)
    return modulus.map { quotient - floorDivide(quotient, $0) * $0 } ?? quotient
  }

  /// All that the digit can be, without its coefficient.
  func range(ofDividend range: ClosedRange<Int>) -> ClosedRange<Int> {
    let (low, high) = (floorDivide(range.lowerBound, divisor), floorDivide(range.upperBound, divisor))
    guard let modulus else { return low...high }
    if floorDivide(low, modulus) != floorDivide(high, modulus) { return 0...modulus - 1 }
    let whole = floorDivide(low, modulus) * modulus
    return low - whole...high - whole
  }

  func multiplied(by factor: Int) -> Self {
    var result = self
    result.coefficient *= factor
    return result
  }

  /// Whether the two are equal but for their coefficients.
  func isSame(as other: Self) -> Bool {
    divisor == other.divisor && modulus == other.modulus && dividend == other.dividend
  }

  /// An order of digits that are not the same.
  func precedes(_ other: Self) -> Bool {
    if dividend != other.dividend {
      let (a, b) = ([dividend.offset] + dividend.coefficients, [other.dividend.offset] + other.dividend.coefficients)
      return a.lexicographicallyPrecedes(b)
    }
    return (divisor, modulus ?? 0) < (other.divisor, other.modulus ?? 0)
  }
}

/// `a / b` rounded down.
/// - Requires: `b > 0`.
package func floorDivide(_ a: Int, _ b: Int) -> Int { a >= 0 ? a / b : -((b - 1 - a) / b) }

/// `a / b` rounded up.
/// - Requires: `b > 0`.
package func ceilDivide(_ a: Int, _ b: Int) -> Int { a >= 0 ? (a + b - 1) / b : -(-a / b) }

/// The greatest common divisor of two numbers that are not negative.
package func greatestCommonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : greatestCommonDivisor(b, a % b) }
