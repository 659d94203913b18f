import CLLVM
import FraguaKernels
import FraguaTensors

/// Emits the form `lanes`: some rows at a time, one a lane, then the sums and the epilogue.
struct LanesEmitter {
  private let emitter: KernelEmitter
  private let body: LanesBody
  /// The types of the sums.
  private let types: [ElementType]

  init(_ emitter: KernelEmitter, _ body: LanesBody) {
    self.emitter = emitter
    self.body = body
    types = body.sums.map { body.row.program.types[$0] }
  }

  private var function: FunctionEmitter { emitter.function }
  private var lanes: Int { Kernel.sumLanes }

  /// How many rows are computed at once: twice the lanes of a sum where these are one register or two, for otherwise
  /// there is too little to do while each value waits for the one before.
  private var span: Int {
    let bytes = lanes * types.reduce(1) { max($0, $1.byteCount) }
    return bytes <= 2 * function.target.vectorBytes ? 2 * lanes : lanes
  }

  func emit() {
    let rows = emitter.kernel.axes[0]
    let parts = PartStack.parts(of: rows)
    let inputs: [VectorValue]
    if parts > 1, !types.isEmpty {
      let vector = VectorBuilder(function: function, lanes: 1)
      let stack = PartStack(parts: parts, types.map { (.sum, $0) }, vector)
      let whole = rows / Kernel.partLength
      function.loop(function.int64(0), function.int64(whole)) { part in
        stack.push(sum(from: function.multiply(part, Kernel.partLength), count: Kernel.partLength), part: part)
      }
      if rows % Kernel.partLength != 0 {
        let first = function.int64(whole * Kernel.partLength)
        stack.push(sum(from: first, count: rows % Kernel.partLength), part: function.int64(whole))
      }
      inputs = stack.joined
    } else {
      inputs = sum(from: function.int64(0), count: rows)
    }
    var runner = ScalarProgramEmitter(emitter, lanes: 1, at: Point(coordinates: [function.int64(0)]), inputs: inputs)
    runner.run(body.epilogue)
  }

  /// The sums over `count` rows from `first` on.
  private func sum(from first: LLVMValueRef, count: Int) -> [VectorValue] {
    let whole = count / span * span
    let middle = function.add(first, function.int64(whole))
    let vector = VectorBuilder(function: function, lanes: lanes)
    let nothing = types.map { vector.constant(Combiner.sum.identity($0)).reference }
    var sums =
      whole == 0
      ? nothing : function.loop(first, middle, step: span, carrying: nothing) { add(from: $0, count: span, to: $1) }
    if whole < count { sums = add(from: middle, count: count - whole, to: sums) }
    let tree = LaneTree(function)
    return zip(sums, types).map { tree.joined(VectorValue(reference: $0, type: $1), .sum) }
  }

  /// Computes `count` rows from `first` on, and adds their values to the sums, the first 16 rows before the others.
  private func add(from first: LLVMValueRef, count: Int, to sums: [LLVMValueRef]) -> [LLVMValueRef] {
    let width = count > lanes ? span : lanes
    let mask = count < width ? emitter.mask(function.int64(count), lanes: width) : nil
    let point = Point(coordinates: [first], vectorAxis: 0, mask: mask)
    var runner = ScalarProgramEmitter(emitter, lanes: width, at: point)
    let values = runner.run(body.row)
    return stride(from: 0, to: width, by: lanes).reduce(sums) { sums, start in
      let part = start..<start + lanes
      let isWhole = part.upperBound <= count
      return zip(body.sums, sums).map { number, sum in
        add(values[number], part, to: sum, mask: isWhole ? nil : mask)
      }
    }
  }

  /// Adds the lanes `part` of `value` to a sum, where those of `mask` hold.
  private func add(
    _ value: VectorValue, _ part: Range<Int>, to sum: LLVMValueRef, mask: LLVMValueRef?
  ) -> LLVMValueRef {
    let vector = VectorBuilder(function: function, lanes: lanes)
    let old = VectorValue(reference: sum, type: value.type)
    let new = vector.add(old, VectorValue(reference: function.lanes(part, of: value.reference), type: value.type))
    guard let mask else { return new.reference }
    return vector.select(VectorValue(reference: function.lanes(part, of: mask), type: .i1), new, old).reference
  }
}
