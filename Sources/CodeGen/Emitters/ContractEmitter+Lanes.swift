import CLLVM
import FraguaKernels
import FraguaTensors

/// Sums in virtual lanes along k.
extension ContractEmitter {
  /// Emits the elements of a contraction whose sums run in lanes: some rows of one factor at a time, which share each
  /// vector of the other one.
  func emitAlongK() {
    let outer = (0..<kernel.parallelAxes).filter { $0 != broadcastAxis }
    let uniforms = emitter.uniforms(body.epilogue.program)
    emitter.loops(over: outer, emitter.origin) { point in
      let range = broadcastAxis.map(emitter.range) ?? (function.int64(0), function.int64(1))
      overBroadcastTiles(point, range) { emitRows($0, $1, uniforms) }
    }
  }

  /// The sums of `rows` rows from `point` on, and the epilogue with a row a lane.
  private func emitRows(_ point: Point, _ rows: Int, _ uniforms: [Int: VectorValue]) {
    var lanes = 1
    while lanes < rows { lanes *= 2 }
    let sum = kernel.sumsAlongInnermostAxis ? sumAlongK(point, rows, lanes) : sumTermByTerm(point)
    var place = point
    if lanes > 1 { place.vectorAxis = broadcastAxis }
    if lanes > rows { place.mask = emitter.mask(function.int64(rows), lanes: lanes) }
    var runner = ScalarProgramEmitter(emitter, lanes: lanes, at: place, inputs: [sum])
    runner.run(body.epilogue, known: uniforms)
  }

  /// The factor of which each row has its own, and the one that rows share.
  private var rowAndShared: (row: ScalarProgram, shared: ScalarProgram) {
    let rowsAreOfLeft = broadcastAxis.map { $0 < body.batchAxes + body.mAxes } ?? true
    return rowsAreOfLeft ? (body.lhs, body.rhs) : (body.rhs, body.lhs)
  }

  /// The sums of `rows` rows from `point` on, one a lane.
  private func sumAlongK(_ point: Point, _ rows: Int, _ resultLanes: Int) -> VectorValue {
    let vector = VectorBuilder(function: function, lanes: Kernel.sumLanes)
    let nothing = vector.constant(Combiner.sum.identity(type)).reference
    let (program, shared) = rowAndShared
    let known = (alongK(program, point), alongK(shared, point))
    let join = { (lanes: [LLVMValueRef]) in
      var sums = lanes.map { VectorValue(reference: $0, type: type) }
      while sums.count < resultLanes { sums.append(sums.last!) }
      return [LaneTree(function).joined(sums, .sum)]
    }
    return emitter.reduce(
      over: kAxes, point, from: Array(repeating: nothing, count: rows), to: [(.sum, type)], resultLanes: resultLanes,
      name: Self.productLoopName, join: join
    ) { inner, carried in
      var runner = ScalarProgramEmitter(emitter, lanes: vector.lanes, at: inner)
      let factor = runner.run(shared, known: known.1).last!
      return carried.enumerated().map { row, sum in
        var place = inner
        if let axis = broadcastAxis {
          place.coordinates[axis] = function.add(inner.coordinates[axis], function.int64(row))
        }
        var runner = ScalarProgramEmitter(emitter, lanes: vector.lanes, at: place)
        let value = runner.run(program, known: known.0).last!
        let new = fused(sum, factor, value, vector)
        guard let mask = inner.mask else { return new }
        return LLVMBuildSelect(function.builder, mask, new, sum, "")
      }
    }[0]
  }

  /// The sum of the row at `point`, where the virtual lanes are no vector of its terms.
  private func sumTermByTerm(_ point: Point) -> VectorValue {
    let vector = VectorBuilder(function: function, lanes: 1)
    let (program, shared) = rowAndShared
    let sums = LaneSums([(.sum, type)], count: kAxes.reduce(1) { $0 * kernel.axes[$1] }, vector)
    let strides = rowMajorStrides(kAxes.map { kernel.axes[$0] })
    overAll(kAxes, point) { inner in
      var runner = ScalarProgramEmitter(emitter, lanes: 1, at: inner)
      let factors = (runner.run(program).last!, runner.run(shared).last!)
      sums.join(at: function.affine(0, strides, kAxes.map { inner.coordinates[$0] })) { old in
        [VectorValue(reference: fused(old[0].reference, factors.0, factors.1, vector), type: type)]
      }
    }
    return sums.joined[0]
  }

  /// The values of a factor that are the same for all k and rows.
  private func alongK(_ program: ScalarProgram, _ point: Point) -> [Int: VectorValue] {
    var runner = ScalarProgramEmitter(emitter, lanes: 1, at: point)
    return runner.invariants(of: program, along: kAxes + [broadcastAxis].compactMap { $0 })
  }
}
