import FraguaGraph
import FraguaKernels
import FraguaTensors

/// Where in the index space of a region a node computes its elements, that uses values of the region in another shape.
extension FusionPlanner {
  /// The coordinates of the elements of node `index` as a function of those of the space of `group`, of whose values it
  /// uses `inside`; `nil` where it cannot be computed there.
  ///
  /// Turned axes and reshapes lead from the values to the node. What the node stores lies in memory side by side along
  /// the innermost axis of the space.
  func placement(of index: Int, _ inside: [Reached], in group: Int) -> [AffineExpression]? {
    let (value, space) = (function.nodes[index].results[0], groups[group].space)
    let extents = value.type.extents
    if extents == space, inside.allSatisfy({ $0.isIdentity && groups[group].placements[$0.value.id] == nil }) {
      return AffineExpression.identity(rank: space.count)
    }
    guard isElementwise(index), groups[group].kind.takesOtherShapes, value.type.elementCount == space.reduce(1, *),
      let strides = strides(of: extents, inside, in: group),
      let placement = AffineMap.placement(strides: strides, of: extents, in: space)
    else { return nil }
    let leadsBack = inside.allSatisfy { item in
      guard let own = groups[group].placement(of: item.value), let coordinates = item.coordinates else { return false }
      return AffineMap(coordinates).coordinates(at: placement, in: space) == own
    }
    return leadsBack && isExpressible(index, at: placement, in: space) ? placement : nil
  }

  /// How far apart in memory the elements of a value of `extents` lie along the axes of the group's space.
  private func strides(of extents: [Int], _ inside: [Reached], in group: Int) -> [Int]? {
    let space = groups[group].space
    guard let item = inside.first, let inverse = item.inverse, let own = groups[group].placement(of: item.value),
      let coordinates = AffineMap(inverse).coordinates(at: own, in: space)
    else { return nil }
    let place = AffineExpression.sum(0, rowMajorStrides(extents), coordinates, rank: space.count)
    guard place.isLinear, let last = space.lastIndex(where: { $0 != 1 }), place.coefficients[last] == 1 else {
      return nil
    }
    return place.coefficients
  }

  /// Whether each element of a node's result comes of one of each operand.
  private func isElementwise(_ index: Int) -> Bool {
    switch roles[index] {
    case .pointwise, .view, .generator, .gather: true
    case .reduction, .contraction, .scatterAdd, .constant: false
    }
  }

  /// Whether node `index` can be computed at `coordinates`, expressions over a space of extents `extents`, from what is
  /// in memory or in its group: where that takes no digits of digits.
  func isExpressible(_ index: Int, at coordinates: [AffineExpression], in extents: [Int]) -> Bool {
    let node = function.nodes[index]
    let isDeferred = { (value: Value) in producers[value.id].map { self.isDeferred[$0] } ?? false }
    switch roles[index] {
    case .view(let map):
      guard let through = map.coordinates(at: coordinates, in: extents) else { return false }
      let operand = node.operands[0]
      return !isDeferred(operand) || isTable(0, of: node)
        || isExpressible(producers[operand.id]!, at: through, in: extents)
    case .pointwise:
      return node.operands.allSatisfy {
        !isDeferred($0) || isExpressible(producers[$0.id]!, at: coordinates, in: extents)
      }
    case .gather:
      let indices = node.operands[1]
      let outer = Array(coordinates.prefix(indices.type.rank))
      return !isDeferred(indices) || isExpressible(producers[indices.id]!, at: outer, in: extents)
    default: return true
    }
  }
}

extension FusionGroup.Kind {
  /// Whether its lowering stores values of other shapes than the space.
  fileprivate var takesOtherShapes: Bool {
    switch self {
    case .map, .contract: true
    case .rows, .scatter: false
    }
  }
}
