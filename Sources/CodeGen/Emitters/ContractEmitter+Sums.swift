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
    let count = kAxes.reduce(1) { $0 * kernel.axes[$1] }
    let term = { (inner: Point) in
      var runner = ScalarProgramEmitter(emitter, lanes: lanes, at: inner)
      return runner.run(program).last!
    }
    let sum: VectorValue
    if kAxes.count == 1 {
      sum = sumOverK(count, vector) { k in
        var inner = point
        inner.coordinates[kAxes[0]] = k
        return term(inner)
      }
    } else {
      let sums = LaneSums([(.sum, type)], count: count, vector)
      let strides = rowMajorStrides(kAxes.map { kernel.axes[$0] })
      overAll(kAxes, point) { inner in
        sums.join([term(inner)], at: function.affine(0, strides, kAxes.map { inner.coordinates[$0] }))
      }
      sum = sums.joined[0]
    }
    var runner = ScalarProgramEmitter(emitter, lanes: lanes, at: point, inputs: [sum])
    runner.run(block)
  }

  /// The sum of `count` terms, virtual lane after virtual lane: a processor works on several at a time.
  private func sumOverK(_ count: Int, _ vector: VectorBuilder, _ term: (LLVMValueRef) -> VectorValue) -> VectorValue {
    let slots = function.stackArray(vector.memoryType(type), count: Kernel.sumLanes)
    let slot = { (lane: LLVMValueRef) in function.address(slots, vector.memoryType(type), lane) }
    let nothing = vector.constant(Combiner.sum.identity(type)).reference
    func part(from start: LLVMValueRef, to end: LLVMValueRef) -> VectorValue {
      function.loop(function.int64(0), function.int64(Kernel.sumLanes)) { lane in
        let first = function.add(lane, start)
        let sum = function.loop(first, end, step: Kernel.sumLanes, carrying: [nothing]) { k, sum in
          [vector.add(VectorValue(reference: sum[0], type: type), term(k)).reference]
        }
        vector.store(VectorValue(reference: sum[0], type: type), slot(lane))
      }
      var lanes = (0..<Kernel.sumLanes).map { vector.load(type, slot(function.int64($0))) }
      while lanes.count > 1 {
        let half = lanes.count / 2
        lanes = (0..<half).map { vector.add(lanes[$0], lanes[$0 + half]) }
      }
      return lanes[0]
    }
    let parts = PartStack.parts(of: count)
    if parts == 1 { return part(from: function.int64(0), to: function.int64(count)) }
    let stack = PartStack(parts: parts, [(.sum, type)], vector)
    function.loop(function.int64(0), function.int64(parts)) { number in
      let start = function.multiply(number, Kernel.partLength)
      let end = minimum(function.add(start, function.int64(Kernel.partLength)), function.int64(count))
      stack.push([part(from: start, to: end)], part: number)
    }
    return stack.joined[0]
  }
}
