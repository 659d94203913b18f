import CLLVM

/// Loads and stores of some lanes of a vector.
extension FunctionEmitter {
  /// The lanes for which `mask` holds of the vector of `type` at `pointer`; the others are those of `other`, or
  /// anything.
  func maskedLoad(
    _ type: LLVMTypeRef, _ pointer: LLVMValueRef, _ mask: LLVMValueRef, other: LLVMValueRef? = nil, alignment: Int
  ) -> LLVMValueRef {
    guard other == nil, let pieces = pieces(mask) else {
      return intrinsic(
        "llvm.masked.load", [type, pointerType], [pointer, int32(alignment), mask, other ?? LLVMConstNull(type)])!
    }
    let lanes = Int(LLVMGetVectorSize(type))
    let element = LLVMGetElementType(type)!
    return pieces.reduce(LLVMConstNull(type)!) { value, piece in
      let start = address(pointer, element, int64(piece.lowerBound))
      if piece.count == 1 {
        return LLVMBuildInsertElement(
          builder, value, load(element, start, alignment: alignment), int32(piece.lowerBound), "")
      }
      let short = load(LLVMVectorType(element, UInt32(piece.count)), start, alignment: alignment)
      let moved = shuffle(short, short, (0..<lanes).map { piece.contains($0) ? $0 - piece.lowerBound : 0 })
      return shuffle(value, moved, (0..<lanes).map { piece.contains($0) ? lanes + $0 : $0 })
    }
  }

  /// Stores the lanes of `value` for which `mask` holds.
  func maskedStore(_ value: LLVMValueRef, _ pointer: LLVMValueRef, _ mask: LLVMValueRef, alignment: Int) {
    let type = LLVMTypeOf(value)!
    guard let pieces = pieces(mask) else {
      _ = intrinsic("llvm.masked.store", [type, pointerType], [value, pointer, int32(alignment), mask])
      return
    }
    for piece in pieces {
      let start = address(pointer, LLVMGetElementType(type), int64(piece.lowerBound))
      store(lanes(piece, of: value), start, alignment: alignment)
    }
  }

  /// Some lanes of a vector, as a vector or, where it is one, as a scalar.
  func lanes(_ range: Range<Int>, of value: LLVMValueRef) -> LLVMValueRef {
    range.count == 1
      ? LLVMBuildExtractElement(builder, value, int32(range.lowerBound), "") : shuffle(value, value, Array(range))
  }

  /// Lanes of the vectors `a` and `b`, by their positions in both.
  func shuffle(_ a: LLVMValueRef, _ b: LLVMValueRef, _ positions: [Int]) -> LLVMValueRef {
    var constants: [LLVMValueRef?] = positions.map { int32($0) }
    return LLVMBuildShuffleVector(builder, a, b, LLVMConstVector(&constants, UInt32(constants.count)), "")
  }

  /// The first lanes, where `mask` is known to hold for those alone, in powers of two, the largest first; `nil` where
  /// masks are as good: without registers for them, processors take up to 20 operations for a masked access.
  private func pieces(_ mask: LLVMValueRef) -> [Range<Int>]? {
    guard target.instructionSet != .avx512, LLVMIsConstant(mask) != 0 else { return nil }
    let lanes = (0..<LLVMGetVectorSize(LLVMTypeOf(mask))).map { LLVMGetAggregateElement(mask, $0) }
    guard lanes.allSatisfy({ $0 != nil && LLVMIsAConstantInt($0) != nil }) else { return nil }
    let holds = lanes.map { LLVMConstIntGetZExtValue($0) != 0 }
    let count = holds.prefix { $0 }.count
    if holds[count...].contains(true) { return nil }
    var (result, start) = ([Range<Int>](), 0)
    for power in (0..<Int.bitWidth - 1).reversed() where count & 1 << power != 0 {
      result.append(start..<start + 1 << power)
      start += 1 << power
    }
    return result
  }
}
