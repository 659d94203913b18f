import FraguaTensors

/// The arithmetic of single elements: what the kernel interpreter computes with.
///
/// Each operation is one IEEE 754 operation rounded to nearest even, or exact; denormals are what ``DenormalMode`` says.
/// An operand of a type that an operation does not have is a defect of the caller: ``KernelVerifier`` refuses such
/// programs.
public struct ScalarArithmetic: ElementArithmetic {
  public typealias Value = Scalar

  public init() {}

  @inline(__always) public func type(of a: Scalar) -> ElementType { a.type }
  @inline(__always) public func constant(_ scalar: Scalar) -> Scalar { scalar }

  public func add(_ a: Scalar, _ b: Scalar) -> Scalar {
    switch a.type {
    case .f32: Scalar(a.float + b.float)
    case .f64: Scalar(a.double + b.double)
    default: wrap(a.integer &+ b.integer, a.type)
    }
  }

  public func subtract(_ a: Scalar, _ b: Scalar) -> Scalar {
    switch a.type {
    case .f32: Scalar(a.float - b.float)
    case .f64: Scalar(a.double - b.double)
    default: wrap(a.integer &- b.integer, a.type)
    }
  }

  public func multiply(_ a: Scalar, _ b: Scalar) -> Scalar {
    switch a.type {
    case .f32: Scalar(a.float * b.float)
    case .f64: Scalar(a.double * b.double)
    default: wrap(a.integer &* b.integer, a.type)
    }
  }

  public func divide(_ a: Scalar, _ b: Scalar) -> Scalar {
    switch a.type {
    case .f32: Scalar(a.float / b.float)
    default: Scalar(a.double / b.double)
    }
  }

  public func divideIntegers(_ a: Scalar, _ b: Scalar) -> Scalar {
    b.bits == 0 ? wrap(-1, a.type) : wrap(a.integer.dividedReportingOverflow(by: b.integer).partialValue, a.type)
  }

  public func remainderIntegers(_ a: Scalar, _ b: Scalar) -> Scalar {
    b.bits == 0 ? a : wrap(a.integer.remainderReportingOverflow(dividingBy: b.integer).partialValue, a.type)
  }

  public func fma(_ a: Scalar, _ b: Scalar, _ c: Scalar) -> Scalar {
    switch a.type {
    case .f32: Scalar(c.float.addingProduct(a.float, b.float))
    default: Scalar(c.double.addingProduct(a.double, b.double))
    }
  }

  public func squareRoot(_ a: Scalar) -> Scalar {
    switch a.type {
    case .f32: Scalar(a.float.squareRoot())
    default: Scalar(a.double.squareRoot())
    }
  }

  public func negate(_ a: Scalar) -> Scalar {
    a.type.isFloat ? Scalar(type: a.type, bits: a.bits ^ a.type.signMask) : wrap(0 &- a.integer, a.type)
  }

  public func magnitude(_ a: Scalar) -> Scalar {
    Scalar(type: a.type, bits: a.bits & ~a.type.signMask)
  }

  public func floor(_ a: Scalar) -> Scalar { rounded(a, .down) }
  public func ceil(_ a: Scalar) -> Scalar { rounded(a, .up) }
  public func roundToEven(_ a: Scalar) -> Scalar { rounded(a, .toNearestOrEven) }

  public func and(_ a: Scalar, _ b: Scalar) -> Scalar { Scalar(type: a.type, bits: a.bits & b.bits) }
  public func or(_ a: Scalar, _ b: Scalar) -> Scalar { Scalar(type: a.type, bits: a.bits | b.bits) }
  public func xor(_ a: Scalar, _ b: Scalar) -> Scalar { Scalar(type: a.type, bits: a.bits ^ b.bits) }

  public func shiftLeft(_ a: Scalar, _ amount: Scalar) -> Scalar { wrap(a.integer &<< amount.integer, a.type) }

  public func shiftRight(_ a: Scalar, _ amount: Scalar) -> Scalar {
    let bits = a.bits & (.max >> UInt64(64 - a.type.bitCount))
    return wrap(Int64(bitPattern: bits &>> amount.bits), a.type)
  }

  public func compare(_ op: Comparison, _ a: Scalar, _ b: Scalar) -> Scalar {
    switch a.type {
    case .f32: Scalar(holds(op, a.float, b.float))
    case .f64: Scalar(holds(op, a.double, b.double))
    default: Scalar(holds(op, a.integer, b.integer))
    }
  }

  @inline(__always) public func select(_ condition: Scalar, _ a: Scalar, _ b: Scalar) -> Scalar {
    condition.bits != 0 ? a : b
  }

  public func convert(_ a: Scalar, to type: ElementType) -> Scalar {
    if type == .i1 { return Scalar(a.type.isFloat ? a.asDouble != 0 : a.bits != 0) }
    switch (a.type, type) {
    case (.f32, .f64): return Scalar(Double(a.float))
    case (.f32, .f32), (.f64, .f64): return a
    case (.f32, _), (.f64, _): return Scalar(a.asDouble, as: type)
    case (_, .f32): return Scalar(Float(a.integer))
    case (_, .f64): return Scalar(Double(a.integer))
    default: return wrap(a.integer, type)
    }
  }

  public func bitCast(_ a: Scalar, to type: ElementType) -> Scalar {
    if !type.isFloat { return wrap(a.integer, type) }
    return Scalar(type: type, bits: a.bits & (.max >> UInt64(64 - type.bitCount)))
  }

  /// `x` reduced to the width of the integer type `type`; to its lowest bit for `i1`.
  @inline(__always) private func wrap(_ x: Int64, _ type: ElementType) -> Scalar {
    switch type {
    case .i32: Scalar(Int32(truncatingIfNeeded: x))
    case .i64: Scalar(x)
    default: Scalar(wrapping: x, as: type)
    }
  }

  /// A float rounded to an integer by `rule`.
  private func rounded(_ a: Scalar, _ rule: FloatingPointRoundingRule) -> Scalar {
    // What the library does with bits knows of no mode.
    switch a.type {
    case .f32: Scalar(a.float.flushed.rounded(rule))
    default: Scalar(a.double.flushed.rounded(rule))
    }
  }

  /// Whether `a op b` holds.
  @inline(__always) private func holds<T: Comparable>(_ op: Comparison, _ a: T, _ b: T) -> Bool {
    switch op {
    case .eq: a == b
    case .ne: a != b
    case .lt: a < b
    case .le: a <= b
    case .gt: a > b
    case .ge: a >= b
    }
  }
}
