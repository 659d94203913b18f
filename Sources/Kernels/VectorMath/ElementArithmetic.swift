import FraguaTensors

/// The arithmetic that a processor has: what the project's elementary functions are written in.
///
/// ``VectorMath`` writes exp, log, Philox and the rest once, against this protocol. The kernel interpreter implements
/// it on scalars, the code generator on LLVM vectors; that both compute the same bits follows from each primitive being
/// exact or rounded once. A value knows its element type.
public protocol ElementArithmetic {
  associatedtype Value

  /// The same constant in every lane.
  mutating func constant(_ scalar: Scalar) -> Value

  // Floats: rounded once, to nearest even. Integers wrap.
  mutating func add(_ a: Value, _ b: Value) -> Value
  mutating func subtract(_ a: Value, _ b: Value) -> Value
  mutating func multiply(_ a: Value, _ b: Value) -> Value
  /// Floats only.
  mutating func divide(_ a: Value, _ b: Value) -> Value
  /// The quotient of integers towards zero: -1 (of `ui8` 255) where `b` is 0, MIN for MIN / -1. `ui8` divides unsigned.
  mutating func divideIntegers(_ a: Value, _ b: Value) -> Value
  /// The remainder with the sign of `a`: `a` where `b` is 0, 0 for MIN and -1. `ui8` divides unsigned.
  mutating func remainderIntegers(_ a: Value, _ b: Value) -> Value
  /// `a * b + c`, rounded once; floats only.
  mutating func fma(_ a: Value, _ b: Value, _ c: Value) -> Value
  mutating func squareRoot(_ a: Value) -> Value
  /// Changes the sign bit, of NaN too; integers wrap.
  mutating func negate(_ a: Value) -> Value
  /// Clears the sign bit; floats only.
  mutating func magnitude(_ a: Value) -> Value
  mutating func floor(_ a: Value) -> Value
  mutating func ceil(_ a: Value) -> Value
  /// To the nearest integer, ties to even; floats only.
  mutating func roundToEven(_ a: Value) -> Value

  // Bits: integers and i1.
  mutating func and(_ a: Value, _ b: Value) -> Value
  mutating func or(_ a: Value, _ b: Value) -> Value
  mutating func xor(_ a: Value, _ b: Value) -> Value
  /// By an amount below the width, the same type as `a`.
  mutating func shiftLeft(_ a: Value, _ amount: Value) -> Value
  /// Logical.
  mutating func shiftRight(_ a: Value, _ amount: Value) -> Value

  /// All but `.ne` are false where an operand is NaN. Integers compare as they are, signed or unsigned; `i1` unsigned.
  mutating func compare(_ op: Comparison, _ a: Value, _ b: Value) -> Value
  mutating func select(_ condition: Value, _ a: Value, _ b: Value) -> Value
  /// As ``ScalarProgram/Instruction/convert(_:_:)`` defines it; but for floats of 16 bits, which are ``VectorMath``'s.
  mutating func convert(_ a: Value, to type: ElementType) -> Value
  /// The same bits as another type of the same width: f32 with i32, f64 with i64, f16 and bf16 with ui16.
  mutating func bitCast(_ a: Value, to type: ElementType) -> Value
  /// The element type of a value.
  func type(of a: Value) -> ElementType
}
