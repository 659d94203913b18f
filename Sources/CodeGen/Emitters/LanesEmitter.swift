import CLLVM
import FraguaKernels
import FraguaTensors

/// Emits the form `lanes`: 16 rows at a time, one a lane, then the sums and the epilogue.
struct LanesEmitter {
  private let emitter: KernelEmitter
  private let body: LanesBody

  init(_ emitter: KernelEmitter, _ body: LanesBody) {
    self.emitter = emitter
    self.body = body
  }

  func emit() {
    let function = emitter.function
    let lanes = Kernel.sumLanes
    let vector = VectorBuilder(function: function, lanes: lanes)
    let rows = emitter.kernel.axes[0]
    let whole = rows / lanes * lanes
    let types = body.sums.map { body.row.program.types[$0] }
    let nothing = types.map { vector.constant(Combiner.sum.identity($0)).reference }
    var sums = function.loop(function.int64(0), function.int64(whole), step: lanes, carrying: nothing) {
      index, carried in
      add(rowsAt(Point(coordinates: [index], vectorAxis: 0)), to: carried, mask: nil, vector)
    }
    if whole < rows {
      let mask = emitter.mask(function.int64(rows - whole), lanes: lanes)
      let point = Point(coordinates: [function.int64(whole)], vectorAxis: 0, mask: mask)
      sums = add(rowsAt(point), to: sums, mask: mask, vector)
    }
    let tree = LaneTree(function)
    let inputs = zip(sums, types).map { tree.joined(VectorValue(reference: $0, type: $1), .sum) }
    var runner = ProgramRunner(
      emitter, lanes: 1, at: Point(coordinates: [function.int64(0)]), inputs: inputs)
    runner.run(body.epilogue)
  }

  /// The values of the row program at a vector of rows.
  private func rowsAt(_ point: Point) -> [VectorValue] {
    var runner = ProgramRunner(emitter, lanes: Kernel.sumLanes, at: point)
    return runner.run(body.row)
  }

  private func add(
    _ values: [VectorValue], to sums: [LLVMValueRef], mask: LLVMValueRef?, _ vector: VectorBuilder
  ) -> [LLVMValueRef] {
    zip(body.sums, sums).map { number, sum in
      let old = VectorValue(reference: sum, type: values[number].type)
      let new = vector.add(old, values[number])
      guard let mask else { return new.reference }
      return vector.select(VectorValue(reference: mask, type: .i1), new, old).reference
    }
  }
}
