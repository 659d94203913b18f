import CLLVM
import FraguaKernels
import FraguaTensors

/// The fused multiply-add of processors that have no instruction for it: a function of the module itself, which gives
/// the bits of the instruction, whether the processor takes denormals as zeros or not.
///
/// - `f32`: the product of two `f32` is exact in `f64`. The sum with the addend is rounded to odd there: with 29 bits
///   more than the result it then rounds as the exact sum does (Boldo and Melquiond, "Emulation of a FMA and
///   correctly-rounded sums: proved algorithms using rounding to odd", 2008).
/// - `f64`: integers. The product of the significands has 106 bits of 128; the addend is shifted to it, bits that fall
///   off remain as the last one, the sum's first 63 bits, the last one likewise, are rounded.
struct ExactMultiplyAdd {
  private let function: FunctionEmitter
  private let vector: VectorBuilder

  /// Emits `a * b + c`, rounded once, of scalars of `type`.
  static func emit(_ operands: [LLVMValueRef], _ type: ElementType, in caller: FunctionEmitter) -> LLVMValueRef {
    let name = "fragua_fma_\(type.rawValue)"
    let callee = LLVMGetNamedFunction(caller.module, name) ?? define(name, type, for: caller)
    var operands: [LLVMValueRef?] = operands
    return LLVMBuildCall2(
      caller.builder, LLVMGlobalGetValueType(callee), callee, &operands, UInt32(operands.count), "")
  }

  /// Adds the function to the caller's module.
  private static func define(_ name: String, _ type: ElementType, for caller: FunctionEmitter) -> LLVMValueRef {
    let place = LLVMGetInsertBlock(caller.builder)!
    let scalar = caller.scalarType(type)
    let function = FunctionEmitter(besides: caller, name: name, takes: [scalar, scalar, scalar], returns: scalar)
    let body = ExactMultiplyAdd(function: function, vector: VectorBuilder(function: function, lanes: 1))
    let operands = (0..<3).map { VectorValue(reference: function.parameter($0), type: type) }
    // A product of two f32 is exact in f64.
    switch type {
    case .f32: body.emitThroughDouble(operands)
    default: body.emitByIntegers(operands)
    }
    caller.position(at: place)
    return function.function
  }

  private func finish(_ result: VectorValue) { LLVMBuildRet(function.builder, result.reference) }

  private func integer(_ value: Int) -> VectorValue { vector.constant(Scalar(Int64(value))) }

  // MARK: f32

  private func emitThroughDouble(_ operands: [VectorValue]) {
    let wide = operands.map { vector.convert($0, to: .f64) }
    let product = vector.multiply(wide[0], wide[1])
    let sum = vector.add(product, wide[2])
    // What the sum lost (Knuth); NaN where it is infinite.
    let added = vector.subtract(sum, product)
    let error = vector.add(
      vector.subtract(product, vector.subtract(sum, added)), vector.subtract(wide[2], added))
    let bits = vector.bitCast(sum, to: .i64)
    let isOutward = vector.compare(.ge, vector.xor(bits, vector.bitCast(error, to: .i64)), integer(0))
    let odd = vector.add(bits, vector.select(isOutward, integer(1), integer(-1)))
    let isInexact = vector.compare(.gt, vector.magnitude(error), vector.constant(Scalar(0, as: .f64)))
    let isEven = vector.compare(.eq, vector.and(bits, integer(1)), integer(0))
    let rounded = vector.select(vector.and(isInexact, isEven), odd, bits)
    finish(vector.convert(vector.bitCast(rounded, to: .f64), to: .f32))
  }

  // MARK: f64

  /// The parts of a number: its value is `significand * 2^exponent`, without the sign.
  private struct Parts {
    let bits: VectorValue
    let isFinite: VectorValue
    /// Zero, or a denormal where those are zeros.
    let isZero: VectorValue
    /// At least 2^52 and less than 2^53, unless the number is zero.
    let significand: VectorValue
    let exponent: VectorValue
  }

  private func parts(_ value: VectorValue) -> Parts {
    let bits = vector.bitCast(value, to: .i64)
    let biased = vector.and(vector.shiftRight(bits, integer(52)), integer(0x7FF))
    let fraction = vector.and(bits, integer(1 << 52 - 1))
    let isZero = vector.compare(.eq, value, vector.constant(Scalar(0, as: .f64)))
    let isNormal = vector.compare(.ne, biased, integer(0))
    // A denormal is shifted up until its first bit is where a normal number has it.
    let shift = vector.subtract(leadingZeros(fraction.reference, .i64), integer(11))
    let significand = vector.select(
      isNormal, vector.or(fraction, integer(1 << 52)), vector.shiftLeft(fraction, shift))
    return Parts(
      bits: bits, isFinite: vector.compare(.ne, biased, integer(0x7FF)), isZero: isZero,
      significand: vector.select(isZero, integer(0), significand),
      exponent: vector.select(
        isNormal, vector.subtract(biased, integer(1075)), vector.subtract(integer(-1074), shift)))
  }

  private func emitByIntegers(_ operands: [VectorValue]) {
    let builder = function.builder
    let (a, b, c) = (parts(operands[0]), parts(operands[1]), parts(operands[2]))
    let hasFiniteProduct = vector.and(a.isFinite, b.isFinite)
    let isProductZero = vector.or(a.isZero, b.isZero)
    let isPlain = vector.and(vector.and(hasFiniteProduct, c.isFinite), isNot(isProductZero))
    let (plain, special) = (function.block("plain"), function.block("special"))
    LLVMBuildCondBr(builder, isPlain.reference, plain, special)

    // The product is exact, or only the addend counts: 0 stands for a product that could overflow.
    function.position(at: special)
    let onlyAddend = vector.and(hasFiniteProduct, isNot(isProductZero))
    let product = vector.select(
      onlyAddend, vector.constant(Scalar(0, as: .f64)), vector.multiply(operands[0], operands[1]))
    finish(vector.add(product, operands[2]))

    function.position(at: plain)
    finish(sum(a, b, c))
  }

  /// The sum of a product that is not zero and an addend, all finite.
  private func sum(_ a: Parts, _ b: Parts, _ c: Parts) -> VectorValue {
    let builder = function.builder
    let product = LLVMBuildMul(builder, widened(a.significand), widened(b.significand), "")!
    let addend = widened(c.significand)
    let exponent = vector.add(a.exponent, b.exponent)
    // How far the addend's last bit lies above the product's. Whichever is higher is shifted up as far as there is
    // room, below 2^126, and the other one down for the rest: then the sum has its first 53 bits well above what falls
    // off, as 20 zeros at least stand behind the higher one.
    let distance = vector.select(c.isZero, integer(0), vector.subtract(c.exponent, exponent))
    let isAddendHigher = vector.compare(.ge, distance, integer(0))
    let size = vector.select(isAddendHigher, distance, vector.negate(distance))
    let up = minimum(size, vector.select(isAddendHigher, integer(73), integer(20)))
    let down = minimum(vector.subtract(size, up), integer(127))
    let higher = LLVMBuildSelect(builder, isAddendHigher.reference, addend, product, "")!
    let lower = LLVMBuildSelect(builder, isAddendHigher.reference, product, addend, "")!
    let raised = LLVMBuildShl(builder, higher, widened(up), "")!
    let lowered = shiftedDown(lower, by: widened(down))
    let isSameSign = vector.compare(.ge, vector.xor(vector.xor(a.bits, b.bits), c.bits), integer(0))
    let difference = LLVMBuildSub(builder, raised, lowered, "")!
    let total = LLVMBuildSelect(
      builder, isSameSign.reference, LLVMBuildAdd(builder, raised, lowered, ""), difference, "")!
    let zero = LLVMConstNull(wideType)!
    let isNegative = LLVMBuildICmp(builder, LLVMIntSLT, total, zero, "")!
    let magnitude = LLVMBuildSelect(builder, isNegative, LLVMBuildSub(builder, zero, total, ""), total, "")!
    // The sign of the higher one, turned where the lower one was larger.
    let signs = vector.select(isAddendHigher, c.bits, vector.xor(a.bits, b.bits))
    let turned = vector.xor(signs, vector.select(wrap(isNegative, .i1), integer(.min), integer(0)))
    // The last bit of the sum is worth 2^bottom.
    let bottom = vector.add(exponent, vector.select(isAddendHigher, vector.subtract(size, up), vector.negate(up)))
    let rounded = rounded(magnitude, bottom, sign: vector.and(turned, integer(.min)))
    let isZero = LLVMBuildICmp(builder, LLVMIntEQ, total, zero, "")!
    return vector.select(wrap(isZero, .i1), vector.constant(Scalar(0, as: .f64)), rounded)
  }

  /// `magnitude * 2^bottom` with the sign bit `sign`, rounded to even.
  private func rounded(_ magnitude: LLVMValueRef, _ bottom: VectorValue, sign: VectorValue) -> VectorValue {
    let builder = function.builder
    // The first 63 bits; what is behind them remains as the last one.
    let room = vector.subtract(leadingZeros(magnitude, nil), integer(1))
    let high = LLVMBuildShl(builder, magnitude, widened(room), "")!
    let top = wrap(LLVMBuildTrunc(builder, LLVMBuildLShr(builder, high, wide(64), ""), integerType, ""), .i64)
    let rest = wrap(LLVMBuildTrunc(builder, high, integerType, ""), .i64)
    let isInexact = vector.compare(.ne, rest, integer(0))
    let digits = vector.or(top, vector.select(isInexact, integer(1), integer(0)))
    let exponent = vector.add(vector.subtract(bottom, room), integer(64))

    // Rounded as if there were no least exponent, which also says what is tiny.
    let nearest = vector.bitCast(vector.convert(digits, to: .f64), to: .i64)
    let normal = vector.add(nearest, vector.shiftLeft(exponent, integer(52)))
    let biased = vector.add(vector.shiftRight(nearest, integer(52)), exponent)
    let infinity = integer(0x7FF << 52)
    let large = vector.select(vector.compare(.ge, biased, integer(0x7FF)), infinity, normal)
    let isTiny = vector.compare(.le, biased, integer(0))
    return vector.bitCast(vector.or(vector.select(isTiny, denormal(digits, exponent), large), sign), to: .f64)
  }

  /// The bits of `digits * 2^exponent`, which is tiny: a denormal, rounded to even, or 0 where denormals are zeros.
  private func denormal(_ digits: VectorValue, _ exponent: VectorValue) -> VectorValue {
    let shift = vector.subtract(integer(-1074), exponent)
    let inRange = minimum(maximum(shift, integer(1)), integer(63))
    let half = vector.shiftLeft(integer(1), vector.subtract(inRange, integer(1)))
    let isOdd = vector.and(vector.shiftRight(digits, inRange), integer(1))
    let nearly = vector.add(digits, vector.add(vector.subtract(half, integer(1)), isOdd))
    let bits = vector.select(
      vector.compare(.gt, shift, integer(63)), integer(0), vector.shiftRight(nearly, inRange))
    // Asks the processor whether some denormal is a zero.
    let some = vector.or(vector.and(digits, integer(1 << 52 - 1)), integer(1))
    let isZero = vector.compare(.eq, vector.bitCast(some, to: .f64), vector.constant(Scalar(0, as: .f64)))
    return vector.select(isZero, integer(0), bits)
  }

  // MARK: Integers

  private var integerType: LLVMTypeRef { LLVMInt64TypeInContext(function.context) }
  private var wideType: LLVMTypeRef { LLVMInt128TypeInContext(function.context) }

  private func wrap(_ reference: LLVMValueRef?, _ type: ElementType) -> VectorValue {
    VectorValue(reference: reference!, type: type)
  }

  private func wide(_ value: UInt64) -> LLVMValueRef { LLVMConstInt(wideType, value, 0) }

  /// A number that is not negative, with 128 bits.
  private func widened(_ value: VectorValue) -> LLVMValueRef {
    LLVMBuildZExt(function.builder, value.reference, wideType, "")
  }

  private func isNot(_ a: VectorValue) -> VectorValue { vector.xor(a, vector.constant(Scalar(true))) }

  private func minimum(_ a: VectorValue, _ b: VectorValue) -> VectorValue {
    vector.select(vector.compare(.lt, a, b), a, b)
  }

  private func maximum(_ a: VectorValue, _ b: VectorValue) -> VectorValue {
    vector.select(vector.compare(.gt, a, b), a, b)
  }

  /// The zeros before the first bit, as `i64`; of 128 bits without a type.
  private func leadingZeros(_ value: LLVMValueRef, _ type: ElementType?) -> VectorValue {
    let bit = LLVMConstInt(LLVMInt1TypeInContext(function.context), 0, 0)!
    let count = function.intrinsic("llvm.ctlz", [type == nil ? wideType : integerType], [value, bit])!
    return wrap(type == nil ? LLVMBuildTrunc(function.builder, count, integerType, "") : count, .i64)
  }

  /// `value` of 128 bits shifted down; bits that fall off remain as the last one.
  private func shiftedDown(_ value: LLVMValueRef, by count: LLVMValueRef) -> LLVMValueRef {
    let builder = function.builder
    let shifted = LLVMBuildLShr(builder, value, count, "")!
    let isInexact = LLVMBuildICmp(builder, LLVMIntNE, LLVMBuildShl(builder, shifted, count, ""), value, "")
    return LLVMBuildOr(builder, shifted, LLVMBuildZExt(builder, isInexact, wideType, ""), "")
  }
}
