import CLLVM
import FraguaKernels
import FraguaTensors

/// Reductions whose terms come one after the other, or one for each of several rows at a time: their virtual lanes lie
/// on the stack.
struct LaneSums {
  private let vector: VectorBuilder
  private let reductions: [(combiner: Combiner, type: ElementType)]
  /// For each reduction: its 16 lanes.
  private let lanes: [LLVMValueRef]
  /// Where there are several parts: those that have ended.
  private let stack: PartStack?
  private let count: Int

  private var function: FunctionEmitter { vector.function }

  /// Nothing joined yet.
  /// - Parameter count: how many terms there will be.
  init(_ reductions: [(combiner: Combiner, type: ElementType)], count: Int, _ vector: VectorBuilder) {
    self.vector = vector
    self.reductions = reductions
    self.count = count
    lanes = reductions.map { vector.function.stackArray(vector.memoryType($0.type), count: Kernel.sumLanes) }
    let parts = PartStack.parts(of: count)
    stack = parts > 1 && !reductions.isEmpty ? PartStack(parts: parts, reductions, vector) : nil
    clear()
  }

  /// Joins term number `position` of each reduction: `step` gives what the present lanes are with it.
  func join(at position: LLVMValueRef, _ step: ([VectorValue]) -> [VectorValue]) {
    let lane = LLVMBuildAnd(function.builder, position, function.int64(Kernel.sumLanes - 1), "")!
    let old = reductions.indices.map { vector.load(reductions[$0].type, place($0, lane)) }
    for (number, new) in step(old).enumerated() { vector.store(new, place(number, lane)) }
    guard let stack else { return }
    let last = function.int64(Kernel.partLength - 1)
    let inPart = LLVMBuildAnd(function.builder, position, last, "")!
    function.when(LLVMBuildICmp(function.builder, LLVMIntEQ, inPart, last, "")) {
      let shift = function.int64(Kernel.partLength.trailingZeroBitCount)
      endPart(stack, LLVMBuildLShr(function.builder, position, shift, ""))
    }
  }

  /// Joins `values`, term number `position` of each reduction.
  func join(_ values: [VectorValue], at position: LLVMValueRef) {
    join(at: position) { old in
      var arithmetic = vector
      return values.indices.map { VectorMath.apply(reductions[$0].combiner, old[$0], values[$0], in: &arithmetic) }
    }
  }

  /// The reductions of all terms.
  var joined: [VectorValue] {
    guard let stack else { return joinedLanes }
    if count % Kernel.partLength != 0 { endPart(stack, function.int64(count / Kernel.partLength)) }
    return stack.joined
  }

  private func endPart(_ stack: PartStack, _ part: LLVMValueRef) {
    stack.push(joinedLanes, part: part)
    clear()
  }

  private func clear() {
    for (number, reduction) in reductions.enumerated() {
      let identity = vector.constant(reduction.combiner.identity(reduction.type))
      function.loop(function.int64(0), function.int64(Kernel.sumLanes)) { vector.store(identity, place(number, $0)) }
    }
  }

  /// The lanes of each reduction, by halves.
  private var joinedLanes: [VectorValue] {
    reductions.enumerated().map { number, reduction in
      var parts = (0..<Kernel.sumLanes).map { vector.load(reduction.type, place(number, function.int64($0))) }
      var arithmetic = vector
      while parts.count > 1 {
        let half = parts.count / 2
        parts = (0..<half).map { VectorMath.apply(reduction.combiner, parts[$0], parts[$0 + half], in: &arithmetic) }
      }
      return parts[0]
    }
  }

  private func place(_ number: Int, _ lane: LLVMValueRef) -> LLVMValueRef {
    function.address(lanes[number], vector.memoryType(reductions[number].type), lane)
  }
}
