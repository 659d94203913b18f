import FraguaKernels
import FraguaTensors

extension LanesForm {
  /// Where the rows of each value lie, found node by node.
  struct Analysis {
    let rowExtent: Extent
    var rowAxis: ValueTable<Int?>
    var instructionCount = 0
    private var dependsOnSum: ValueTable<Bool>
    /// Uniform values whose elements a reshape has put elsewhere: an index that is the row is no coordinate behind it.
    private var isReshaped: ValueTable<Bool>

    init(_ function: Function, rowExtent: Extent) {
      self.rowExtent = rowExtent
      rowAxis = ValueTable(repeating: nil, count: function.valueCount)
      dependsOnSum = ValueTable(repeating: false, count: function.valueCount)
      isReshaped = dependsOnSum
    }

    /// Notes where the rows of the results of node `index` lie.
    /// - Returns: whether it fits the form.
    mutating func add(_ function: ClassifiedFunction, _ index: Int) -> Bool {
      let (node, role) = (function.function.nodes[index], function.roles[index])
      let value = node.results[0]
      guard node.results.count == 1, hasOnlyRowSymbols(value.type), let result = classify(node, role) else {
        return false
      }
      rowAxis[value.id] = result.rowAxis
      dependsOnSum[value.id] = result.isSum || node.operands.contains { dependsOnSum[$0.id] }
      let isReshape = if case .view(let map) = role { isReshape(map, node) } else { false }
      isReshaped[value.id] =
        result.rowAxis == nil && (isReshape || node.operands.contains { isReshaped[$0.id] })
      if result.rowAxis != nil {
        // Rows lie along one axis, and what they need must not wait for a sum over them.
        if hasSymbols(value.type), value.type.shape.count(where: { $0 == rowExtent }) > 1 { return false }
        if dependsOnSum[value.id] || node.operands.contains(where: { isReshaped[$0.id] }) { return false }
      }
      if result.isSum, node.operands.contains(where: { dependsOnSum[$0.id] }) { return false }
      instructionCount += result.work
      return true
    }

    /// Whether an extent of `type` is a bound symbol.
    func hasSymbols(_ type: TensorType) -> Bool { type.shape.contains { $0.declaredValue == nil } }

    /// Whether no extent of `type` is a symbol but the rows'.
    func hasOnlyRowSymbols(_ type: TensorType) -> Bool {
      type.shape.allSatisfy { $0.declaredValue != nil || $0 == rowExtent }
    }

    /// How many elements of `type` a program unrolls where rows lie along `axis`; along symbols it unrolls none.
    func unrolledCount(_ type: TensorType, _ axis: Int?) -> Int {
      type.shape.enumerated().reduce(1) { $1.offset == axis ? $0 : $0 * ($1.element.declaredValue ?? 1) }
    }

    private struct Classification {
      var rowAxis: Int?
      var isSum = false
      var work: Int
    }

    /// Where the rows of a node's result lie and what its unrolled form costs; `nil` where it does not fit.
    private func classify(_ node: Node, _ role: Role) -> Classification? {
      let result = node.results[0]
      let operandAxes = node.operands.map { rowAxis[$0.id] }
      switch role {
      case .constant(let constant):
        let isSmall = constant.splat != nil || unrolledCount(result.type, nil) <= LanesForm.instructionLimit
        return isSmall ? Classification(work: 0) : nil
      case .generator: return node.operands.isEmpty ? Classification(work: 0) : nil
      case .pointwise:
        let axes = Set(operandAxes.compactMap { $0 })
        guard axes.count <= 1 else { return nil }
        let work = max(2, ElementExpression(of: node, role)?.program.instructionCount ?? 2)
        return Classification(rowAxis: axes.first, work: work * unrolledCount(result.type, axes.first))
      case .view(let map):
        guard let axis = operandAxes[0] else { return Classification(work: 0) }
        return viewAxis(map, axis, node).map { Classification(rowAxis: $0, work: 0) }
      case .reduction(let combiner, let axes):
        let type = node.operands[0].type
        guard let axis = operandAxes[0] else {
          return hasSymbols(type) ? nil : Classification(work: type.elementCount)
        }
        let work = unrolledCount(type, axis)
        if axes.contains(axis) { return combiner == .sum ? Classification(isSum: true, work: work) : nil }
        return Classification(rowAxis: axis - axes.filter { $0 < axis }.count, work: work)
      case .contraction(let dimensions): return classify(node, dimensions, operandAxes)
      case .gather, .scatterAdd: return nil
      }
    }

    /// Whether a view gives elements other coordinates than those of axes that it keeps, whatever symbols are bound to.
    private func isReshape(_ map: AffineMap, _ node: Node) -> Bool {
      let (operand, result) = (node.operands[0].type, node.results[0].type)
      return operand.shape.filter { $0 != 1 } != result.shape.filter { $0 != 1 }
        && map.keepsOrder(from: operand.extents, to: result.extents)
    }

    /// The axis of a view's result along which the operand's rows lie.
    private func viewAxis(_ map: AffineMap, _ axis: Int, _ node: Node) -> Int? {
      let result = node.results[0].type.shape
      let coordinates = map.coordinates
      guard !isReshape(map, node),
        let found = AffineExpression.identity(rank: result.count).firstIndex(of: coordinates[axis]),
        result[found] == rowExtent
      else { return nil }
      // No other axis may follow the rows.
      let others = coordinates.indices.filter { $0 != axis }
      return others.allSatisfy { !coordinates[$0].depends(on: found) } ? found : nil
    }

    private func classify(
      _ node: Node, _ dimensions: ContractionDimensions, _ operandAxes: [Int?]
    ) -> Classification? {
      let (lhs, rhs) = (node.operands[0].type, node.operands[1].type)
      let depth = dimensions.lhsContracting.filter { $0 != operandAxes[0] }.map { lhs.shape[$0] }
      let contractsRows =
        operandAxes[0].map { dimensions.lhsContracting.contains($0) } ?? false
        || operandAxes[1].map { dimensions.rhsContracting.contains($0) } ?? false
      // Rows that one factor alone has, or that no factor has, would be unrolled.
      if !contractsRows, depth.contains(where: { $0.declaredValue == nil }) { return nil }
      let steps = depth.reduce(1) { $0 * ($1.declaredValue ?? 1) }
      if contractsRows {
        guard let left = operandAxes[0], let right = operandAxes[1],
          dimensions.lhsContracting.firstIndex(of: left) == dimensions.rhsContracting.firstIndex(of: right)
        else { return nil }
        return Classification(isSum: true, work: unrolledCount(node.results[0].type, nil) * steps)
      }
      let batch = dimensions.lhsBatch.count
      let lhsFree = dimensions.lhsFree(rank: lhs.rank)
      let rhsFree = dimensions.rhsFree(rank: rhs.rank)
      var axes: Set<Int> = []
      if let axis = operandAxes[0] {
        if let position = dimensions.lhsBatch.firstIndex(of: axis) { axes.insert(position) }
        if let position = lhsFree.firstIndex(of: axis) { axes.insert(batch + position) }
      }
      if let axis = operandAxes[1] {
        if let position = dimensions.rhsBatch.firstIndex(of: axis) { axes.insert(position) }
        if let position = rhsFree.firstIndex(of: axis) { axes.insert(batch + lhsFree.count + position) }
      }
      guard axes.count <= 1 else { return nil }
      return Classification(rowAxis: axes.first, work: unrolledCount(node.results[0].type, axes.first) * steps)
    }
  }
}
