import CLLVM
import FraguaKernels
import FraguaScheduling
import FraguaTensors

/// Emits the forms `map`, `reduce` and `rows`.
struct RowsEmitter {
  private let emitter: KernelEmitter
  private let body: RowsBody
  private let strategy: RowsStrategy
  private let lanes: Int
  private let scratch: RowsScratch
  private let reducedAxes: [Int]
  /// For each stage: the values of its program that are the same everywhere, computed at the start.
  private let uniforms: [[Int: VectorValue]]

  private var function: FunctionEmitter { emitter.function }
  private var kernel: Kernel { emitter.kernel }

  init(_ emitter: KernelEmitter, _ body: RowsBody) {
    self.emitter = emitter
    self.body = body
    strategy = RowsStrategy(emitter.kernel, emitter.schedule)
    lanes = strategy.lanes(emitter.function.target)
    scratch = RowsScratch(emitter.kernel, body, strategy, emitter.function.target)
    reducedAxes = Array(emitter.kernel.parallelAxes..<emitter.kernel.axes.count)
    uniforms = body.stages.map { stage in
      switch stage {
      case .scalar(let block, _), .sweep(let block, _, _): emitter.uniforms(block.program)
      }
    }
  }

  func emit() {
    var outer = Array(0..<kernel.parallelAxes)
    if case .acrossRows(let axis) = strategy {
      outer.removeAll { $0 == axis }
      emitter.loops(over: outer, emitter.origin) { point in
        let (start, end) = emitter.range(of: axis)
        emitter.vectorLoop(axis, start, end, lanes: lanes, point, emitStages)
      }
    } else {
      emitter.loops(over: outer, emitter.origin, emitStages)
    }
  }

  /// The stages at one point of the parallel axes, or at a vector of them.
  private func emitStages(_ point: Point) {
    var scalars: [VectorValue] = []
    var localTypes: [ElementType] = []
    let scalarLanes = strategy == .alongRow ? 1 : lanes
    for (number, stage) in body.stages.enumerated() {
      var runner = ScalarProgramEmitter(emitter, lanes: scalarLanes, at: point, inputs: scalars)
      switch stage {
      case .scalar(let block, let yields):
        let values = runner.run(block, known: uniforms[number])
        scalars += yields.map { values[$0] }
      case .sweep(let block, let locals, let reductions):
        let known = runner.invariants(
          of: block.program, along: reducedAxes, keepsInputs: true, known: uniforms[number])
        let sweep = Sweep(
          block: block, locals: locals, reductions: reductions, firstLocal: localTypes.count, point: point,
          scalars: scalars, known: known)
        let results = strategy == .alongRow ? sweepAlongRow(sweep) : sweepAcrossRows(sweep)
        var arithmetic = VectorBuilder(function: function, lanes: scalarLanes)
        scalars += zip(reductions, results).map { VectorMath.finished($0.combiner, $1, in: &arithmetic) }
        localTypes += locals.map { block.program.types[$0] }
      }
    }
  }

  /// A sweep at one point of the parallel axes.
  private struct Sweep {
    let block: Block
    let locals: [Int]
    let reductions: [Reduction]
    /// The number of the first of `locals` among the row's.
    let firstLocal: Int
    let point: Point
    /// The row's scalars so far.
    let scalars: [VectorValue]
    /// The program's values that are the same along the row.
    let known: [Int: VectorValue]
  }

  /// The position in a row, row-major over the reduced axes.
  private func rowPosition(_ point: Point) -> LLVMValueRef {
    let strides = rowMajorStrides(reducedAxes.map { kernel.axes[$0] })
    return function.affine(0, strides, reducedAxes.map { point.coordinates[$0] })
  }

  // MARK: Lanes along the row

  private func sweepAlongRow(_ sweep: Sweep) -> [VectorValue] {
    let (block, reductions) = (sweep.block, sweep.reductions)
    let vector = VectorBuilder(function: function, lanes: lanes)
    let inputs = sweep.scalars.map(vector.splat)
    let types = reductions.map { block.program.types[$0.value] }
    let identities = zip(reductions, types).map { vector.constant($0.combiner.identity($1)).reference }
    let join = { (lanes: [LLVMValueRef]) in joined(lanes, reductions, types) }
    return emitter.reduce(
      over: reducedAxes, sweep.point, from: identities, to: Array(zip(reductions.map(\.combiner), types)),
      resultLanes: 1, join: join
    ) { inner, carried in
      let position = rowPosition(inner)
      var runner = ScalarProgramEmitter(emitter, lanes: lanes, at: inner, inputs: inputs) { local, type in
        ScalarProgramEmitter(emitter, lanes: lanes, at: inner).loadScratch(scratch.locals[local], position, type)
      }
      let values = runner.run(block, known: sweep.known)
      for (offset, value) in sweep.locals.enumerated() {
        runner.storeScratch(values[value], scratch.locals[sweep.firstLocal + offset], position)
      }
      return zip(reductions, carried).map { reduction, sum in
        var arithmetic = vector
        let old = VectorValue(reference: sum, type: block.program.types[reduction.value])
        let new = VectorMath.apply(reduction.combiner, old, values[reduction.value], in: &arithmetic)
        guard let mask = inner.mask else { return new.reference }
        return vector.select(VectorValue(reference: mask, type: .i1), new, old).reference
      }
    }
  }

  /// The lanes of each reduction, joined.
  private func joined(_ lanes: [LLVMValueRef], _ reductions: [Reduction], _ types: [ElementType]) -> [VectorValue] {
    zip(reductions, zip(lanes, types)).map { reduction, sum in
      LaneTree(function).joined(VectorValue(reference: sum.0, type: sum.1), reduction.combiner)
    }
  }

  // MARK: Lanes across rows

  private func sweepAcrossRows(_ sweep: Sweep) -> [VectorValue] {
    let block = sweep.block
    let vector = VectorBuilder(function: function, lanes: lanes)
    let count = reducedAxes.reduce(1) { $0 * kernel.axes[$1] }
    let sums = LaneSums(
      sweep.reductions.map { ($0.combiner, block.program.types[$0.value]) }, count: count, vector)
    emitAllReduced(reducedAxes, sweep.point) { inner in
      let position = rowPosition(inner)
      let slot = function.multiply(position, lanes)
      var runner = ScalarProgramEmitter(emitter, lanes: lanes, at: inner, inputs: sweep.scalars) { local, type in
        ScalarProgramEmitter(emitter, lanes: lanes, at: inner).loadScratch(scratch.locals[local], slot, type)
      }
      let values = runner.run(block, known: sweep.known)
      for (offset, value) in sweep.locals.enumerated() {
        runner.storeScratch(values[value], scratch.locals[sweep.firstLocal + offset], slot)
      }
      sums.join(sweep.reductions.map { values[$0.value] }, at: position)
    }
    return sums.joined
  }

  private func emitAllReduced(_ axes: [Int], _ point: Point, _ body: (Point) -> Void) {
    guard let axis = axes.first else { return body(point) }
    function.loop(function.int64(0), function.int64(kernel.axes[axis])) { index in
      var inner = point
      inner.coordinates[axis] = index
      emitAllReduced(Array(axes.dropFirst()), inner, body)
    }
  }
}
