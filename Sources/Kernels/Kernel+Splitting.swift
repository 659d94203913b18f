import FraguaTensors

extension Kernel {
  /// The same kernel with axes split wherever accesses take digits of them, so that accesses are linear: along an axis of
  /// 12, of which one takes `d0 div 4` and `d0 mod 4`, there are two of 3 and 4 instead.
  ///
  /// Points keep their order, and sums theirs. What does not divide evenly keeps its digits.
  package var splittingAxes: Kernel {
    var kernel = self
    for axis in axes.indices.reversed() {
      if let factors = kernel.factors(of: axis) { kernel = kernel.splitting(axis, into: factors) ?? kernel }
    }
    return kernel
  }

  /// The extents of the axes in whose place `axis` stands, outermost first; `nil` where nothing takes digits of it, or
  /// digits that do not fit together.
  private func factors(of axis: Int) -> [Int]? {
    let whole = AffineExpression.axis(axis, rank: axes.count)
    var bounds: Set<Int> = []
    for part in parts {
      for digit in part.block.accesses.flatMap(\.expressions).flatMap(\.digits)
      where digit.dividend.coefficients[axis] != 0 {
        guard digit.dividend == whole else { return nil }
        bounds.formUnion([digit.divisor, digit.divisor * (digit.modulus ?? 1)])
      }
    }
    let inner = bounds.filter { $0 > 1 && $0 < axes[axis] }.sorted() + [axes[axis]]
    var factors: [Int] = []
    var below = 1
    for bound in inner {
      guard bound % below == 0 else { return nil }
      factors.append(bound / below)
      below = bound
    }
    return factors.count > 1 ? factors.reversed() : nil
  }

  /// The kernel with axes of extents `factors` in place of `axis`; `nil` where its form does not allow that.
  private func splitting(_ axis: Int, into factors: [Int]) -> Kernel? {
    let more = factors.count - 1
    var result = self
    result.axes.replaceSubrange(axis...axis, with: factors)
    if axis < parallelAxes { result.parallelAxes += more }
    let rank = result.axes.count
    let coordinates = axes.indices.map { old -> AffineExpression in
      if old != axis { return .axis(old < axis ? old : old + more, rank: rank) }
      let parts = factors.indices.map { AffineExpression.axis(axis + $0, rank: rank) }
      return .sum(0, rowMajorStrides(factors), parts, rank: rank)
    }
    switch body {
    case .rows:
      // Terms of a sum that are a vector stay one.
      if sumsAlongInnermostAxis, !result.sumsAlongInnermostAxis { return nil }
    case .contract(var contract):
      switch axis {
      case ..<contract.batchAxes: contract.batchAxes += more
      case ..<(contract.batchAxes + contract.mAxes): contract.mAxes += more
      case ..<(contract.batchAxes + contract.mAxes + contract.nAxes): contract.nAxes += more
      default:
        if contract.summation == .lanes { return nil }
        contract.kAxes += more
      }
      result.body = .contract(contract)
    case .scatter, .lanes: return nil
    }
    guard let body = result.body.rewriting({ $0.substituting(coordinates, in: result.axes) }) else { return nil }
    result.body = body
    return result
  }
}
