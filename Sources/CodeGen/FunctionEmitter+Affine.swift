import CLLVM
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Affine expressions of coordinates as `i64` values.
extension FunctionEmitter {
  /// `offset + Σ coefficients * coordinates`.
  func affine(_ offset: Int, _ coefficients: [Int], _ coordinates: [LLVMValueRef]) -> LLVMValueRef {
    var sum: LLVMValueRef?
    for (coefficient, coordinate) in zip(coefficients, coordinates) where coefficient != 0 {
      let term = multiply(coordinate, coefficient)
      sum = sum.map { add($0, term) } ?? term
    }
    guard let sum else { return int64(offset) }
    return offset == 0 ? sum : add(sum, int64(offset))
  }

  /// An expression without digits at a point.
  func linear(_ expression: AffineExpression, _ coordinates: [LLVMValueRef]) -> LLVMValueRef {
    precondition(expression.isLinear, "an address with digits where a linear one is read in steps")
    return affine(expression.offset, expression.coefficients, coordinates)
  }

  /// The digit, without its coefficient, of `number`: an `i64`, or so many lanes of them, in `range` wherever it is used.
  ///
  /// Unsigned division rounds down; numbers below 0 are moved up by whole periods first. Lanes are divided as 32 bits
  /// where they fit: processors have no product of 64.
  func digit(
    _ digit: AffineExpression.Digit, of number: LLVMValueRef, in range: ClosedRange<Int>, lanes: Int
  ) -> LLVMValueRef {
    let period = digit.divisor * (digit.modulus ?? 1)
    let shift = range.lowerBound < 0 ? ceilDivide(-range.lowerBound, period) * period : 0
    let limit = Int(Int32.max)
    let isNarrow =
      lanes > 1 && range.lowerBound >= -limit && shift <= limit && range.upperBound + shift <= limit
      && period <= limit
    let vector = VectorBuilder(function: self, lanes: lanes)
    let constant = { (value: Int) in vector.constant(isNarrow ? Scalar(Int32(value)) : Scalar(Int64(value))).reference }
    var value = isNarrow ? LLVMBuildTrunc(builder, number, vector.valueType(.i32), "")! : number
    if shift != 0 { value = LLVMBuildAdd(builder, value, constant(shift), "") }
    if digit.divisor != 1 { value = LLVMBuildUDiv(builder, value, constant(digit.divisor), "") }
    if let modulus = digit.modulus {
      value = LLVMBuildURem(builder, value, constant(modulus), "")
    } else if shift != 0 {
      value = LLVMBuildSub(builder, value, constant(shift / digit.divisor), "")
    }
    return isNarrow ? LLVMBuildSExt(builder, value, vector.valueType(.i64), "") : value
  }
}
