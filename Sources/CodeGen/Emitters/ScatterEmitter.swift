import CLLVM
import FraguaKernels
import FraguaTensors

/// Emits the form `scatter`: the target's rows that a thread owns are summed in its scratch, then written.
struct ScatterEmitter {
  private let emitter: KernelEmitter
  private let body: ScatterBody
  private let innerAxes: [Int]
  private let sourceAxes: [Int]
  private let lanes: Int

  private var function: FunctionEmitter { emitter.function }
  private var kernel: Kernel { emitter.kernel }

  init(_ emitter: KernelEmitter, _ body: ScatterBody) {
    self.emitter = emitter
    self.body = body
    sourceAxes = Array(1..<1 + body.sourceAxes)
    innerAxes = Array(1 + body.sourceAxes..<emitter.kernel.axes.count)
    // A vector that reached over the end of a row of the scratch would touch the next; only whole rows run along lanes.
    let isVectorized = innerAxes.last.map { emitter.kernel.axes[$0] % emitter.function.target.lanes == 0 } ?? false
    lanes = isVectorized ? emitter.function.target.lanes : 1
  }

  func emit() {
    emitter.loops(over: [0], emitter.origin) { row in
      emitInner(at: row) { point in
        var runner = ScalarProgramEmitter(emitter, lanes: lanes, at: point)
        let values = runner.run(body.initial)
        runner.storeScratch(values.last!, 0, position(point, row: point.coordinates[0]))
      }
    }
    emitter.loops(over: sourceAxes, emitter.origin) { source in
      var scalar = ScalarProgramEmitter(emitter, lanes: 1, at: source)
      let row = scalar.run(body.index).last!.reference
      let (start, end) = emitter.range(of: 0)
      let isBehind = LLVMBuildICmp(function.builder, LLVMIntSGE, row, start, "")!
      let isOwned = LLVMBuildAnd(function.builder, isBehind, function.isLess(row, end), "")!
      function.when(isOwned) {
        emitInner(at: source) { point in
          var runner = ScalarProgramEmitter(emitter, lanes: lanes, at: point)
          let update = runner.run(self.body.update).last!
          let place = position(point, row: row)
          let old = runner.loadScratch(0, place, update.type)
          runner.storeScratch(runner.vector.add(old, update), 0, place)
        }
      }
    }
    emitter.loops(over: [0], emitter.origin) { row in
      emitInner(at: row) { point in
        let runner = ScalarProgramEmitter(emitter, lanes: lanes, at: point)
        let type = body.initial.types.last!
        let sum = runner.loadScratch(0, position(point, row: point.coordinates[0]), type)
        var epilogue = ScalarProgramEmitter(emitter, lanes: lanes, at: point, inputs: [sum])
        epilogue.run(body.epilogue)
      }
    }
  }

  /// Runs `body` at every inner position of a row or a source, by vectors.
  private func emitInner(at point: Point, _ body: (Point) -> Void) {
    guard let last = innerAxes.last else { return body(point) }
    emitter.loops(over: Array(innerAxes.dropLast()), point) { inner in
      emitter.vectorLoop(last, function.int64(0), function.int64(kernel.axes[last]), lanes: lanes, inner, body)
    }
  }

  /// The element of the scratch that belongs to `row` and the inner coordinates of `point`.
  private func position(_ point: Point, row: LLVMValueRef) -> LLVMValueRef {
    let extents = innerAxes.map { kernel.axes[$0] }
    let inner = function.affine(0, rowMajorStrides(extents), innerAxes.map { point.coordinates[$0] })
    return function.add(function.multiply(row, extents.reduce(1, *)), inner)
  }
}
