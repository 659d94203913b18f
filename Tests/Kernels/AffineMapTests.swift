import FraguaKernels
import FraguaTensors
import TestSupport
import Testing

/// Affine expressions against their values at every point.
@Suite struct AffineMapTests {
  /// All points of a space.
  private func points(_ extents: [Int]) -> [[Int]] {
    extents.reduce([[]]) { prefixes, extent in prefixes.flatMap { prefix in (0..<extent).map { prefix + [$0] } } }
  }

  private func axis(_ axis: Int, _ rank: Int) -> AffineExpression { .axis(axis, rank: rank) }

  /// `number div divisor mod modulus`, rounded down.
  private func digit(_ number: Int, _ divisor: Int, _ modulus: Int?) -> Int {
    let quotient = Int((Double(number) / Double(divisor)).rounded(.down))
    return modulus.map { ((quotient % $0) + $0) % $0 } ?? quotient
  }

  @Test func splitsAndJoins() throws {
    // x[i] of 12 elements seen as 3 x 4, and back.
    let split = AffineMap.reshape(from: TensorType([3, 4], .f32), to: TensorType([12], .f32))
    #expect(split.coordinates.map { $0.value(at: [7]) } == [1, 3])
    let joined = AffineMap.reshape(from: TensorType([12], .f32), to: TensorType([3, 4], .f32))
    #expect(joined.coordinates == [AffineExpression(offset: 0, coefficients: [4, 1])])
    #expect(split.coordinates(at: joined.coordinates, in: [3, 4]) == AffineExpression.identity(rank: 2))
    #expect(joined.coordinates(at: split.coordinates, in: [12]) == AffineExpression.identity(rank: 1))
    #expect(split.keepsOrder(from: [3, 4], to: [12]) && joined.keepsOrder(from: [12], to: [3, 4]))
    #expect(!AffineMap([axis(1, 2), axis(0, 2)]).keepsOrder(from: [3, 4], to: [4, 3]))
  }

  @Test func headsAndBack() throws {
    let outer = AffineMap.reshape(from: TensorType([2, 3, 5], .f32), to: TensorType([6, 5], .f32)).coordinates
    #expect(outer.map { $0.value(at: [4, 2]) } == [1, 1, 2])
    #expect(outer.map { $0.depends(on: 1) } == [false, false, true])
    // [2, 5, 12] -> [2, 5, 3, 4] -> [2, 3, 5, 4], and the way back, are one map each; together nothing.
    let heads = AffineMap.reshape(from: TensorType([2, 5, 12], .f32), to: TensorType([2, 5, 3, 4], .f32))
    let turned = AffineMap([axis(0, 4), axis(2, 4), axis(1, 4), axis(3, 4)])
    let there = try #require(heads.coordinates(at: turned.coordinates, in: [2, 3, 5, 4]))
    #expect(there.allSatisfy { $0.isLinear })
    let flat = AffineMap.reshape(from: TensorType([2, 5, 3, 4], .f32), to: TensorType([2, 5, 12], .f32))
    let back = try #require(turned.coordinates(at: flat.coordinates, in: [2, 5, 12]))
    #expect(AffineMap(there).coordinates(at: back, in: [2, 5, 12]) == AffineExpression.identity(rank: 3))
  }

  @Test func symbolsPassThroughReshapes() {
    for batch in [1, 2, 3, 8] {
      let from = TensorType([.fixed(2), .bound("B", batch), .fixed(12)], .f32)
      let to = TensorType([.fixed(2), .bound("B", batch), .fixed(3), .fixed(4)], .f32)
      let coordinates = AffineMap.reshape(from: from, to: to).coordinates
      #expect(coordinates == [axis(0, 4), axis(1, 4), AffineExpression(offset: 0, coefficients: [0, 0, 4, 1])])
    }
  }

  /// Digits of sums, digits of digits and sums of digits are simple and right wherever they are expressions.
  @Test func randomCompositions() {
    var source = RandomSource(seed: 20)
    var digits = 0
    var nested = 0
    for _ in 0..<4000 {
      let extents = (0..<source.int(1...3)).map { _ in source.pick([1, 2, 3, 4, 6, 8, 12]) }
      var expression = AffineExpression(
        offset: source.int(-9...9), coefficients: extents.map { _ in source.pick([0, 1, 1, 2, 3, 4, 6, 12, -1, -4]) })
      var values = points(extents).map { expression.value(at: $0) }
      for _ in 0..<source.int(1...3) {
        let (divisor, modulus) = (
          source.pick([1, 2, 3, 4, 6, 12]), source.chance(60) ? source.pick([2, 3, 4, 6]) : nil
        )
        guard let next = expression.digit(divisor: divisor, modulus: modulus, in: extents) else {
          nested += 1
          break
        }
        values = values.map { digit($0, divisor, modulus) }
        expression = next
        if source.chance(30) {
          let (weight, other) = (source.int(-3...3), axis(source.int(0...extents.count - 1), extents.count))
          expression = .sum(1, [1, weight], [expression, other], rank: extents.count)
          values = zip(values, points(extents)).map { $0 + 1 + weight * other.value(at: $1) }
        }
        #expect(points(extents).map { expression.value(at: $0) } == values, "\(expression) in \(extents)")
        let range = expression.range(in: extents)
        #expect(values.allSatisfy { range.contains($0) }, "\(expression) in \(extents)")
        digits += expression.isLinear ? 0 : 1
      }
    }
    print("\(digits) expressions with digits, \(nested) that would need digits of digits")
    #expect(digits > 1000 && nested > 10)
  }

  /// Reshapes of reshapes, with transposes between, lead where memory says, or are refused.
  @Test func randomReshapes() {
    var source = RandomSource(seed: 21)
    var composed = 0
    for _ in 0..<500 {
      let shapes = [
        [24], [2, 12], [12, 2], [4, 6], [6, 4], [2, 3, 4], [4, 3, 2], [1, 24], [3, 8], [8, 3], [2, 2, 6],
      ]
      var shape = source.pick(shapes)
      var elements = Array(0..<24)
      let first = shape
      var coordinates: [AffineExpression]? = AffineExpression.identity(rank: shape.count)
      for _ in 0..<source.int(1...4) {
        let map: AffineMap
        let result: [Int]
        if source.chance(50) {
          let order = Array(shape.indices).shuffled(using: &source)
          result = order.map { shape[$0] }
          map = AffineMap(shape.indices.map { axis(order.firstIndex(of: $0)!, shape.count) })
        } else {
          result = source.pick(shapes)
          map = .reshape(from: TensorType(shape, .f32), to: TensorType(result, .f32))
        }
        let strides = rowMajorStrides(shape)
        elements = points(result).map { point in
          elements[zip(map.coordinates, strides).reduce(0) { $0 + $1.0.value(at: point) * $1.1 }]
        }
        // From the newest shape to the first.
        coordinates = coordinates.flatMap { AffineMap($0).coordinates(at: map.coordinates, in: result) }
        shape = result
      }
      guard let coordinates else { continue }
      composed += 1
      let strides = rowMajorStrides(first)
      let found = points(shape).map { point in
        zip(coordinates, strides).reduce(0) { $0 + $1.0.value(at: point) * $1.1 }
      }
      #expect(found == elements, "\(first) to \(shape) by \(coordinates)")
    }
    print("\(composed) of 500 are one map")
    #expect(composed > 300)
  }
}
