import CLLVM
import FraguaKernels
import FraguaTensors

/// Joins the parts of long reductions as ``PartTree`` does, several side by side.
///
/// The runs that wait for an equal one lie on the stack, one for each power of two.
struct PartStack {
  private let vector: VectorBuilder
  private let reductions: [(combiner: Combiner, type: ElementType)]
  /// For each reduction: where its runs lie.
  private let runs: [LLVMValueRef]
  private let parts: Int

  private var function: FunctionEmitter { vector.function }

  /// Room for so many parts of each reduction, values of `vector`.
  init(parts: Int, _ reductions: [(combiner: Combiner, type: ElementType)], _ vector: VectorBuilder) {
    self.vector = vector
    self.reductions = reductions
    self.parts = parts
    runs = reductions.map {
      vector.function.stackArray(vector.memoryType($0.type), count: PartTree<Int>.depth(parts: parts))
    }
  }

  /// The parts that a reduction of `count` terms is cut into.
  static func parts(of count: Int) -> Int { (count + Kernel.partLength - 1) / Kernel.partLength }

  /// Adds what part number `part`, the next one, is reduced to.
  func push(_ values: [VectorValue], part: LLVMValueRef) {
    // As many runs are joined as a binary counter carries.
    let carries = trailingZeros(function.add(part, function.int64(1)))
    let joined = function.loop(function.int64(0), carries, carrying: values.map(\.reference)) { level, values in
      values.indices.map { join(run($0, level), values[$0], $0) }
    }
    for (number, value) in joined.enumerated() {
      vector.store(VectorValue(reference: value, type: reductions[number].type), place(number, carries))
    }
  }

  /// What all parts are reduced to.
  var joined: [VectorValue] {
    reductions.indices.map { number in
      var total: LLVMValueRef?
      for level in 0..<Int.bitWidth where parts >> level & 1 == 1 {
        let run = run(number, function.int64(level))
        total = total.map { join(run, $0, number) } ?? run
      }
      return VectorValue(reference: total!, type: reductions[number].type)
    }
  }

  private func trailingZeros(_ value: LLVMValueRef) -> LLVMValueRef {
    if let value = function.constantValue(value) { return function.int64(value.trailingZeroBitCount) }
    let isNeverZero = LLVMConstInt(LLVMInt1TypeInContext(function.context), 1, 0)!
    return function.intrinsic("llvm.cttz", [LLVMInt64TypeInContext(function.context)], [value, isNeverZero])!
  }

  private func join(_ a: LLVMValueRef, _ b: LLVMValueRef, _ number: Int) -> LLVMValueRef {
    let (combiner, type) = reductions[number]
    var arithmetic = vector
    return VectorMath.apply(
      combiner, VectorValue(reference: a, type: type), VectorValue(reference: b, type: type), in: &arithmetic
    ).reference
  }

  private func run(_ number: Int, _ level: LLVMValueRef) -> LLVMValueRef {
    vector.load(reductions[number].type, place(number, level)).reference
  }

  private func place(_ number: Int, _ level: LLVMValueRef) -> LLVMValueRef {
    function.address(runs[number], vector.memoryType(reductions[number].type), level)
  }
}
