import CLLVM

/// Transposes a square of vectors in registers.
struct Transposition {
  private let function: FunctionEmitter

  init(_ function: FunctionEmitter) { self.function = function }

  /// Column `j` of the square whose rows are `rows`; as many rows as lanes, a power of two.
  ///
  /// Exchanges the off-diagonal blocks of ever smaller squares: log2(n) rounds of n shuffles.
  func transposed(_ rows: [LLVMValueRef]) -> [LLVMValueRef] {
    var rows = rows
    var distance = rows.count / 2
    while distance > 0 {
      for i in rows.indices where i & distance == 0 {
        let (a, b) = (rows[i], rows[i + distance])
        rows[i] = shuffle(a, b) { $0 & distance == 0 ? $0 : rows.count + $0 - distance }
        rows[i + distance] = shuffle(a, b) { $0 & distance == 0 ? $0 + distance : rows.count + $0 }
      }
      distance /= 2
    }
    return rows
  }

  private func shuffle(_ a: LLVMValueRef, _ b: LLVMValueRef, _ lane: (Int) -> Int) -> LLVMValueRef {
    let count = Int(LLVMGetVectorSize(LLVMTypeOf(a)))
    var positions: [LLVMValueRef?] = (0..<count).map { function.int32(lane($0)) }
    return LLVMBuildShuffleVector(function.builder, a, b, LLVMConstVector(&positions, UInt32(count)), "")
  }
}
