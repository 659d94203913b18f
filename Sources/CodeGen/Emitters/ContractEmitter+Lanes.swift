import CLLVM
import FraguaKernels

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
    var sums = sumsAlongK(point, rows)
    while sums.count & (sums.count - 1) != 0 { sums.append(sums.last!) }
    let joined = LaneTree(function).joined(sums, .sum)
    var place = point
    if sums.count > 1 { place.vectorAxis = broadcastAxis }
    if sums.count > rows { place.mask = emitter.mask(function.int64(rows), lanes: sums.count) }
    var runner = ProgramRunner(emitter, lanes: sums.count, at: place, inputs: [joined])
    runner.run(body.epilogue, known: uniforms)
  }

  /// For each of `rows` rows from `point` on, the 16 lanes of its sum.
  private func sumsAlongK(_ point: Point, _ rows: Int) -> [VectorValue] {
    let vector = VectorBuilder(function: function, lanes: Kernel.sumLanes)
    let nothing = vector.constant(Combiner.sum.identity(type)).reference
    let rowsAreOfLeft = broadcastAxis.map { $0 < body.batchAxes + body.mAxes } ?? true
    let (program, shared) = rowsAreOfLeft ? (body.lhs, body.rhs) : (body.rhs, body.lhs)
    let known = (alongK(program, point), alongK(shared, point))
    let initial = Array(repeating: nothing, count: rows)
    let name = Self.productLoopName
    let sums = emitter.sweep(over: kAxes, lanes: vector.lanes, point, carrying: initial, name: name) { inner, carried in
      var runner = ProgramRunner(emitter, lanes: vector.lanes, at: inner)
      let factor = runner.run(shared, known: known.1).last!
      return carried.enumerated().map { row, sum in
        var place = inner
        if let axis = broadcastAxis {
          place.coordinates[axis] = function.add(inner.coordinates[axis], function.int64(row))
        }
        var runner = ProgramRunner(emitter, lanes: vector.lanes, at: place)
        let value = runner.run(program, known: known.0).last!
        let new = fused(sum, factor, value, vector)
        guard let mask = inner.mask else { return new }
        return LLVMBuildSelect(function.builder, mask, new, sum, "")
      }
    }
    return sums.map { VectorValue(reference: $0, type: type) }
  }

  /// The values of a factor that are the same for all k and rows.
  private func alongK(_ program: ScalarProgram, _ point: Point) -> [Int: VectorValue] {
    var runner = ProgramRunner(emitter, lanes: 1, at: point)
    return runner.invariants(of: program, along: kAxes + [broadcastAxis].compactMap { $0 })
  }
}
