import Foundation
import FraguaKernels
import FraguaTensors
import Testing

/// An elementary function with its references in wider arithmetic.
struct ElementaryFunction: Sendable, CustomTestStringConvertible {
  let op: UnaryOperator
  let double: @Sendable (Double) -> Double
  let extended: @Sendable (Float80) -> Float80

  var testDescription: String { op.rawValue }

  /// `1 / (1 + e^-x)` without overflow.
  static func sigmoid(_ x: Double) -> Double { x < 0 ? exp(x) / (1 + exp(x)) : 1 / (1 + exp(-x)) }
  static func sigmoid(_ x: Float80) -> Float80 { x < 0 ? expl(x) / (1 + expl(x)) : 1 / (1 + expl(-x)) }

  static let all: [ElementaryFunction] = [
    .init(op: .exp, double: { exp($0) }, extended: { expl($0) }),
    .init(op: .expm1, double: { expm1($0) }, extended: { expm1l($0) }),
    .init(op: .log, double: { log($0) }, extended: { logl($0) }),
    .init(op: .log1p, double: { log1p($0) }, extended: { log1pl($0) }),
    .init(op: .tanh, double: { tanh($0) }, extended: { tanhl($0) }),
    .init(op: .erf, double: { erf($0) }, extended: { erfl($0) }),
    .init(op: .sigmoid, double: { sigmoid($0) }, extended: { sigmoid($0) }),
  ]
}

@Suite struct VectorMathErrorTests {
  /// Every 1009th bit pattern of an f32 against f64: at most 4 units in the last place, as documented.
  @Test(arguments: ElementaryFunction.all) func f32(_ function: ElementaryFunction) {
    var worst = (ulp: 0.0, at: Float(0))
    var arithmetic = ScalarArithmetic()
    var pattern: UInt64 = 0
    while pattern < 1 << 32 {
      let x = Float(bitPattern: UInt32(pattern))
      pattern += 1009
      let result = withDenormalsAsZeros { VectorMath.apply(function.op, Scalar(x), in: &arithmetic) }.float
      let reference = function.double(Double(x.withoutDenormals))
      let rounded = Float(reference).withoutDenormals
      if isAtUnderflow(result, reference) { continue }
      if result.isNaN != rounded.isNaN { worst = (.infinity, x) }
      if result == rounded || rounded.isNaN { continue }
      let unit = Double((rounded.isInfinite ? Float.greatestFiniteMagnitude : rounded).ulp)
      let error = result.isInfinite ? .infinity : abs(Double(result) - reference) / unit
      if error > worst.ulp { worst = (error, x) }
    }
    print("\(function.op.rawValue) of f32 errs most at \(worst.at)")
    expectDocumented(function.op, .f32, worst.ulp)
    #expect(worst.ulp <= 4, "\(function.op.rawValue)(\(worst.at))")
  }

  /// A sample of f64, dense where the functions are neither constant nor the identity, against the 64-bit significand
  /// of `Float80`.
  @Test(arguments: ElementaryFunction.all) func f64(_ function: ElementaryFunction) {
    var worst = (ulp: 0.0, at: 0.0)
    var arithmetic = ScalarArithmetic()
    func check(_ x: Double) {
      let result = withDenormalsAsZeros { VectorMath.apply(function.op, Scalar(x), in: &arithmetic) }.double
      let reference = function.extended(Float80(x.withoutDenormals))
      let rounded = Double(reference).withoutDenormals
      if isAtUnderflow(result, reference) { return }
      if result.isNaN != rounded.isNaN { worst = (.infinity, x) }
      if result == rounded || rounded.isNaN { return }
      let unit = Float80((rounded.isInfinite ? Double.greatestFiniteMagnitude : rounded).ulp)
      let error = result.isInfinite ? .infinity : Double(abs(Float80(result) - reference) / unit)
      if error > worst.ulp { worst = (error, x) }
    }
    // Every exponent, many significands; then the range around 1 and 0 more densely.
    for i in UInt64(0)..<400_000 { check(Double(bitPattern: i &* 46_116_860_184_273)) }
    for i in UInt64(0)..<400_000 { check(Double(bitPattern: i &* 46_116_860_184_273 | 1 << 63)) }
    for i in -1_000_000...1_000_000 { check(Double(i) * 0.0000251234567 + 1e-9) }
    for i in -300_000...300_000 { check(Double(i) * 0.002501234567 + 1e-9) }
    print("\(function.op.rawValue) of f64 errs most at \(worst.at)")
    expectDocumented(function.op, .f64, worst.ulp)
    #expect(worst.ulp <= 4, "\(function.op.rawValue)(\(worst.at))")
  }

  /// Whether both are within four units of the smallest normal number, or 0, so that one may be 0 and the other not.
  private func isAtUnderflow<T: BinaryFloatingPoint, R: BinaryFloatingPoint>(_ result: T, _ reference: R) -> Bool {
    let limit = T.leastNormalMagnitude + 4 * T.leastNonzeroMagnitude
    return abs(result) <= limit && abs(reference) <= R(limit) && reference != 0
  }

  /// The table of `docs/kernels.md` has this error, with two digits behind the point.
  private func expectDocumented(_ op: UnaryOperator, _ type: ElementType, _ ulp: Double) {
    let path = #filePath.dropLast("Tests/Kernels/VectorMathErrorTests.swift".count) + "docs/kernels.md"
    let text = (try? String(contentsOf: URL(filePath: String(path)), encoding: .utf8)) ?? ""
    let row = "| `\(op.rawValue)` | `\(type.rawValue)` | \((ulp * 100).rounded() / 100) |"
    #expect(text.contains(row), "docs/kernels.md lacks the row \(row)")
  }
}
