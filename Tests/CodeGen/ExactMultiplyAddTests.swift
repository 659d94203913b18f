import Foundation
import FraguaCodeGen
import FraguaKernels
import FraguaRuntime
import FraguaScheduling
import FraguaTensors
import TestSupport
import Testing

/// `fma` in compiled code against the host's, bit for bit, with and without denormals: above all where the processor's
/// code has no instruction for it.
///
/// More than `make test` runs, 131 072 triples each:
/// ```
/// FRAGUA_RANDOM_FMA=1000 swift test -c release --skip-build --filter ExactMultiplyAddTests
/// ```
@Suite struct ExactMultiplyAddTests {
  static let sets = Target.InstructionSet.allCases.filter(Processor.canRun)

  @Test(arguments: sets, [ElementType.f32, .f64])
  func givesTheHostsBits(_ set: Target.InstructionSet, _ type: ElementType) throws {
    let step = try ElementwiseStep(type, Self.count, set) { $0.fma($1[0], $1[1], $1[2]) }
    let half = try ElementwiseStep(type, 1, set) { $0.multiply($1[0], $1[1]) }
    for seed in RandomCases.seeds("FRAGUA_RANDOM_FMA", default: 8) {
      var cases = MultiplyAddCases(type, seed: seed)
      let operands = cases.operands(Self.count, includingSpecial: seed == 0)
      for isFlushing in [false, true] {
        // A step may set the processor's mode itself.
        let probe = [type == .f32 ? 0x1p-126 : 0x1p-1022, 0.5, 0].map { Tensor(TensorType([1], type), rounding: [$0]) }
        let (product, results) = try DenormalMode(isFlushing).hold {
          (try half.run(probe), try step.run(operands))
        }
        let flushes = product.doubles[0] == 0
        guard !flushes || Self.hostHasInstruction else { continue }
        let expected = DenormalMode(flushes).hold { Self.expected(operands, type) }
        let difference = results.firstDifference(from: expected)
        #expect(
          difference == nil, "seed \(seed): \(difference.map { Self.describe($0, operands) } ?? "")")
      }
    }
  }

  private static let count = 1 << 17

  /// Whether the host's `fma` follows the processor's mode; that of a library without the instruction does not.
  private static var hostHasInstruction: Bool { Processor.hostInstructionSet != .scalar }

  private static func expected(_ operands: [Tensor], _ type: ElementType) -> Tensor {
    func apply<T: BinaryFloatingPoint>(_ a: [T], _ b: [T], _ c: [T]) -> [T] {
      a.indices.map { c[$0].addingProduct(a[$0], b[$0]) }
    }
    let singles = operands.compactMap { $0.elements(as: Float.self) }
    guard singles.count == 3 else {
      let doubles = operands.map(\.doubles)
      return Tensor([doubles[0].count], apply(doubles[0], doubles[1], doubles[2]))
    }
    return Tensor([singles[0].count], apply(singles[0], singles[1], singles[2]))
  }

  /// `difference` with the operands of its element.
  private static func describe(_ difference: String, _ operands: [Tensor]) -> String {
    guard let match = difference.firstMatch(of: /element ([0-9]+)/), let index = Int(match.1) else { return difference }
    return difference + " of fma(" + operands.map { "\($0[index].asDouble)" }.joined(separator: ", ") + ")"
  }
}

/// A step that computes an expression of three arguments, element by element.
private struct ElementwiseStep {
  private let executable: Executable

  init(
    _ type: ElementType, _ count: Int, _ set: Target.InstructionSet,
    _ expression: (inout ScalarProgram, [Int]) -> Int
  ) throws {
    var program = ScalarProgram()
    let operands = (0..<3).map { program.load(Access(buffer: $0, strides: [1]), type) }
    let value = expression(&program, operands)
    let block = Block(program, stores: [Store(Access(buffer: 3, strides: [1]), value)])
    let kernel = Kernel(
      axes: [count], parallelAxes: 1,
      buffers: (0..<4).map { KernelBuffer(type, count: count, use: $0 < 3 ? .read : .write) },
      body: .rows(RowsBody([.scalar(block, yields: [])])))
    let all = KernelCases.program(kernel)
    let processor = Processor(set)
    let schedule = Scheduler(processor.target, threads: 1).schedule(all)
    let plan = MemoryPlanner.plan(all, schedule)
    executable = Executable(
      LoadedStep(StepCompiler.compile(all, schedule, plan, processor)), all, schedule, plan, threads: 1)
  }

  func run(_ operands: [Tensor]) throws -> Tensor { try executable.run(operands)[0] }
}

/// What the processor makes of denormals: numbers, or zeros.
private struct DenormalMode {
  private let isFlushing: Bool

  init(_ isFlushing: Bool) { self.isFlushing = isFlushing }

  /// Runs `body` in the mode; where there is no such mode, in the usual one.
  func hold<R>(_ body: () throws -> R) rethrows -> R {
    #if arch(x86_64)
      var old = fenv_t()
      fegetenv(&old)
      defer { fesetenv(&old) }
      var new = old
      let bits: UInt32 = 0x8040
      new.__mxcsr = isFlushing ? new.__mxcsr | bits : new.__mxcsr & ~bits
      fesetenv(&new)
    #endif
    return try body()
  }
}

/// Triples of numbers on which a multiply-add may go wrong.
private struct MultiplyAddCases {
  private let type: ElementType
  private var random: RandomSource

  init(_ type: ElementType, seed: UInt64) {
    self.type = type
    random = RandomSource(seed: seed)
  }

  private var digits: Int { type == .f32 ? 23 : 52 }
  private var largestExponent: Int { type == .f32 ? 127 : 1023 }

  /// `count` triples; with all of special numbers first, if they are to be included.
  mutating func operands(_ count: Int, includingSpecial: Bool) -> [Tensor] {
    var lists = [[Double]](repeating: [], count: 3)
    if includingSpecial {
      let special = self.special
      for a in special {
        for b in special { for c in special { for (i, x) in [a, b, c].enumerated() { lists[i].append(x) } } }
      }
    }
    while lists[0].count < count { for (i, x) in triple().enumerated() { lists[i].append(x) } }
    return lists.map { Tensor(TensorType([count], type), rounding: $0) }
  }

  /// Zeros, ones, the ends of every range, and what is no number.
  private var special: [Double] {
    let least = 1 - largestExponent
    let numbers = [
      0, 1, 1.5, power(least), power(least - digits), power(least) - power(least - digits), power(least / 2),
      power(least / 2 - 1), power(largestExponent), (2 - power(-digits)) * power(largestExponent), power(digits),
      1 + power(-digits), 1 - power(-digits - 1), .infinity,
    ]
    return numbers.flatMap { [$0, -$0] } + [.nan]
  }

  private func power(_ exponent: Int) -> Double { Double(sign: .plus, exponent: exponent, significand: 1) }

  private mutating func triple() -> [Double] {
    switch Int.random(in: 0..<8, using: &random) {
    // Any bits.
    case 0: return (0..<3).map { _ in anything() }
    // Of similar size.
    case 1: return (0..<3).map { _ in number(exponents: -3...3) }
    // The addend all but takes the product away.
    case 2:
      let (a, b) = (number(exponents: -20...20), number(exponents: -20...20))
      return [a, b, moved(-rounded(a * b))]
    // The product lies about the addend's last place, halfway or nearly.
    case 3:
      let c = number(exponents: -4...4)
      let exponent = -digits - 1 + Int.random(in: -2...2, using: &random)
      return [few(), few() * power(exponent + c.exponentOrZero), c]
    // The addend lies about the product's last place.
    case 4:
      let (a, b) = (number(exponents: -4...4), number(exponents: -4...4))
      let exponent = (a * b).exponentOrZero - digits - 1 + Int.random(in: -digits - 4...2, using: &random)
      return [a, b, few() * power(exponent)]
    // The result is about the least normal number, or below it.
    case 5:
      let least = 1 - largestExponent + Int.random(in: -digits - 3...3, using: &random)
      let share = Int.random(in: least / 2 - 30...0, using: &random)
      let a = number(exponents: share...share)
      let b = number(exponents: least - share...least - share)
      return [a, b, Bool.random(using: &random) ? moved(-rounded(a * b)) : few() * power(least)]
    // The result is about the largest number.
    case 6:
      let share = Int.random(in: 1..<largestExponent, using: &random)
      let a = number(exponents: share...share)
      let b = number(exponents: largestExponent - share - 1...largestExponent - share)
      let exponent = largestExponent - Int.random(in: 0...digits + 3, using: &random)
      return [a, b, number(exponents: exponent...exponent)]
    // One of them is special.
    default:
      var result = (0..<3).map { _ in number(exponents: -2...2) }
      result[Int.random(in: 0..<3, using: &random)] = special.randomElement(using: &random)!
      return result
    }
  }

  private func rounded(_ x: Double) -> Double { type == .f32 ? Double(Float(x)) : x }

  /// Any number of the type.
  private mutating func anything() -> Double {
    let bits = UInt64.random(in: .min ... .max, using: &random)
    return type == .f32 ? Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))) : Double(bitPattern: bits)
  }

  /// A number with any digits, or few.
  private mutating func number(exponents: ClosedRange<Int>) -> Double {
    let exponent = Int.random(in: exponents, using: &random)
    if Bool.random(using: &random) { return few() * power(exponent) }
    return rounded(Double.random(in: 1..<2, using: &random)) * power(exponent) * (Bool.random(using: &random) ? 1 : -1)
  }

  /// A number from 1 to 2 with few digits, of either sign: ends of a significand, and what products make ties of.
  private mutating func few() -> Double {
    var result = 1.0
    for _ in 0..<Int.random(in: 0...2, using: &random) {
      result += power(-Int.random(in: 1...digits, using: &random))
    }
    return rounded(Bool.random(using: &random) ? result : -result)
  }

  /// `x` or one of the numbers next to it.
  private mutating func moved(_ x: Double) -> Double {
    let step = Int.random(in: -1...1, using: &random)
    if type == .f32 {
      let narrow = Float(x)
      return Double(step < 0 ? narrow.nextDown : step > 0 ? narrow.nextUp : narrow)
    }
    return step < 0 ? x.nextDown : step > 0 ? x.nextUp : x
  }
}

extension Double {
  /// The exponent; 0 where there is none.
  fileprivate var exponentOrZero: Int { isFinite && self != 0 ? Int(exponent) : 0 }
}
