import FraguaKernels
import FraguaTensors
import Testing

/// What the elementary functions give at special operands, exactly.
@Suite struct VectorMathTests {
  private func unary(_ op: UnaryOperator, _ x: Double, _ type: ElementType) -> Double {
    let operand = Scalar(x, as: type)
    return withDenormalsAsZeros {
      var arithmetic = ScalarArithmetic()
      return VectorMath.apply(op, operand, in: &arithmetic)
    }.asDouble
  }

  private func binary(_ op: BinaryOperator, _ x: Double, _ y: Double, _ type: ElementType) -> Double {
    let operands = (Scalar(x, as: type), Scalar(y, as: type))
    return withDenormalsAsZeros {
      var arithmetic = ScalarArithmetic()
      return VectorMath.apply(op, operands.0, operands.1, in: &arithmetic)
    }.asDouble
  }

  private func binary(_ op: BinaryOperator, _ x: Int64, _ y: Int64, _ type: ElementType) -> Int64 {
    var arithmetic = ScalarArithmetic()
    let (a, b) = (Scalar(type: type, bits: UInt64(bitPattern: x)), Scalar(type: type, bits: UInt64(bitPattern: y)))
    return VectorMath.apply(op, a, b, in: &arithmetic).integer
  }

  /// Equal, with the sign of zero.
  private func same(_ a: Double, _ b: Double) -> Bool { a == b && a.sign == b.sign }

  @Test(arguments: [ElementType.f32, .f64]) func infinitiesAndZeros(_ type: ElementType) {
    let infinity = Double.infinity
    let cases: [(UnaryOperator, Double, Double)] = [
      (.exp, infinity, infinity), (.exp, -infinity, 0), (.exp, 0, 1), (.exp, -0.0, 1), (.exp, 1000, infinity),
      (.exp, -1000, 0), (.expm1, infinity, infinity), (.expm1, -infinity, -1), (.expm1, 0, 0), (.expm1, -0.0, -0.0),
      (.expm1, 1000, infinity), (.expm1, -1000, -1), (.log, 0, -infinity), (.log, -0.0, -infinity), (.log, 1, 0),
      (.log, infinity, infinity), (.log1p, 0, 0), (.log1p, -0.0, -0.0), (.log1p, -1, -infinity),
      (.log1p, infinity, infinity), (.tanh, 0, 0), (.tanh, -0.0, -0.0), (.tanh, infinity, 1), (.tanh, -infinity, -1),
      (.tanh, 50, 1), (.sigmoid, infinity, 1), (.sigmoid, -infinity, 0), (.sigmoid, 0, 0.5), (.sqrt, -0.0, -0.0),
      (.erf, infinity, 1), (.erf, -infinity, -1), (.erf, 0, 0), (.erf, -0.0, -0.0), (.erf, 7, 1), (.erf, -7, -1),
      (.round, 2.5, 2), (.round, -0.5, -0.0), (.round, 3.5, 4), (.floor, -0.5, -1), (.ceil, -0.5, -0.0),
      (.sign, -3, -1), (.sign, 7, 1), (.sign, -0.0, -0.0), (.sign, 0, 0), (.abs, -0.0, 0), (.negate, 0, -0.0),
    ]
    for (op, x, expected) in cases {
      #expect(same(unary(op, x, type), expected), "\(op.rawValue)(\(x)) of \(type.rawValue) is \(unary(op, x, type))")
    }
    for op in UnaryOperator.allCases where op != .not { #expect(unary(op, .nan, type).isNaN, "\(op.rawValue)(nan)") }
    for (op, x) in [(UnaryOperator.log, -1.0), (.log, -infinity), (.log1p, -2), (.log1p, -infinity), (.sqrt, -1)] {
      #expect(unary(op, x, type).isNaN, "\(op.rawValue)(\(x))")
    }
  }

  /// Denormals are zeros, as operands and as results; a change of the sign keeps them.
  @Test(arguments: [ElementType.f32, .f64]) func denormals(_ type: ElementType) {
    let least = type == .f32 ? Double(Float.leastNonzeroMagnitude) : .leastNonzeroMagnitude
    let normal = type == .f32 ? Double(Float.leastNormalMagnitude) : .leastNormalMagnitude
    for op in [UnaryOperator.expm1, .log1p, .tanh, .erf, .sqrt, .floor, .ceil, .round, .sign] {
      #expect(same(unary(op, 3 * least, type), 0), "\(op.rawValue)")
      #expect(same(unary(op, -least, type), -0.0), "\(op.rawValue)")
    }
    for op in [UnaryOperator.expm1, .log1p, .tanh] { #expect(unary(op, normal, type) == normal, "\(op.rawValue)") }
    #expect(unary(.negate, least, type) == -least && unary(.abs, -least, type) == least)
    #expect(unary(.log, 5 * least, type) == -.infinity && unary(.log, -least, type) == -.infinity)
    let lowest = type == .f32 ? -87.33654 : -708.3964185
    #expect(unary(.exp, lowest, type) >= normal && unary(.exp, lowest - 1e-5, type) == 0)
    #expect(unary(.sigmoid, lowest, type) >= normal && unary(.sigmoid, lowest - 1e-5, type) == 0)
    #expect(same(binary(.maximum, least, -1, type), 0) && same(binary(.maximum, -1, -least, type), -0.0))
    #expect(same(binary(.maximum, least, -least, type), 0) && same(binary(.minimum, least, -least, type), -0.0))
    #expect(same(binary(.minimum, 1, least, type), 0) && same(binary(.maximum, -3 * least, -0.0, type), -0.0))
    #expect(same(binary(.remainder, -least, 1, type), -0.0) && binary(.remainder, 1, least, type).isNaN)
    #expect(same(binary(.multiply, -normal, 0.5, type), -0.0) && same(binary(.subtract, 1.5 * normal, normal, type), 0))
    #expect(same(binary(.add, least, -0.0, type), 0) && same(binary(.multiply, least, 1, type), 0))
  }

  @Test func overflow() {
    #expect(unary(.exp, 88.72283, .f32).isFinite && unary(.exp, 88.72284, .f32) == .infinity)
    #expect(unary(.exp, 709.782712893384, .f64).isFinite && unary(.exp, 709.7827128933841, .f64) == .infinity)
  }

  @Test(arguments: [ElementType.f32, .f64]) func extremes(_ type: ElementType) {
    for (x, y) in [(0.0, -0.0), (-0.0, 0.0)] {
      #expect(same(binary(.maximum, x, y, type), 0))
      #expect(same(binary(.minimum, x, y, type), -0.0))
    }
    for op in [BinaryOperator.maximum, .minimum] {
      #expect(binary(op, .nan, 1, type).isNaN && binary(op, 1, .nan, type).isNaN && binary(op, .nan, .nan, type).isNaN)
    }
    #expect(binary(.maximum, -.infinity, 3.0, type) == 3.0 && binary(.minimum, -2.0, -5.0, type) == -5.0)
    #expect(same(binary(.maximum, -0.0, -0.0, type), -0.0))
  }

  /// Remainders against C's `fmod`, over quotients up to the documented bound, denormals being zeros.
  @Test(arguments: [ElementType.f32, .f64]) func floatRemainder(_ type: ElementType) {
    let numbers = [
      0.0, -0.0, 1, -1, 0.1, 2.5, -7.25, 3, 1e-3, 1e5, -123456.789, 1e15, 3.3e12, 1e-30, .leastNonzeroMagnitude, 1e-45,
    ]
    for a in numbers {
      for b in numbers {
        func operand(_ x: Double) -> Double { type == .f32 ? Double(Float(x).withoutDenormals) : x.withoutDenormals }
        let (x, y) = (operand(a), operand(b))
        let result = binary(.remainder, x, y, type)
        let expected = x.truncatingRemainder(dividingBy: y)
        if expected.isNaN {
          #expect(result.isNaN, "\(x) % \(y)")
        } else if abs(x / y) < (type == .f32 ? 0x1p66 : 0x1p153) {
          #expect(same(result, expected), "\(x) % \(y) is \(result), not \(expected)")
        } else {
          #expect(result == 0)
        }
      }
    }
    #expect(binary(.remainder, 5, .infinity, type) == 5 && binary(.remainder, .infinity, 5, type).isNaN)
    #expect(binary(.remainder, 5, .nan, type).isNaN && same(binary(.remainder, -4, 2, type), -0.0))
  }

  @Test func integers() {
    #expect(
      binary(.divide, 7, 0, .i32) == -1 && binary(.divide, 7, 0, .i64) == -1 && binary(.divide, 7, 0, .ui8) == 255)
    #expect(binary(.divide, Int64(Int32.min), -1, .i32) == Int64(Int32.min) && binary(.divide, .min, -1, .i64) == .min)
    #expect(binary(.remainder, .min, -1, .i64) == 0 && binary(.remainder, Int64(Int32.min), -1, .i32) == 0)
    #expect(
      binary(.remainder, -7, 3, .i32) == -1 && binary(.remainder, -7, 0, .i64) == -7
        && binary(.divide, -7, 2, .i64) == -3)
    #expect(binary(.add, 200, 100, .ui8) == 44 && binary(.multiply, 1 << 20, 1 << 20, .i32) == 0)
    #expect(binary(.shiftRight, -1, 28, .i32) == 15 && binary(.shiftRight, -1, 60, .i64) == 15)
    #expect(binary(.shiftLeft, 3, 31, .i32) == Int64(Int32.min) && binary(.shiftLeft, 255, 4, .ui8) == 240)
    #expect(binary(.shiftLeft, 1, 33, .i32) == 2 && binary(.shiftRight, 128, 9, .ui8) == 64)
    #expect(binary(.maximum, 200, 100, .ui8) == 200 && binary(.maximum, -1, 1, .i32) == 1)
    #expect(binary(.maximum, 0, 1, .i1) == 1 && binary(.minimum, 0, 1, .i1) == 0 && binary(.xor, 1, 1, .i1) == 0)
  }

  @Test func conversions() {
    let a = ScalarArithmetic()
    #expect(
      a.convert(Scalar(Float(300.7)), to: .ui8).integer == 255 && a.convert(Scalar(Float(-3.9)), to: .i32).integer == -3
    )
    #expect(a.convert(Scalar(Double.nan), to: .i64).integer == 0 && a.convert(Scalar(1e30), to: .i64).integer == .max)
    #expect(a.convert(Scalar(Double.nan), to: .i1).bits == 1 && a.convert(Scalar(Float(-0.0)), to: .i1).bits == 0)
    #expect(
      a.convert(Scalar(Int64(-1)), to: .ui8).integer == 255 && a.convert(Scalar(UInt8(255)), to: .i32).integer == 255)
    #expect(
      a.convert(Scalar(Int64(16_777_217)), to: .f32).float == 16_777_216
        && a.convert(Scalar(true), to: .f64).double == 1)
    #expect(
      a.convert(Scalar(Int64(1) << 32), to: .i1).bits == 1 && a.convert(Scalar(Int64(1) << 32), to: .i32).bits == 0)
  }

  /// Random123's known answers for Philox4x32-10 (kat_vectors).
  @Test func philox() {
    let answers: [(counter: [Int64], key: [Int64], words: [Int64])] = [
      ([0, 0, 0, 0], [0, 0], [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]),
      (
        [0xffff_ffff, 0xffff_ffff, 0xffff_ffff, 0xffff_ffff], [0xffff_ffff, 0xffff_ffff],
        [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]
      ),
      (
        [0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344], [0xa409_3822, 0x299f_31d0],
        [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1]
      ),
    ]
    var arithmetic = ScalarArithmetic()
    for answer in answers {
      let words = VectorMath.philox(
        counter: answer.counter.map { Scalar($0) }, key: answer.key.map { Scalar($0) }, in: &arithmetic)
      #expect(words.map(\.integer) == answer.words)
    }
    // Through random: the counter's high words hold the stream and the step.
    for (i, word) in answers[0].words.enumerated() {
      let value = VectorMath.random(
        seed: Scalar(Int64(0)), step: Scalar(Int64(1) << 32), index: Scalar(Int64(i)), stream: 0, in: &arithmetic)
      #expect(value.integer == word)
    }
    // The third vector's counter as an index has its high word cut to 30 bits, so ask at a counter that fits.
    let words = VectorMath.philox(
      counter: [0x243f_6a88, 0x05a3_08d3, 7, 9].map { Scalar(Int64($0)) },
      key: [0xa409_3822, 0x299f_31d0].map { Scalar(Int64($0)) }, in: &arithmetic)
    for i in 0..<4 {
      let index: Int64 = (0x05a3_08d3 << 32 | 0x243f_6a88) << 2 | Int64(i)
      let value = VectorMath.random(
        seed: Scalar(Int64(0x299f_31d0) << 32 | 0xa409_3822), step: Scalar(Int64(9)), index: Scalar(index), stream: 7,
        in: &arithmetic)
      #expect(value == words[i])
    }
  }

  /// Numbers of all exponents, with steps of a prime through their bits, then special ones.
  private func numbers(_ type: ElementType) -> [Scalar] {
    var special = [0, 1, .infinity, .nan, 0.5, 2, Double(Float.leastNonzeroMagnitude), 1e-20]
    // Where the exponential vanishes, where its exponent changes, and where the logarithm's does; with what is near.
    let edges = [88, 87.33655, 87.68311946, 88.0296919, 709, 708.3964185, 709.0895657, 0.34657359, 0.41421356237309505]
    for edge in edges { special += (-50...50).map { edge * (1 + Double($0) * (type == .f32 ? 0x1p-23 : 0x1p-52)) } }
    let count: UInt64 = 60_000
    let step = (type == .f32 ? UInt64(1) << 31 : UInt64(1) << 63) / count | 1
    return (0..<count).map { Scalar(type: type, bits: $0 * step) } + special.map { Scalar($0, as: type) }
  }

  /// What is known of an operand changes no bit.
  @Test(arguments: [ElementType.f32, .f64]) func rangesChangeNoBit(_ type: ElementType) {
    let mode = DenormalMode.flush()
    defer { mode.restore() }
    var a = ScalarArithmetic()
    func same(_ x: Scalar, _ y: Scalar) -> Bool { x == y || x.asDouble.isNaN && y.asDouble.isNaN }
    let exponentials = numbers(type).map { a.negate($0) }.filter {
      !same(VectorMath.apply(.exp, $0, from: .nonPositive, in: &a), VectorMath.apply(.exp, $0, in: &a))
    }
    #expect(exponentials.isEmpty)
    let logarithms = numbers(type).filter { !($0.asDouble > 1) }.filter {
      !same(VectorMath.apply(.log1p, $0, from: .unit, in: &a), VectorMath.apply(.log1p, $0, in: &a))
    }
    #expect(logarithms.isEmpty)
    for bound in [0, -0.0, 1, -1, .infinity, -.infinity] {
      let y = Scalar(bound, as: type)
      for x in numbers(type).suffix(200).flatMap({ [$0, a.negate($0)] }) {
        #expect(same(VectorMath.maximum(x, bound: y, in: &a), VectorMath.maximum(x, y, in: &a)), "\(x), \(y)")
        #expect(same(VectorMath.minimum(x, bound: y, in: &a), VectorMath.minimum(x, y, in: &a)), "\(x), \(y)")
      }
    }
  }

  /// What is known follows from the instructions.
  @Test func rangesOfInstructions() {
    var program = ScalarProgram()
    let x = program.input(0, .f32)
    let size = program.unary(.abs, x)
    let below = program.unary(.negate, size)
    let unit = program.unary(.exp, below)
    let values = [
      (x, ValueRange.any), (size, .nonNegative), (below, .nonPositive), (unit, .unit),
      (program.unary(.exp, x), .nonNegative), (program.unary(.negate, x), .any), (program.unary(.negate, below), .any),
      (program.unary(.sigmoid, x), .unit), (program.binary(.maximum, x, unit), .nonNegative),
      (program.constant(0, .f32), .unit), (program.constant(-0.0, .f32), .nonPositive),
      (program.constant(2, .f32), .nonNegative), (program.constant(.nan, .f32), .any),
    ]
    for (number, range) in values { #expect(program.ranges[number] == range, "value \(number)") }
  }
}

extension BinaryFloatingPoint {
  /// The number, or a zero of its sign where it is denormal.
  var withoutDenormals: Self { isSubnormal ? Self(signOf: self, magnitudeOf: 0) : self }
}
