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
    return isExpressible(index, at: placement, in: space, of: group) ? placement : nil
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
  /// in memory or lies at the same place in `group`, as lowering composes them.
  func isExpressible(
    _ index: Int, at coordinates: [AffineExpression], in extents: [Int], of group: Int? = nil
  ) -> Bool {
    var walk = ExpressionWalk(planner: self, extents: extents, group: group)
    return walk.allows(index, at: coordinates, isLoose: false)
  }
}

/// A look at all that a node is computed from through deferred nodes, each at each place once.
private struct ExpressionWalk {
  let planner: FusionPlanner
  let extents: [Int]
  let group: Int?
  private var seen: Set<Key> = []

  private struct Key: Hashable {
    let node: Int
    let coordinates: [AffineExpression]
    let isLoose: Bool
  }

  init(planner: FusionPlanner, extents: [Int], group: Int?) {
    self.planner = planner
    self.extents = extents
    self.group = group
  }

  /// - Parameter isLoose: whether a condition on more than one coordinate stands before it, from which nothing is known
  ///   of digits.
  mutating func allows(_ index: Int, at coordinates: [AffineExpression], isLoose: Bool) -> Bool {
    guard seen.insert(Key(node: index, coordinates: coordinates, isLoose: isLoose)).inserted else { return true }
    let node = planner.function.nodes[index]
    switch planner.roles[index] {
    case .view(let map):
      guard let through = map.coordinates(at: coordinates, in: extents) else { return false }
      guard let guards = map.guards(at: coordinates, in: extents) else { return true }
      var isLoose = isLoose
      for entry in guards {
        if !entry.expression.isLinear { return false }
        if entry.expression.coefficients.count(where: { $0 != 0 }) > 1 { isLoose = true }
      }
      if isLoose, !through.allSatisfy(\.isLinear) { return false }
      return planner.isTable(0, of: node) || allows(node.operands[0], at: through, isLoose: isLoose)
    case .pointwise:
      for operand in node.operands where !allows(operand, at: coordinates, isLoose: isLoose) { return false }
      return true
    case .gather:
      let indices = node.operands[1]
      return allows(indices, at: Array(coordinates.prefix(indices.type.rank)), isLoose: isLoose)
    default: return true
    }
  }

  private mutating func allows(_ value: Value, at coordinates: [AffineExpression], isLoose: Bool) -> Bool {
    guard let producer = planner.producers[value.id] else { return true }
    if planner.isDeferred[producer] { return allows(producer, at: coordinates, isLoose: isLoose) }
    guard let group, planner.groupOf(value) == group else { return true }
    return planner.groups[group].placement(of: value) == coordinates
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
