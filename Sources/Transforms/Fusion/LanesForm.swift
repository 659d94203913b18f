import FraguaGraph
import FraguaKernels
import FraguaTensors

/// Whether, and how, a whole small function can run with one row of the batch a lane, all its tensors unrolled into
/// scalars.
///
/// Each value is either *uniform*, or has one axis along which the rows of the batch lie. The program of a row computes
/// what depends on rows; sums over the rows join them; what depends on those sums runs once, in the epilogue.
public struct LanesForm: Sendable {
  /// The number of rows.
  public let rows: Int
  /// For each value of the function: the axis along which the rows lie, `nil` for uniform values.
  public let rowAxis: [Int?]
  /// About how many scalar instructions the unrolled network has.
  public let instructionCount: Int

  /// Unrolled programs longer than this cost more to compile and to fetch than their loops.
  public static let instructionLimit = 800

  /// What an access of a vector of rows of `elements` elements counts as: a few shuffles, or one lane after the other.
  private static func stridedAccessInstructions(_ elements: Int) -> Int { elements <= 4 ? elements : 16 }

  public var isWorthwhile: Bool { instructionCount <= Self.instructionLimit }

  /// Looks at `function`; `nil` where its shape does not fit the form.
  ///
  /// - Parameter argumentCount: how many of the first arguments are the batch's; the others are parameters. `nil` for
  ///   all.
  /// - Requires: primitive operations only, all extents fixed.
  public init?(_ function: Function, argumentCount: Int? = nil) {
    let batch = function.arguments.prefix(argumentCount ?? function.arguments.count)
    let extents = Set(batch.compactMap { $0.type.rank > 0 ? $0.type.extents[0] : nil })
    guard extents.count == 1, let rows = extents.first, rows > 1 else { return nil }
    var rowAxis = [Int?](repeating: nil, count: function.valueCount)
    var dependsOnSum = [Bool](repeating: false, count: function.valueCount)
    // Uniform values whose elements a reshape has put elsewhere: an index that is the row is no coordinate behind it.
    var isReshaped = dependsOnSum
    for argument in batch where argument.type.rank > 0 { rowAxis[argument.id] = 0 }
    var count = 0
    for node in function.nodes {
      guard let operation = node.operation as? any PrimitiveOperation else { return nil }
      let role = operation.role(node.operands.map(\.type), node.results.map(\.type), node.attributes)
      guard let result = Self.classify(node, role, rowAxis, rows) else { return nil }
      let value = node.results[0]
      rowAxis[value.id] = result.rowAxis
      dependsOnSum[value.id] = result.isSum || node.operands.contains { dependsOnSum[$0.id] }
      let isReshape = if case .view(.reshape) = role { !Self.keepsAxes(node) } else { false }
      isReshaped[value.id] =
        result.rowAxis == nil && (isReshape || node.operands.contains { isReshaped[$0.id] })
      if result.rowAxis != nil, node.operands.contains(where: { isReshaped[$0.id] }) { return nil }
      // What rows need must not wait for a sum over rows.
      if result.rowAxis != nil, dependsOnSum[value.id] { return nil }
      if result.isSum, node.operands.contains(where: { dependsOnSum[$0.id] }) { return nil }
      count += result.work
      if count > Self.instructionLimit { break }
    }
    // Rows of several elements are read and written at a stride, one element after the other.
    for value in batch + function.results where rowAxis[value.id] != nil {
      let elements = value.type.elementCount / rows
      if elements > 1 { count += elements * Self.stridedAccessInstructions(elements) }
    }
    self.rows = rows
    self.rowAxis = rowAxis
    instructionCount = count
  }

  /// What ``Fusion`` says about each edge of `function` where this form is worthwhile.
  func decisions(_ function: Function) -> [FusionDecision] {
    let reason =
      "the whole function is one region, a row a lane: about \(instructionCount) instructions, at most "
      + "\(Self.instructionLimit)"
    let kept = Set((function.results + function.updates.map(\.value)).map(\.id))
    var producers: Set<Int> = []
    var decisions: [FusionDecision] = []
    for node in function.nodes {
      var seen: Set<Int> = []
      for operand in node.operands where producers.contains(operand.id) && seen.insert(operand.id).inserted {
        let size = operand.type.byteCount
        decisions.append(
          FusionDecision(
            producer: operand, consumer: node.results[0], verdict: .fused, reason: reason,
            bytes: kept.contains(operand.id) ? size : 2 * size, isWritten: kept.contains(operand.id)))
      }
      producers.formUnion(node.results.map(\.id))
    }
    return decisions
  }

  /// Whether a reshape only adds or removes axes of extent 1.
  private static func keepsAxes(_ node: Node) -> Bool {
    node.operands[0].type.extents.filter { $0 != 1 } == node.results[0].type.extents.filter { $0 != 1 }
  }

  private struct Classification {
    var rowAxis: Int?
    var isSum = false
    var work: Int
  }

  /// Where the rows of a node's result lie and what its unrolled form costs; `nil` where it does not fit.
  private static func classify(_ node: Node, _ role: Role, _ rowAxis: [Int?], _ rows: Int) -> Classification? {
    let result = node.results[0]
    func elements(_ axis: Int?) -> Int {
      result.type.extents.enumerated().reduce(1) { $1.offset == axis ? $0 : $0 * $1.element }
    }
    let operandAxes = node.operands.map { rowAxis[$0.id] }
    switch role {
    case .constant(let constant):
      return constant.splat != nil || elements(nil) <= LanesForm.instructionLimit ? Classification(work: 0) : nil
    case .generator: return node.operands.isEmpty ? Classification(work: 0) : nil
    case .pointwise:
      let axes = Set(operandAxes.compactMap { $0 })
      guard axes.count <= 1 else { return nil }
      let work = max(2, FusionCost.program(of: node)?.cost ?? 2)
      return Classification(rowAxis: axes.first, work: work * elements(axes.first))
    case .view(let view):
      guard let axis = operandAxes[0] else { return Classification(work: 0) }
      return viewAxis(view, axis, node, rows).map { Classification(rowAxis: $0, work: 0) }
    case .reduction(let combiner, let axes):
      let work = node.operands[0].type.elementCount
      guard let axis = operandAxes[0] else { return Classification(work: work) }
      if axes.contains(axis) {
        return combiner == .sum ? Classification(isSum: true, work: work / rows) : nil
      }
      return Classification(rowAxis: axis - axes.filter { $0 < axis }.count, work: work / rows)
    case .contraction(let dimensions): return classify(node, dimensions, operandAxes, rows)
    case .gather, .scatterAdd: return nil
    }
  }

  /// The axis of a view's result along which the operand's rows lie.
  private static func viewAxis(_ view: View, _ axis: Int, _ node: Node, _ rows: Int) -> Int? {
    let result = node.results[0].type.extents
    let identity = AffineExpression.identity(rank: result.count)
    guard
      let coordinates = view.operandCoordinates(
        at: identity, operand: node.operands[0].type.extents, result: result, rank: result.count),
      let found = identity.firstIndex(of: coordinates[axis]), result[found] == rows
    else { return nil }
    // No other axis may follow the rows.
    let others = coordinates.indices.filter { $0 != axis }
    return others.allSatisfy { coordinates[$0].coefficients[found] == 0 } ? found : nil
  }

  private static func classify(
    _ node: Node, _ dimensions: ContractionDimensions, _ operandAxes: [Int?], _ rows: Int
  ) -> Classification? {
    let (lhs, rhs) = (node.operands[0].type.extents, node.operands[1].type.extents)
    let depth = dimensions.lhsContracting.reduce(1) { $0 * lhs[$1] }
    let total = node.results[0].type.elementCount * depth
    let contractsRows =
      operandAxes[0].map { dimensions.lhsContracting.contains($0) } ?? false
      || operandAxes[1].map { dimensions.rhsContracting.contains($0) } ?? false
    if contractsRows {
      guard let left = operandAxes[0], let right = operandAxes[1],
        dimensions.lhsContracting.firstIndex(of: left) == dimensions.rhsContracting.firstIndex(of: right)
      else { return nil }
      return Classification(isSum: true, work: total / rows)
    }
    let batch = dimensions.lhsBatch.count
    let lhsFree = dimensions.lhsFree(rank: lhs.count)
    let rhsFree = dimensions.rhsFree(rank: rhs.count)
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
    return Classification(rowAxis: axes.first, work: axes.isEmpty ? total : total / rows)
  }

  /// The function with all its nodes in one region.
  static func asOneRegion(_ function: Function) -> Function {
    var rewriter = FunctionRewriter(function)
    var body = FunctionBuilder(name: "region")
    var map: [Int: Value] = [:]
    var inputs: [Value] = []
    for argument in function.arguments {
      map[argument.id] = body.argument(function.valueNames[argument.id], argument.type)
      inputs.append(argument)
    }
    for read in function.parameterReads {
      map[read.value.id] = body.argument(read.parameter, read.value.type)
      inputs.append(read.value)
    }
    var defined: Set<Int> = []
    for node in function.nodes {
      body.origin = node.origin
      let results = body.append(
        node.kind, node.operands.map { map[$0.id]! }, node.attributes, types: node.results.map(\.type))
      for (old, new) in zip(node.results, results) {
        map[old.id] = new
        defined.insert(old.id)
        if let name = function.valueNames[old.id] { body.name(new, name) }
      }
    }
    var outputs: [Value] = []
    for value in function.results + function.updates.map(\.value) where defined.remove(value.id) != nil {
      outputs.append(value)
    }
    guard !outputs.isEmpty else { return function }
    body.setResults(outputs.map { map[$0.id]! })
    rewriter.builder.origin = .fused(function.nodes.map(\.origin).filter { $0 != .unknown })
    let results = rewriter.builder.append(
      .fused(function.name, Region(body.function)), rewriter.mapped(inputs),
      ["form": .keyword(RegionForm.lanes.rawValue), "arguments": .integer(function.arguments.count)],
      types: outputs.map(\.type))
    for (old, new) in zip(outputs, results) { rewriter.replace(old, with: new) }
    return rewriter.finish()
  }
}
