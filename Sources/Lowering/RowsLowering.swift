import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Lowers elementwise and reducing regions: forms `map`, `reduce` and `rows`.
///
/// The index space is the operand shape of the region's reductions, or the shape of its results. A value's *depth* is
/// the number of sweeps that must have ended before it can be computed; sweep `s` computes the reductions of operands
/// of depth `s` and stores the results of depth `s`.
struct RowsLowering {
  private let region: RegionContext
  /// The extents of the space that is swept.
  private let space: [Int]
  /// The axes of `space` that are reduced, ascending.
  private let reduced: [Int]
  /// The axes of `space` that are not.
  private let kept: [Int]
  /// For each value: its depth.
  private let depth: ValueTable<Int>
  /// The kernel's extents: kept axes, then reduced axes.
  private let extents: [Int]
  private var draft = KernelDraft()
  private var stages: [RowStage] = []
  /// The number of row scalars so far.
  private var scalarCount = 0
  private var bindings: [ValueID: ProgramEmitter.Binding] = [:]
  private var localCount = 0

  init(_ region: RegionContext) throws(Diagnostic) {
    self.region = region
    let reductions = region.nodes { if case .reduction = $0 { true } else { false } }
    var space: [Int]?
    var reduced: [Int] = []
    for index in reductions {
      guard case .reduction(_, let axes) = region.roles[index] else { continue }
      let extents = region.function.nodes[index].operands[0].type.extents
      if let known = space, known != extents || reduced != axes.sorted() {
        throw region.error("its reductions have different index spaces")
      }
      space = extents
      reduced = axes.sorted()
    }
    let full = space ?? region.placing?.space ?? region.function.results.first?.type.extents ?? []
    self.space = full
    self.reduced = reduced
    let removed = reduced
    kept = full.indices.filter { !removed.contains($0) }
    extents = kept.map { full[$0] } + removed.map { full[$0] }
    var depth = ValueTable(repeating: 0, count: region.function.valueCount)
    for (index, node) in region.function.nodes.enumerated() {
      let below = node.operands.map { depth[$0.id] }.max() ?? 0
      var own = below
      if case .reduction = region.roles[index] { own += 1 }
      for result in node.results { depth[result.id] = own }
    }
    self.depth = depth
  }

  /// The coordinates of a value over the whole space.
  private var fullCoordinates: [AffineExpression] {
    space.indices.map { axis in
      let position = kept.firstIndex(of: axis) ?? kept.count + reduced.firstIndex(of: axis)!
      return .axis(position, rank: space.count)
    }
  }

  /// The coordinates of a row value.
  private var rowCoordinates: [AffineExpression] { kept.indices.map { .axis($0, rank: space.count) } }

  private func isFull(_ value: Value) -> Bool { reduced.isEmpty || value.type.rank == space.count }

  /// The kernel and its buffers.
  mutating func lower() throws(Diagnostic) -> (kernel: Kernel, bindings: [KernelDraft.Source]) {
    if reduced.isEmpty { try lowerMap() } else { try lowerSweeps() }
    let kernel = Kernel(
      axes: extents, parallelAxes: kept.count, buffers: draft.buffers, body: .rows(RowsBody(stages)))
    return (kernel.splittingAxes.mergingAxes, draft.bindings)
  }

  private mutating func lowerMap() throws(Diagnostic) {
    var emitter = ProgramEmitter(region, extents: extents, draft: draft)
    var stores: [Store] = []
    for (index, value) in region.function.results.enumerated() {
      let placement = try region.placement(ofResult: index, in: space, at: fullCoordinates, extents)
      let number = try emitter.emit(value, at: placement.coordinates)
      stores += emitter.stores(ofResult: index, number, to: placement.element)
    }
    draft = emitter.draft
    stages = [.scalar(Block(emitter.program, stores: stores), yields: [])]
  }

  // MARK: Sweeps

  private mutating func lowerSweeps() throws(Diagnostic) {
    let results = region.function.results
    let deepest = region.function.nodes.flatMap(\.results).map { depth[$0.id] }.max() ?? 0
    let locals = localValues(sweeps: deepest + 1)
    for sweep in 0...deepest {
      try lowerRowResults(atDepth: sweep)
      let reductions = region.function.nodes.indices.filter { index in
        if case .reduction = region.roles[index] {
          return depth[region.function.nodes[index].results[0].id] == sweep + 1
        }
        return false
      }
      let stored = results.indices.filter { isFull(results[$0]) && depth[results[$0].id] == sweep }
      if reductions.isEmpty && stored.isEmpty { continue }
      try lowerSweep(reductions, stored, locals[sweep])
    }
  }

  /// One sweep, preceded by the scalars that it needs.
  private mutating func lowerSweep(_ reductions: [Int], _ stored: [Int], _ locals: [Value]) throws(Diagnostic) {
    var emitter = ProgramEmitter(region, extents: extents, draft: draft)
    emitter.bindings = bindings
    emitter.sweptAxes = kept.count..<extents.count
    emitter.hoistBase = scalarCount
    var stores: [Store] = []
    var localNumbers: [Int] = []
    var joined: [Reduction] = []
    for value in locals { localNumbers.append(try emitter.emit(value, at: fullCoordinates)) }
    for index in reductions {
      guard case .reduction(let combiner, _) = region.roles[index] else { continue }
      joined.append(
        Reduction(combiner, try emitter.emit(region.function.nodes[index].operands[0], at: fullCoordinates)))
    }
    for index in stored {
      let number = try emitter.emit(region.function.results[index], at: fullCoordinates)
      stores += emitter.stores(ofResult: index, number, at: fullCoordinates)
    }
    draft = emitter.draft
    try lowerHoisted(emitter.hoisted)
    stages.append(.sweep(Block(emitter.program, stores: stores), locals: localNumbers, reductions: joined))
    for value in locals {
      bindings[value.id] = .init(coordinates: fullCoordinates, instruction: .local(localCount))
      localCount += 1
    }
    for index in reductions {
      let value = region.function.nodes[index].results[0]
      bindings[value.id] = .init(coordinates: rowCoordinates, instruction: .input(scalarCount))
      scalarCount += 1
    }
  }

  /// A scalar stage that yields what a sweep takes from outside.
  private mutating func lowerHoisted(_ hoisted: [(value: Value, coordinates: [AffineExpression])]) throws(Diagnostic) {
    guard !hoisted.isEmpty else { return }
    var emitter = ProgramEmitter(region, extents: extents, draft: draft)
    emitter.bindings = bindings
    var yields: [Int] = []
    for item in hoisted { yields.append(try emitter.emit(item.value, at: item.coordinates)) }
    draft = emitter.draft
    stages.append(.scalar(Block(emitter.program), yields: yields))
    for item in hoisted {
      // Later programs take it as it is, where they need it at the same place.
      bindings[item.value.id] =
        bindings[item.value.id] ?? .init(coordinates: item.coordinates, instruction: .input(scalarCount))
      scalarCount += 1
    }
  }

  /// A scalar stage that stores the row results of that depth.
  private mutating func lowerRowResults(atDepth wanted: Int) throws(Diagnostic) {
    let results = region.function.results
    let chosen = results.indices.filter { !isFull(results[$0]) && depth[results[$0].id] == wanted }
    guard !chosen.isEmpty else { return }
    var emitter = ProgramEmitter(region, extents: extents, draft: draft)
    emitter.bindings = bindings
    var stores: [Store] = []
    for index in chosen {
      guard results[index].type.extents == kept.map({ space[$0] }) else {
        throw region.error("a result has neither the shape of the rows nor that of the whole")
      }
      let number = try emitter.emit(results[index], at: rowCoordinates)
      stores += emitter.stores(ofResult: index, number, at: rowCoordinates)
    }
    draft = emitter.draft
    stages.append(.scalar(Block(emitter.program, stores: stores), yields: []))
  }

  /// For each sweep, the values kept for later sweeps: needed there too, and dearer to compute again than to keep.
  private func localValues(sweeps: Int) -> [[Value]] {
    var firstNeed: [ValueID: Int] = [:]
    var result = [[Value]](repeating: [], count: sweeps)
    for sweep in 0..<sweeps {
      var seen: Set<ValueID> = []
      var stack: [Value] = []
      for (index, node) in region.function.nodes.enumerated() {
        if case .reduction = region.roles[index], depth[node.results[0].id] == sweep + 1 {
          stack.append(node.operands[0])
        }
      }
      stack += region.function.results.filter { isFull($0) && depth[$0.id] == sweep }
      while let value = stack.popLast() {
        guard let producer = region.producers[value.id], seen.insert(value.id).inserted else { continue }
        guard case .pointwise = region.roles[producer], value.type.extents == space else { continue }
        if isCostly(producer) {
          if let first = firstNeed[value.id] {
            if first == depth[value.id], first < sweep, !result[first].contains(value) { result[first].append(value) }
            continue
          }
          firstNeed[value.id] = sweep
        }
        stack += region.function.nodes[producer].operands
      }
    }
    return result.map { $0.sorted { $0.id < $1.id } }
  }

  /// Whether a node's own expression has more than cheap arithmetic.
  private func isCostly(_ index: Int) -> Bool {
    guard case .pointwise = region.roles[index], let expression = region.expression(of: index) else { return false }
    return expression.program.instructions.contains { $0.cost.cycles >= OperatorCost.division.cycles }
  }
}
