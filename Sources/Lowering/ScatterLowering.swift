import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Lowers a region around one scatter: form `scatter`.
struct ScatterLowering {
  private let region: RegionContext
  private let node: Node
  private let extents: [Int]
  private let sourceAxes: Int
  private let innerAxes: Int

  init(_ region: RegionContext) throws(Diagnostic) {
    self.region = region
    let scatters = region.nodes { if case .scatterAdd = $0 { true } else { false } }
    guard scatters.count == 1 else { throw region.error("it holds \(scatters.count) scatters, expected 1") }
    node = region.function.nodes[scatters[0]]
    let base = node.operands[0].type.extents
    let source = node.operands[1].type.extents
    sourceAxes = source.count
    innerAxes = base.count - 1
    extents = [base[0]] + source + Array(base.dropFirst())
  }

  /// The kernel and its buffers.
  func lower() throws(Diagnostic) -> (kernel: Kernel, bindings: [KernelDraft.Source]) {
    let rank = extents.count
    let inner = (1 + sourceAxes..<rank).map { AffineExpression.axis($0, rank: rank) }
    let source = (1..<1 + sourceAxes).map { AffineExpression.axis($0, rank: rank) }
    let target = [AffineExpression.axis(0, rank: rank)] + inner
    var draft = KernelDraft()

    let initial = try program(node.operands[0], target, nil, &draft)
    let index = try program(node.operands[1], source, .i64, &draft)
    let update = try program(node.operands[2], source + inner, nil, &draft)
    var emitter = ProgramEmitter(region, extents: extents, draft: draft)
    emitter.bindings[node.results[0].id] = .init(coordinates: target, instruction: .input(0))
    var stores: [Store] = []
    for (position, output) in region.function.results.enumerated() {
      guard output.type.extents == node.results[0].type.extents else {
        throw region.error("a result has another shape than the scatter")
      }
      let number = try emitter.emit(output, at: target)
      stores += emitter.stores(ofResult: position, number, at: target)
    }
    let body = ScatterBody(
      sourceAxes: sourceAxes, innerAxes: innerAxes, initial: initial, index: index, update: update,
      epilogue: Block(emitter.program, stores: stores))
    return (
      Kernel(axes: extents, parallelAxes: 1, buffers: emitter.draft.buffers, body: .scatter(body)),
      emitter.draft.bindings
    )
  }

  private func program(
    _ value: Value, _ coordinates: [AffineExpression], _ type: ElementType?, _ draft: inout KernelDraft
  ) throws(Diagnostic) -> ScalarProgram {
    var emitter = ProgramEmitter(region, extents: extents, draft: draft)
    let number = try emitter.emit(value, at: coordinates)
    draft = emitter.draft
    var program = emitter.ended(with: number)
    if let type { _ = program.convert(program.instructions.count - 1, to: type) }
    return program
  }
}
