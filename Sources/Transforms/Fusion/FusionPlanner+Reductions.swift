import FraguaGraph
import FraguaKernels
import FraguaTensors

/// Reductions, and sums beside products.
extension FusionPlanner {
  /// Puts a reduction into a region of its space, or beside a product, or opens a region.
  mutating func joinReduction(_ index: Int, _ node: Node, _ combiner: Combiner, _ axes: [Int]) {
    if combiner == .sum, joinAsSideSum(index, node, axes) { return }
    let operand = node.operands[0]
    let space = operand.type.extents
    let reached = reached(from: node)
    let candidates = candidates(reached)
    let key = RowsKey(value: operand.id, axes: axes)
    let sharing = rowsGroupOfOperand[key].map(find)
    var legal: [Int] = []
    for group in candidates + [sharing].compactMap({ $0 }) where !legal.contains(group) {
      let inside = reached.filter { groupOf($0.value) == group }
      guard groups[group].space == space else { continue }
      switch groups[group].kind {
      case .rows(let reduced) where reduced == axes && fits(index, space, inside, in: group): break
      case .map
      where inside.allSatisfy(\.isIdentity) && isTrailing(axes, rank: space.count) && groups[group].placements.isEmpty:
        break
      default: continue
      }
      if isOpen(group, to: index, candidates) { legal.append(group) }
    }
    var group = best(legal, for: index, reached, candidates)
    if let group {
      if groups[group].kind == .map { groups[group].kind = .rows(axes: axes) }
      join(index, group)
    } else {
      open(.rows(axes: axes), space: space, index)
      group = groups.count - 1
    }
    absorbMaps(into: group!, candidates)
    rowsGroupOfOperand[key] = group
  }

  private func isTrailing(_ axes: [Int], rank: Int) -> Bool { axes == Array((rank - axes.count)..<rank) }

  /// Puts the sum of an operand of a contraction over the contracted axes beside the contraction: a bias gradient
  /// beside its weight gradient.
  private mutating func joinAsSideSum(_ index: Int, _ node: Node, _ axes: [Int]) -> Bool {
    let operand = node.operands[0]
    guard operand.type.element.isFloat else { return false }
    for consumer in consumers[operand.id] {
      guard case .contraction(let dimensions) = roles[consumer], dimensions.lhsBatch.isEmpty else { continue }
      let contraction = function.nodes[consumer]
      // In the order in which the sum adds, which is that of the axes.
      let isRight = contraction.operands[1] == operand && dimensions.rhsContracting == axes
      let isLeft = contraction.operands[0] == operand && dimensions.lhsContracting == axes
      guard isRight || isLeft, contraction.operands[0] != contraction.operands[1] else { continue }
      // The contraction may stand later in the text; it is visited now if all it needs has been.
      if !isProcessed[consumer] {
        let ready = contraction.operands.allSatisfy { producers[$0.id].map { isProcessed[$0] } ?? true }
        if !ready { continue }
        process(consumer)
      }
      guard let group = groupOfNode[consumer].map(find) else { continue }
      let others = groups(of: reached(from: node))
      if others.contains(group) || createsCycle(others, group) { continue }
      groups[group].sideValues[node.results[0].id] = isRight ? .rhs : .lhs
      sideSums.insert(index)
      join(index, group)
      return true
    }
    return false
  }
}
