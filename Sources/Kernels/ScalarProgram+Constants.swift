import FraguaTensors

extension ScalarProgram {
  /// What each value is that depends on constants only; `nil` for the others.
  ///
  /// Computed as the interpreter computes, with denormals as zeros: compilers fold constants by rules of their own.
  public var constants: [Scalar?] {
    withDenormalsAsZeros {
      var a = ScalarArithmetic()
      var known: [Scalar?] = []
      known.reserveCapacity(instructions.count)
      for instruction in instructions { known.append(Self.value(of: instruction, known, in: &a)) }
      return known
    }
  }

  private static func value(of instruction: Instruction, _ known: [Scalar?], in a: inout ScalarArithmetic) -> Scalar? {
    switch instruction {
    case .constant(let scalar): return scalar
    case .unary(let op, let x):
      guard let x = known[x] else { return nil }
      return VectorMath.apply(op, x, in: &a)
    case .binary(let op, let x, let y):
      guard let x = known[x], let y = known[y] else { return nil }
      return VectorMath.apply(op, x, y, in: &a)
    case .compare(let op, let x, let y):
      guard let x = known[x], let y = known[y] else { return nil }
      return a.compare(op, x, y)
    case .select(let condition, let x, let y):
      guard let condition = known[condition], let x = known[x], let y = known[y] else { return nil }
      return a.select(condition, x, y)
    case .convert(let x, let type):
      guard let x = known[x] else { return nil }
      return VectorMath.convert(x, to: type, in: &a)
    case .fma(let x, let y, let z):
      guard let x = known[x], let y = known[y], let z = known[z] else { return nil }
      return a.fma(x, y, z)
    case .input, .local, .index, .load, .random: return nil
    }
  }
}
