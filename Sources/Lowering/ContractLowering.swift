import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Lowers a region around one contraction: form `contract`.
struct ContractLowering {
  private let region: RegionContext
  private let node: Node
  private let dimensions: ContractionDimensions
  private let extents: [Int]
  private let counts: (batch: Int, m: Int, n: Int, k: Int)
  private let lhsFree: [Int]
  private let rhsFree: [Int]

  init(_ region: RegionContext) throws(Diagnostic) {
    self.region = region
    let contractions = region.nodes { if case .contraction = $0 { true } else { false } }
    guard contractions.count == 1, case .contraction(let dimensions) = region.roles[contractions[0]] else {
      throw region.error("it holds \(contractions.count) contractions, expected 1")
    }
    self.dimensions = dimensions
    node = region.function.nodes[contractions[0]]
    let (lhs, rhs) = (node.operands[0].type.extents, node.operands[1].type.extents)
    lhsFree = dimensions.lhsFree(rank: lhs.count)
    rhsFree = dimensions.rhsFree(rank: rhs.count)
    extents =
      dimensions.lhsBatch.map { lhs[$0] } + lhsFree.map { lhs[$0] } + rhsFree.map { rhs[$0] }
      + dimensions.lhsContracting.map { lhs[$0] }
    counts = (dimensions.lhsBatch.count, lhsFree.count, rhsFree.count, dimensions.lhsContracting.count)
  }

  /// The kernel's axes of each kind.
  private var batchAxes: Range<Int> { 0..<counts.batch }
  private var mAxes: Range<Int> { counts.batch..<counts.batch + counts.m }
  private var nAxes: Range<Int> { mAxes.upperBound..<mAxes.upperBound + counts.n }
  private var kAxes: Range<Int> { nAxes.upperBound..<extents.count }

  private func coordinates(_ axes: some Sequence<Int>) -> [AffineExpression] {
    axes.map { .axis($0, rank: extents.count) }
  }

  /// The coordinates of a factor whose axes are given by kind.
  private func factorCoordinates(rank: Int, batch: [Int], free: [Int], contracting: [Int], _ freeAxes: Range<Int>)
    -> [AffineExpression]
  {
    var result = [AffineExpression](repeating: .constant(0, rank: extents.count), count: rank)
    for (axis, own) in zip(batchAxes, batch) { result[own] = .axis(axis, rank: extents.count) }
    for (axis, own) in zip(freeAxes, free) { result[own] = .axis(axis, rank: extents.count) }
    for (axis, own) in zip(kAxes, contracting) { result[own] = .axis(axis, rank: extents.count) }
    return result
  }

  /// The kernel and its buffers.
  func lower() throws(Diagnostic) -> (kernel: Kernel, bindings: [KernelDraft.Source]) {
    let result = node.results[0]
    var emitter = ProgramEmitter(region, extents: extents, draft: KernelDraft())
    let lhs = try factor(
      node.operands[0],
      factorCoordinates(
        rank: node.operands[0].type.rank, batch: dimensions.lhsBatch, free: lhsFree,
        contracting: dimensions.lhsContracting, mAxes), &emitter)
    let rhs = try factor(
      node.operands[1],
      factorCoordinates(
        rank: node.operands[1].type.rank, batch: dimensions.rhsBatch, free: rhsFree,
        contracting: dimensions.rhsContracting, nAxes), &emitter)

    let sums = try sideSums()
    let main = region.function.results.indices.filter { index in
      !sums.contains { depends(region.function.results[index], on: $0.node) }
    }
    let epilogue = try block(
      main, binding: result, at: coordinates(0..<kAxes.lowerBound), &emitter)
    var rhsSum: Block?
    var lhsSum: Block?
    for sum in sums {
      let results = region.function.results.indices.filter { depends(region.function.results[$0], on: sum.node) }
      let value = region.function.nodes[sum.node].results[0]
      if sum.isRight {
        rhsSum = try block(results, binding: value, at: coordinates(Array(batchAxes) + Array(nAxes)), &emitter)
      } else {
        lhsSum = try block(results, binding: value, at: coordinates(Array(batchAxes) + Array(mAxes)), &emitter)
      }
    }
    let accumulator = node.operands[0].type.element
    let body = ContractBody(
      batchAxes: counts.batch, mAxes: counts.m, nAxes: counts.n, kAxes: counts.k,
      summation: dimensions.summation(node.operands[0].type, node.operands[1].type), accumulator: accumulator,
      lhs: lhs.withoutWidening(to: accumulator), rhs: rhs.withoutWidening(to: accumulator), epilogue: epilogue,
      rhsSum: rhsSum, lhsSum: lhsSum)
    let kernel = Kernel(
      axes: extents, parallelAxes: kAxes.lowerBound, buffers: emitter.draft.buffers, body: .contract(body))
    return (kernel.splittingAxes.mergingAxes, emitter.draft.bindings)
  }

  private func factor(
    _ value: Value, _ coordinates: [AffineExpression], _ emitter: inout ProgramEmitter
  ) throws(Diagnostic) -> ScalarProgram {
    var own = ProgramEmitter(region, extents: extents, draft: emitter.draft)
    let number = try own.emit(value, at: coordinates)
    emitter.draft = own.draft
    return own.ended(with: number)
  }

  private func block(
    _ results: [Int], binding value: Value, at place: [AffineExpression], _ emitter: inout ProgramEmitter
  ) throws(Diagnostic) -> Block {
    var own = ProgramEmitter(region, extents: extents, draft: emitter.draft)
    own.bindings[value.id] = .init(coordinates: place, instruction: .input(0))
    var stores: [Store] = []
    for index in results {
      let output = region.function.results[index]
      guard value == node.results[0] else {
        guard output.type.extents == value.type.extents else {
          throw region.error("a result has another shape than the sum")
        }
        stores += own.stores(ofResult: index, try own.emit(output, at: place), at: place)
        continue
      }
      let placement = try region.placement(ofResult: index, in: value.type.extents, at: place, extents)
      let number = try own.emit(output, at: placement.coordinates)
      stores += own.stores(ofResult: index, number, to: placement.element)
    }
    emitter.draft = own.draft
    return Block(own.program, stores: stores)
  }

  private struct SideSum {
    let node: Int
    let isRight: Bool
  }

  /// The reductions of the region: each must be the sum of a factor over the contracted axes.
  private func sideSums() throws(Diagnostic) -> [SideSum] {
    var result: [SideSum] = []
    for index in region.nodes(where: { if case .reduction = $0 { true } else { false } }) {
      guard case .reduction(.sum, let axes) = region.roles[index] else {
        throw region.error("it reduces by something else than a sum")
      }
      let operand = region.function.nodes[index].operands[0]
      if operand == node.operands[1], axes.sorted() == dimensions.rhsContracting {
        result.append(SideSum(node: index, isRight: true))
      } else if operand == node.operands[0], axes.sorted() == dimensions.lhsContracting {
        result.append(SideSum(node: index, isRight: false))
      } else {
        throw region.error("a sum in it is not that of a factor over the contracted axes")
      }
    }
    guard Set(result.map(\.isRight)).count == result.count else { throw region.error("it sums one factor twice") }
    return result
  }

  private func depends(_ value: Value, on node: Int) -> Bool {
    var stack = [value]
    var seen: Set<Int> = []
    while let next = stack.popLast() {
      guard let producer = region.producers[next.id], seen.insert(producer).inserted else { continue }
      if producer == node { return true }
      stack += region.function.nodes[producer].operands
    }
    return false
  }
}

extension ScalarProgram {
  /// The program without a last step that only converts to `type` what that holds, as contractions do themselves.
  fileprivate func withoutWidening(to type: ElementType) -> ScalarProgram {
    guard case .convert(let x, type)? = instructions.last, x == instructions.count - 2, type.holds(types[x]) else {
      return self
    }
    return droppingLast()
  }
}
