import CLLVM
import FraguaKernels
import FraguaTensors

/// An LLVM value with the element type that it means; a vector of as many lanes as its builder has, or a scalar.
struct VectorValue {
  let reference: LLVMValueRef
  let type: ElementType
}

/// Arithmetic on LLVM vectors of `lanes` elements; on scalars where that is 1.
///
/// Only primitives: what exp and the like are made of, `VectorMath` says.
struct VectorBuilder: ElementArithmetic {
  typealias Value = VectorValue

  let function: FunctionEmitter
  let lanes: Int

  private var builder: LLVMBuilderRef { function.builder }

  // MARK: Types and constants

  /// The LLVM type of a value; `i1` is a bit.
  func valueType(_ type: ElementType) -> LLVMTypeRef { vector(function.scalarType(type)) }

  /// The LLVM type of a value in memory; `i1` is a byte.
  func memoryType(_ type: ElementType) -> LLVMTypeRef { vector(function.memoryType(type)) }

  private func vector(_ scalar: LLVMTypeRef) -> LLVMTypeRef {
    lanes == 1 ? scalar : LLVMVectorType(scalar, UInt32(lanes))
  }

  func type(of a: VectorValue) -> ElementType { a.type }

  func constant(_ scalar: Scalar) -> VectorValue {
    splat(VectorValue(reference: function.constant(scalar), type: scalar.type))
  }

  /// A scalar in every lane.
  func splat(_ a: VectorValue) -> VectorValue {
    guard lanes > 1 else { return a }
    if LLVMIsConstant(a.reference) != 0 {
      var elements: [LLVMValueRef?] = Array(repeating: a.reference, count: lanes)
      return VectorValue(reference: LLVMConstVector(&elements, UInt32(lanes)), type: a.type)
    }
    let type = valueType(a.type)
    let undefined = LLVMGetUndef(type)
    let first = LLVMBuildInsertElement(builder, undefined, a.reference, function.int32(0), "")
    var mask: [LLVMValueRef?] = Array(repeating: function.int32(0), count: lanes)
    let zeros = LLVMConstVector(&mask, UInt32(lanes))
    return VectorValue(reference: LLVMBuildShuffleVector(builder, first, undefined, zeros, ""), type: a.type)
  }

  /// 0, 1, 2 ... as `i64`.
  func iota() -> LLVMValueRef {
    if lanes == 1 { return function.int64(0) }
    var elements: [LLVMValueRef?] = (0..<lanes).map { function.int64($0) }
    return LLVMConstVector(&elements, UInt32(lanes))
  }

  private func wrap(_ reference: LLVMValueRef?, _ type: ElementType) -> VectorValue {
    VectorValue(reference: reference!, type: type)
  }

  // MARK: Arithmetic

  func add(_ a: VectorValue, _ b: VectorValue) -> VectorValue {
    guard a.type.isFloat else { return wrap(LLVMBuildAdd(builder, a.reference, b.reference, ""), a.type) }
    let (a, b) = keptFromFolding(a, b, neutral: [0, -0.0])
    return wrap(LLVMBuildFAdd(builder, a.reference, b.reference, ""), a.type)
  }

  func subtract(_ a: VectorValue, _ b: VectorValue) -> VectorValue {
    guard a.type.isFloat else { return wrap(LLVMBuildSub(builder, a.reference, b.reference, ""), a.type) }
    let (a, b) = keptFromFolding(a, b, neutral: [0, -0.0])
    return wrap(LLVMBuildFSub(builder, a.reference, b.reference, ""), a.type)
  }

  func multiply(_ a: VectorValue, _ b: VectorValue) -> VectorValue {
    guard a.type.isFloat else { return wrap(LLVMBuildMul(builder, a.reference, b.reference, ""), a.type) }
    let (a, b) = keptFromFolding(a, b, neutral: [1, -1])
    return wrap(LLVMBuildFMul(builder, a.reference, b.reference, ""), a.type)
  }

  func divide(_ a: VectorValue, _ b: VectorValue) -> VectorValue {
    let (a, b) = keptFromFolding(a, b, neutral: [1, -1])
    return wrap(LLVMBuildFDiv(builder, a.reference, b.reference, ""), a.type)
  }

  /// The operands of an operation that LLVM, which knows no denormals as zeros, would take away.
  ///
  /// Where one is one of the `neutral` constants, LLVM leaves nothing but the other: that one is given without
  /// denormals. Where one is a selection from constants, LLVM would compute with these beforehand, or leave the other
  /// untouched in the lanes in which a neutral one is selected (AVX-512): it is fenced.
  private func keptFromFolding(
    _ a: VectorValue, _ b: VectorValue, neutral: [Double]
  ) -> (VectorValue, VectorValue) {
    func isNeutral(_ x: VectorValue) -> Bool {
      LLVMIsConstant(x.reference) != 0
        && neutral.contains { constant(Scalar($0, as: x.type)).reference == x.reference }
    }
    if isNeutral(b) { return (flushed(a), b) }
    return isNeutral(a) ? (a, flushed(b)) : (fencedSelection(a), fencedSelection(b))
  }

  /// `x` without denormals.
  private func flushed(_ x: VectorValue) -> VectorValue {
    if LLVMIsConstant(x.reference) != 0 || isArithmetic(x.reference) { return x }
    var own = self
    return VectorMath.flushed(x, in: &own)
  }

  /// `x` as a value of which LLVM knows nothing.
  private func fenced(_ x: VectorValue) -> VectorValue {
    wrap(function.intrinsic("llvm.arithmetic.fence", [valueType(x.type)], [x.reference]), x.type)
  }

  /// `x`, fenced where it is a selection one side of which is a constant.
  private func fencedSelection(_ x: VectorValue) -> VectorValue {
    var value = x.reference
    while LLVMIsABitCastInst(value) != nil { value = LLVMGetOperand(value, 0) }
    guard LLVMIsASelectInst(value) != nil, (1...2).contains(where: { LLVMIsConstant(LLVMGetOperand(value, $0)) != 0 })
    else { return x }
    return fenced(x)
  }

  /// Whether the processor computed `value`, or what it is lanes of, so that it is no denormal.
  private func isArithmetic(_ value: LLVMValueRef) -> Bool {
    guard LLVMIsAInstruction(value) != nil else { return LLVMIsUndef(value) != 0 }
    switch LLVMGetInstructionOpcode(value) {
    case LLVMFAdd, LLVMFSub, LLVMFMul, LLVMFDiv: return true
    case LLVMShuffleVector: return isArithmetic(LLVMGetOperand(value, 0)) && isArithmetic(LLVMGetOperand(value, 1))
    case LLVMCall: return LLVMGetIntrinsicID(LLVMGetCalledValue(value)) == Self.fmaIntrinsic
    default: return false
    }
  }

  private static let fmaIntrinsic = LLVMLookupIntrinsicID("llvm.fma", 8)

  func divideIntegers(_ a: VectorValue, _ b: VectorValue) -> VectorValue {
    let (isZero, safe, isMinusOne) = guardedDivisor(b)
    let minusOne = constant(Scalar(wrapping: -1, as: a.type))
    if a.type.isUnsigned {
      return select(isZero, minusOne, wrap(LLVMBuildUDiv(builder, a.reference, safe.reference, ""), a.type))
    }
    let quotient = wrap(LLVMBuildSDiv(builder, a.reference, safe.reference, ""), a.type)
    return select(isZero, minusOne, select(isMinusOne!, negate(a), quotient))
  }

  func remainderIntegers(_ a: VectorValue, _ b: VectorValue) -> VectorValue {
    let (isZero, safe, isMinusOne) = guardedDivisor(b)
    if a.type.isUnsigned {
      return select(isZero, a, wrap(LLVMBuildURem(builder, a.reference, safe.reference, ""), a.type))
    }
    let remainder = wrap(LLVMBuildSRem(builder, a.reference, safe.reference, ""), a.type)
    return select(isZero, a, select(isMinusOne!, constant(Scalar(type: a.type, bits: 0)), remainder))
  }

  /// A divisor with which the machine's division does not trap, and where it stands in for 0 or -1.
  private func guardedDivisor(_ b: VectorValue) -> (isZero: VectorValue, safe: VectorValue, isMinusOne: VectorValue?) {
    let one = constant(Scalar(type: b.type, bits: 1))
    let isZero = compare(.eq, b, constant(Scalar(type: b.type, bits: 0)))
    var safe = select(isZero, one, b)
    if b.type.isUnsigned { return (isZero, safe, nil) }
    let isMinusOne = compare(.eq, b, constant(Scalar(type: b.type, bits: UInt64(bitPattern: -1))))
    safe = select(isMinusOne, one, safe)
    return (isZero, safe, isMinusOne)
  }

  func fma(_ a: VectorValue, _ b: VectorValue, _ c: VectorValue) -> VectorValue {
    guard function.target.hasFMA else { return emulatedFMA([a.reference, b.reference, c.reference], a.type) }
    // With a factor of 1 LLVM makes a sum of it.
    let (a, b) =
      LLVMIsConstant(c.reference) != 0
      ? keptFromFolding(a, b, neutral: [1, -1]) : (fencedSelection(a), fencedSelection(b))
    return wrap(function.intrinsic("llvm.fma", [valueType(a.type)], [a.reference, b.reference, c.reference]), a.type)
  }

  /// A fused multiply-add where the processor has no instruction for it, for which LLVM would call the C library's.
  private func emulatedFMA(_ operands: [LLVMValueRef], _ type: ElementType) -> VectorValue {
    if lanes == 1 { return wrap(ExactMultiplyAdd.emit(operands, type, in: function), type) }
    let result = (0..<lanes).reduce(LLVMGetUndef(valueType(type))!) { result, lane in
      let scalars = operands.map { LLVMBuildExtractElement(builder, $0, function.int32(lane), "")! }
      let value = ExactMultiplyAdd.emit(scalars, type, in: function)
      return LLVMBuildInsertElement(builder, result, value, function.int32(lane), "")
    }
    return wrap(result, type)
  }

  func squareRoot(_ a: VectorValue) -> VectorValue {
    wrap(function.intrinsic("llvm.sqrt", [valueType(a.type)], [a.reference]), a.type)
  }

  func negate(_ a: VectorValue) -> VectorValue {
    wrap(
      a.type.isFloat ? LLVMBuildFNeg(builder, a.reference, "") : LLVMBuildNeg(builder, a.reference, ""), a.type)
  }

  func magnitude(_ a: VectorValue) -> VectorValue {
    wrap(function.intrinsic("llvm.fabs", [valueType(a.type)], [a.reference]), a.type)
  }

  func floor(_ a: VectorValue) -> VectorValue { rounded(a, "llvm.floor", below: true) }
  func ceil(_ a: VectorValue) -> VectorValue {
    function.target.instructionSet == .scalar ? negate(floor(negate(a))) : rounded(a, "llvm.ceil", below: false)
  }

  func roundToEven(_ a: VectorValue) -> VectorValue {
    if function.target.instructionSet == .scalar {
      return roundByMagic(a)
    }
    return rounded(a, "llvm.roundeven", below: false)
  }

  /// Rounds by the instruction; baseline x86 has none, so there by the nearest integer and a correction.
  private func rounded(_ a: VectorValue, _ name: String, below: Bool) -> VectorValue {
    guard function.target.instructionSet == .scalar else {
      return wrap(function.intrinsic(name, [valueType(a.type)], [a.reference]), a.type)
    }
    let nearest = roundByMagic(a)
    let tooHigh = compare(.gt, nearest, a)
    let lowered = subtract(nearest, constant(Scalar(1, as: a.type)))
    return copySign(select(tooHigh, lowered, nearest), a)
  }

  /// The nearest integer, ties to even, by adding and subtracting 2^23 or 2^52 with the sign of `a`.
  private func roundByMagic(_ a: VectorValue) -> VectorValue {
    let magic = constant(Scalar(Double(sign: .plus, exponent: a.type.significandBits!, significand: 1), as: a.type))
    let size = magnitude(a)
    let near = subtract(add(size, magic), magic)
    let isLarge = compare(.ge, size, magic)
    let isNaN = compare(.ne, a, a)
    return select(isNaN, a, copySign(select(isLarge, size, near), a))
  }

  private func copySign(_ a: VectorValue, _ sign: VectorValue) -> VectorValue {
    wrap(function.intrinsic("llvm.copysign", [valueType(a.type)], [a.reference, sign.reference]), a.type)
  }

  // MARK: Bits

  func and(_ a: VectorValue, _ b: VectorValue) -> VectorValue {
    wrap(LLVMBuildAnd(builder, a.reference, b.reference, ""), a.type)
  }
  func or(_ a: VectorValue, _ b: VectorValue) -> VectorValue {
    wrap(LLVMBuildOr(builder, a.reference, b.reference, ""), a.type)
  }
  func xor(_ a: VectorValue, _ b: VectorValue) -> VectorValue {
    wrap(LLVMBuildXor(builder, a.reference, b.reference, ""), a.type)
  }
  func shiftLeft(_ a: VectorValue, _ amount: VectorValue) -> VectorValue {
    wrap(LLVMBuildShl(builder, a.reference, amount.reference, ""), a.type)
  }
  func shiftRight(_ a: VectorValue, _ amount: VectorValue) -> VectorValue {
    wrap(LLVMBuildLShr(builder, a.reference, amount.reference, ""), a.type)
  }

  func compare(_ op: Comparison, _ a: VectorValue, _ b: VectorValue) -> VectorValue {
    if a.type.isFloat {
      let predicate: LLVMRealPredicate =
        switch op {
        case .eq: LLVMRealOEQ
        case .ne: LLVMRealUNE
        case .lt: LLVMRealOLT
        case .le: LLVMRealOLE
        case .gt: LLVMRealOGT
        case .ge: LLVMRealOGE
        }
      return wrap(LLVMBuildFCmp(builder, predicate, a.reference, b.reference, ""), .i1)
    }
    let isUnsigned = a.type.isUnsigned
    let predicate: LLVMIntPredicate =
      switch op {
      case .eq: LLVMIntEQ
      case .ne: LLVMIntNE
      case .lt: isUnsigned ? LLVMIntULT : LLVMIntSLT
      case .le: isUnsigned ? LLVMIntULE : LLVMIntSLE
      case .gt: isUnsigned ? LLVMIntUGT : LLVMIntSGT
      case .ge: isUnsigned ? LLVMIntUGE : LLVMIntSGE
      }
    return wrap(LLVMBuildICmp(builder, predicate, a.reference, b.reference, ""), .i1)
  }

  func select(_ condition: VectorValue, _ a: VectorValue, _ b: VectorValue) -> VectorValue {
    wrap(LLVMBuildSelect(builder, condition.reference, a.reference, b.reference, ""), a.type)
  }

  /// ``select(_:_:_:)`` of bits: where the condition compares the two, however indirectly, LLVM would make a minimum or a
  /// maximum of it, which makes denormals zeros.
  func selectBits(_ condition: VectorValue, _ a: VectorValue, _ b: VectorValue) -> VectorValue {
    guard a.type.isFloat else { return select(condition, a, b) }
    let bits = a.type.bitsType
    return bitCast(select(condition, bitCast(a, to: bits), bitCast(b, to: bits)), to: a.type)
  }

  func convert(_ a: VectorValue, to type: ElementType) -> VectorValue {
    if a.type == type { return a }
    if type == .f32, a.type == .f64 {
      // LLVM would take the conversion away together with one to f64, through what does not change the number.
      let wide = LLVMIsAFPExtInst(a.reference) != nil ? flushed(a) : fenced(a)
      return wrap(LLVMBuildFPCast(builder, wide.reference, valueType(type), ""), type)
    }
    let target = valueType(type)
    if type == .i1 { return compare(.ne, a, constant(Scalar(0, as: a.type))) }
    if a.type.isFloat && type.isFloat { return wrap(LLVMBuildFPCast(builder, a.reference, target, ""), type) }
    if a.type.isFloat {
      let name = type.isUnsigned ? "llvm.fptoui.sat" : "llvm.fptosi.sat"
      return wrap(function.intrinsic(name, [target, valueType(a.type)], [a.reference]), type)
    }
    if type.isFloat {
      return wrap(
        a.type.isUnsigned
          ? LLVMBuildUIToFP(builder, a.reference, target, "") : LLVMBuildSIToFP(builder, a.reference, target, ""), type)
    }
    return wrap(LLVMBuildIntCast2(builder, a.reference, target, a.type.isUnsigned ? 0 : 1, ""), type)
  }

  func bitCast(_ a: VectorValue, to type: ElementType) -> VectorValue {
    wrap(LLVMBuildBitCast(builder, a.reference, valueType(type), ""), type)
  }
}
