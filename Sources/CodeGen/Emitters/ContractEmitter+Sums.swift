import CLLVM
import FraguaKernels
import FraguaTensors

extension ContractEmitter {
  /// The sum of a factor over k, and its epilogue, on the thread that owns the factor's elements.
  /// - Parameter axes: those of the factor beside batch and k; `others` are those of the other factor.
  func emitSum(_ block: Block, _ program: ScalarProgram, axes: Range<Int>, others: Range<Int>) {
    let own = {
      let outer = Array(0..<body.batchAxes) + axes.dropLast()
      emitter.loops(over: outer, emitter.origin) { point in
        guard let axis = axes.last else { return emitSum(block, program, at: point, lanes: 1) }
        let (start, end) = emitter.range(of: axis)
        emitter.vectorLoop(axis, start, end, lanes: lanes, point) { emitSum(block, program, at: $0, lanes: lanes) }
      }
    }
    guard let partition = emitter.partitionAxis, others.contains(partition) else { return own() }
    // Only the thread with the first part of the other axis.
    function.when(LLVMBuildICmp(function.builder, LLVMIntEQ, emitter.low, function.int64(0), ""), own)
  }

  private func emitSum(_ block: Block, _ program: ScalarProgram, at point: Point, lanes: Int) {
    let vector = VectorBuilder(function: function, lanes: lanes)
    let nothing = vector.constant(Combiner.sum.identity(type)).reference
    let sum = sumOverK(kAxes, point, nothing) { inner, sum in
      var runner = ProgramRunner(emitter, lanes: lanes, at: inner)
      let value = runner.run(program).last!
      return vector.add(VectorValue(reference: sum, type: type), value).reference
    }
    var runner = ProgramRunner(emitter, lanes: lanes, at: point, inputs: [VectorValue(reference: sum, type: type)])
    runner.run(block)
  }

  private func sumOverK(
    _ axes: [Int], _ point: Point, _ sum: LLVMValueRef, _ body: (Point, LLVMValueRef) -> LLVMValueRef
  ) -> LLVMValueRef {
    guard let axis = axes.first else { return body(point, sum) }
    return function.loop(function.int64(0), function.int64(kernel.axes[axis]), carrying: [sum]) { index, carried in
      var inner = point
      inner.coordinates[axis] = index
      return [sumOverK(Array(axes.dropFirst()), inner, carried[0], body)]
    }[0]
  }
}
