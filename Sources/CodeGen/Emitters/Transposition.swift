import CLLVM
import FraguaKernels
import FraguaScheduling
import FraguaTensors

/// Transposes rows of memory in registers: vectors along the rows become vectors across them.
struct Transposition {
  private let function: FunctionEmitter
  /// The elements in 16 bytes. Squares of so many are transposed within quarters or halves of a vector, one operation
  /// for each vector and round.
  let side: Int

  init(_ function: FunctionEmitter, _ type: ElementType) {
    self.function = function
    side = ContractTiling.squareSide(type)
  }

  /// Element `j` of all rows, for each `j`.
  /// - Parameter rows: one for each lane, a multiple of ``side``; so are their elements.
  func transposed(_ rows: [LLVMValueRef]) -> [LLVMValueRef] {
    let count = Int(LLVMGetVectorSize(LLVMTypeOf(rows[0])))
    return stride(from: 0, to: count, by: side).flatMap { first in
      let parts = count == side ? rows : rows.map { function.shuffle($0, $0, Array(first..<first + side)) }
      return interleaved((0..<side).map { i in joined(stride(from: i, to: rows.count, by: side).map { parts[$0] }) })
    }
  }

  /// Short vectors, as many as a power of two, behind each other in one.
  private func joined(_ parts: [LLVMValueRef]) -> LLVMValueRef {
    if parts.count == 1 { return parts[0] }
    let half = parts.count / 2
    let (low, high) = (joined(Array(parts[..<half])), joined(Array(parts[half...])))
    return function.shuffle(low, high, Array(0..<parts.count * side))
  }

  /// Transposes the squares in `rows`, each of which has a row of every square: log2(side) rounds, in which rows half
  /// the square apart are interleaved.
  private func interleaved(_ rows: [LLVMValueRef]) -> [LLVMValueRef] {
    let lanes = Int(LLVMGetVectorSize(LLVMTypeOf(rows[0])))
    let positions = [0, side / 2].map { half in
      (0..<lanes).map { lane in lane / side * side + half + lane % side / 2 + (lane % 2) * lanes }
    }
    var rows = rows
    for _ in 0..<side.trailingZeroBitCount {
      rows = (0..<side / 2).flatMap { i in positions.map { function.shuffle(rows[i], rows[i + side / 2], $0) } }
    }
    return rows
  }
}
