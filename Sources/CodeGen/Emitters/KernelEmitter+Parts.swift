import CLLVM
import FraguaKernels
import FraguaTensors

/// Reductions in virtual lanes along a vector.
extension KernelEmitter {
  /// Reduces over the whole of `axes`, of which terms lie along the innermost 16 in a row; part by part where there are
  /// many.
  ///
  /// - Parameters:
  ///   - initial: what the lanes of each reduction start at.
  ///   - results: what a part is reduced to, values of `resultLanes` lanes.
  ///   - join: what lanes are reduced to.
  ///   - body: what lanes become with the terms at a point, whose last lanes may be masked.
  func reduce(
    over axes: [Int], _ point: Point, from initial: [LLVMValueRef],
    to results: [(combiner: Combiner, type: ElementType)], resultLanes: Int, name: String = "loop",
    join: ([LLVMValueRef]) -> [VectorValue], _ body: (Point, [LLVMValueRef]) -> [LLVMValueRef]
  ) -> [VectorValue] {
    let lanes = Kernel.sumLanes
    let count = axes.reduce(1) { $0 * kernel.axes[$1] }
    let parts = PartStack.parts(of: count)
    guard parts > 1, !results.isEmpty else {
      return join(sweep(over: axes, lanes: lanes, point, carrying: initial, name: name, body))
    }
    let stack = PartStack(parts: parts, results, VectorBuilder(function: function, lanes: resultLanes))
    guard axes.count == 1 else {
      reduceInMemory(over: axes, count, point, from: initial, stack, join: join, body)
      return stack.joined
    }
    func reducePart(_ part: LLVMValueRef, length: Int) {
      let start = function.multiply(part, Kernel.partLength)
      stack.push(
        join(
          sweep(
            along: axes[0], from: start, length: length, lanes: lanes, point, carrying: initial, name: name, body)),
        part: part)
    }
    let whole = count / Kernel.partLength
    function.loop(function.int64(0), function.int64(whole)) { reducePart($0, length: Kernel.partLength) }
    if count % Kernel.partLength != 0 { reducePart(function.int64(whole), length: count % Kernel.partLength) }
    return stack.joined
  }

  /// Reduces over several axes, where parts end within the innermost: lanes wait in memory.
  private func reduceInMemory(
    over axes: [Int], _ count: Int, _ point: Point, from initial: [LLVMValueRef], _ stack: PartStack,
    join: ([LLVMValueRef]) -> [VectorValue], _ body: (Point, [LLVMValueRef]) -> [LLVMValueRef]
  ) {
    let types = initial.map { LLVMTypeOf($0)! }
    let places = types.map { function.stackArray($0, count: 1) }
    let load = { zip(types, places).map { function.load($0, $1, alignment: 1) } }
    let store = { (values: [LLVMValueRef]) in
      for (value, place) in zip(values, places) { function.store(value, place, alignment: 1) }
    }
    let strides = rowMajorStrides(axes.map { kernel.axes[$0] })
    store(initial)
    _ = sweep(over: axes, lanes: Kernel.sumLanes, point, carrying: []) { inner, _ in
      store(body(inner, load()))
      let position = function.affine(0, strides, axes.map { inner.coordinates[$0] })
      let inPart = LLVMBuildAnd(function.builder, position, function.int64(Kernel.partLength - 1), "")!
      let last = function.int64(Kernel.partLength - Kernel.sumLanes)
      function.when(LLVMBuildICmp(function.builder, LLVMIntEQ, inPart, last, "")) {
        let shift = function.int64(Kernel.partLength.trailingZeroBitCount)
        stack.push(join(load()), part: LLVMBuildLShr(function.builder, position, shift, ""))
        store(initial)
      }
      return []
    }
    if count % Kernel.partLength != 0 { stack.push(join(load()), part: function.int64(count / Kernel.partLength)) }
  }
}
