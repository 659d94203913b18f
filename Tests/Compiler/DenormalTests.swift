import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaRuntime
import FraguaTensors
import FraguaTransforms
import TestSupport
import Testing

/// Denormals are zeros: arithmetic takes them as zeros and gives none, copies keep them; compiled at every width and
/// interpreted alike.
@Suite struct DenormalTests {
  /// Denormal, smallest, zero and ordinary numbers of `type`, of both signs.
  private static func tiny(_ type: ElementType) -> [Double] {
    let normal = type == .f32 ? Double(Float.leastNormalMagnitude) : .leastNormalMagnitude
    let least = type == .f32 ? Double(Float.leastNonzeroMagnitude) : .leastNonzeroMagnitude
    let positive = [least, normal / 2, normal - least, normal, 1.5 * normal, 4 * normal, 0, 0.75]
    return positive.flatMap { [$0, -$0] }
  }

  /// `x`, if it is of floats, with two of three elements replaced by tiny ones.
  private static func withDenormals(_ x: Tensor, _ seed: UInt64) -> Tensor {
    guard x.element.isFloat else { return x }
    let (numbers, values) = (randomNumbers(x.count, seed: seed), tiny(x.element))
    return Tensor(x.type) { i in
      let choice = Int(numbers[i] * 1.5 * Double(values.count))
      return choice < values.count ? Scalar(values[choice], as: x.element) : x[i]
    }
  }

  /// Compiled code of every operation, and of its derivative, gives the interpreter's bits on denormals, which
  /// `compiledResults` checks, and nothing denormal but what it copies.
  @Test(arguments: LawCase.all) func operations(_ test: LawCase) throws {
    let graph = try test.graph()
    let arguments = test.arguments.enumerated().map { Self.withDenormals($1, UInt64(77 + $0)) }
    let magnitudes = Set(
      arguments.flatMap { x in x.element.isFloat ? (0..<x.count).map { x[$0].magnitudeBits } : [] })
    for set in GraphComparison.instructionSets {
      for entry in graph.gradients.isEmpty ? ["f"] : ["f", "g"] {
        for result in try compiledResults(graph, entry, arguments, parameters: test.parameters, set)
        where result.element.isFloat {
          let made = (0..<result.count).map { result[$0] }.filter {
            $0.isDenormal && !magnitudes.contains($0.magnitudeBits)
          }
          #expect(made.isEmpty, "'@\(entry)' for \(set) gives denormals that are no copies")
        }
      }
    }
  }

  /// Statements that make `%r` of `%x`, which is d, -d, 1 and the smallest normal number, d being denormal; with the
  /// elements of `%r`.
  private struct Statements {
    let type: ElementType
    let d: Double
    let normal: Double
    private(set) var cases: [(text: String, expected: [Double])] = []

    var x: [Double] { [d, -d, 1, normal] }
    private var e: String { type.rawValue }

    init(_ type: ElementType) {
      self.type = type
      d = type == .f32 ? 0x1p-130 : 0x1p-1030
      normal = type == .f32 ? 0x1p-126 : 0x1p-1022
      addCopies()
      addArithmetic()
      addComparisons()
      addConstants()
      addSelections()
    }

    private mutating func add(_ text: String, _ first: Double, _ second: Double, _ third: Double, _ fourth: Double) {
      cases.append((text, [first, second, third, fourth]))
    }

    /// `%name`, elements of which are all `value`.
    private func splat(_ name: String, _ value: Double) -> String {
      "%\(name) = constant {value = dense<\(value)>} : tensor<4x\(e)>\n"
    }

    private mutating func addCopies() {
      add("%r = negate %x", -d, d, -1, -normal)
      add("%r = abs %x", d, d, 1, normal)
      add("%r = reshape %x {to = tensor<2x2x\(e)>}", d, -d, 1, normal)
      add("%c = compare %x, %one {direction = lt}\n%r = select %c, %x, %one", d, -d, 1, normal)
      add("%c = compare %x, %zero {direction = gt}\n%r = select %c, %x, %one", 1, 1, 1, normal)
      add("%c = compare %x, %minus {direction = gt}\n%r = select %c, %x, %minus", d, -d, 1, normal)
      add("%c = compare %x, %minus {direction = le}\n%n = not %c\n%r = select %n, %x, %minus", d, -d, 1, normal)
      add("%i = constant {value = dense<[3, 0, 1, 0]>} : tensor<4xi32>\n%r = gather %x, %i", normal, d, -d, d)
      let index = "%i = constant {value = dense<[1]>} : tensor<1xi32>\n"
      add(index + "%u = slice %x {axes = [0], start = [2], limit = [3]}\n%r = scatter_add %x, %i, %u", d, 1, 1, normal)
      cases.append(("%r = pad %x {axes = [0], low = [1], high = [0], fill = \(d)}", [d] + x))
    }

    /// Arithmetic that changes no other number, and such as makes denormals.
    private mutating func addArithmetic() {
      add("%r = multiply %x, %one", 0, -0.0, 1, normal)
      add("%r = multiply %x, %minus", -0.0, 0, -1, -normal)
      add("%r = divide %x, %one", 0, -0.0, 1, normal)
      add("%r = add %x, %zero", 0, 0, 1, normal)
      add("%z = negate %zero\n%r = add %x, %z", 0, -0.0, 1, normal)
      add("%r = subtract %x, %zero", 0, -0.0, 1, normal)
      add("%z = negate %zero\n%r = subtract %z, %x", -0.0, 0, -1, -normal)
      add("%r = maximum %x, %x", 0, -0.0, 1, normal)
      add("%r = minimum %x, %one", 0, -0.0, 1, normal)
      add("%r = maximum %x, %minus", 0, -0.0, 1, normal)
      add("%r = maximum %x, %zero", 0, 0, 1, normal)
      add("%r = floor %x", 0, -0.0, 1, 0)
      add("%r = sign %x", 0, -0.0, 1, 1)
      add("%r = sqrt %x", 0, -0.0, 1, normal.squareRoot())
      add("%r = tanh %x", 0, -0.0, 0.7615941559557649, normal)
      let column = "%y = reshape %x {to = tensor<4x1x\(e)>}\n"
      add(column + "%r = reduce_sum %y {axes = [1]}", 0, -0.0, 1, normal)
      add(column + "%r = reduce_max %y {axes = [1]}", 0, -0.0, 1, normal)
      let row = "%y = reshape %x {to = tensor<1x4x\(e)>}\n"
      add(row + "%r = reduce_sum %y {axes = [0]}", 0, -0.0, 1, normal)
      add(row + "%r = reduce_max %y {axes = [0]}", 0, -0.0, 1, normal)
      let wide = "%y = broadcast %x {to = tensor<4x3x\(e)>, axes = [0]}\n"
      add(wide + "%r = reduce_min %y {axes = [1]}", 0, -0.0, 1, normal)
      add(wide + "%r = reduce_sum %y {axes = [1]}", 0, -0.0, 3, 3 * normal)
      let one = "%o = constant {value = dense<1.0>} : tensor<1x1x\(e)>\n"
      add("%v = abs %x\n%y = reshape %v {to = tensor<4x1x\(e)>}\n" + one + "%r = matmul %y, %o", 0, 0, 1, normal)
      add(splat("h", 0.5) + "%r = multiply %x, %h", 0, -0.0, 0.5, 0)
      add(splat("h", 1.5 * normal) + "%r = subtract %h, %x", 1.5 * normal, 1.5 * normal, -1, 0)
      add("%l = log %x\n%r = maximum %l, %minus", -1, -1, 0, -1)
      let other = type == .f32 ? "f64" : "f32"
      add("%y = convert %x {to = \(other)}\n%r = convert %y {to = \(e)}", 0, -0.0, 1, type == .f32 ? normal : 0)
    }

    private mutating func addComparisons() {
      let number = "\n%r = convert %c {to = \(e)}"
      add("%c = compare %x, %zero {direction = gt}" + number, 0, 0, 1, 1)
      add("%c = compare %x, %zero {direction = eq}" + number, 1, 1, 0, 0)
      add("%c = convert %x {to = i1}" + number, 0, 0, 1, 1)
      add(splat("t", d) + "%c = compare %x, %t {direction = eq}" + number, 1, 1, 0, 0)
    }

    /// What is computed from constants only.
    private mutating func addConstants() {
      let number = "\n%r = convert %c {to = \(e)}"
      add(splat("t", d) + "%c = compare %t, %zero {direction = gt}" + number, 0, 0, 0, 0)
      add(splat("t", normal) + splat("h", 0.5) + "%r = multiply %t, %h", 0, 0, 0, 0)
      add(splat("t", normal) + "%p = exp %one\n%q = divide %t, %p\n%r = maximum %q, %q", 0, 0, 0, 0)
      add(splat("t", d) + "%r = negate %t", -d, -d, -d, -d)
    }

    /// Selections from constants, which LLVM would compute with beforehand, or leave the other operand alone for.
    private mutating func addSelections() {
      let always = "%c = compare %x, %minus {direction = gt}\n"
      add(always + "%s = select %c, %zero, %x\n%r = subtract %x, %s", 0, -0.0, 1, normal)
      add(always + "%z = negate %zero\n%s = select %c, %z, %x\n%r = add %x, %s", 0, -0.0, 1, normal)
      add(always + "%s = select %c, %one, %x\n%r = multiply %x, %s", 0, -0.0, 1, normal)
      add(always + "%s = select %c, %one, %x\n%r = divide %x, %s", 0, -0.0, 1, normal)
      add("%s = maximum %x, %one\n%r = multiply %x, %s", 0, -0.0, 1, normal)
      add("%s = relu %minus\n%t = minimum %x, %s\n%u = relu %t\n%r = subtract %x, %u", 0, -0.0, 1, normal)
      let integers = "%k = convert %x {to = i32}\n%n = constant {value = dense<0>} : tensor<4xi32>\n"
      let tiny = type == .f32 ? Double(Float(1e-20)) : 1e-160
      add(
        integers + splat("t", tiny)
          + "%c = compare %k, %n {direction = eq}\n%s = select %c, %t, %one\n%r = multiply %s, %t", 0, 0, tiny, 0)
      add(
        integers + "%a = compare %k, %n {direction = ge}\n%b = compare %x, %one {direction = lt}\n"
          + "%f = constant {value = dense<false>} : tensor<4xi1>\n%c = select %a, %b, %f\n%r = select %c, %x, %one",
        d, -d, 1, normal)
      let filled = "%y = tanh %x\n%p = pad %y {axes = [0], low = [1], high = [0], fill = \(d)}\n"
      let ones = "%o = constant {value = dense<1.0>} : tensor<5x\(e)>\n"
      cases.append((filled + ones + "%r = multiply %p, %o", [0, 0, -0.0, 0.7615941559557649, normal]))
      if type == .f32 {
        let wide = "%n = negate %x\n%y = convert %n {to = f64}\n%m = negate %y\n%r = convert %m {to = f32}"
        add(wide, 0, -0.0, 1, normal)
      }
    }
  }

  /// What statements make of denormals: 0 where they are arithmetic, themselves where they are copies.
  @Test(arguments: [ElementType.f32, .f64]) func statements(_ type: ElementType) throws {
    let statements = Statements(type)
    let (x, normal, e) = (statements.x, statements.normal, type.rawValue)
    let argument = Tensor(TensorType([4], type), rounding: x)
    for (text, expected) in statements.cases {
      let graph = try parsed(
        """
        graph @statement version 1

        func @f(%x: tensor<4x\(e)>) {
          %one = constant {value = dense<1.0>} : tensor<4x\(e)>
          %minus = constant {value = dense<-1.0>} : tensor<4x\(e)>
          %zero = constant {value = dense<0.0>} : tensor<4x\(e)>
          \(text)
          return %r
        }
        """)
      let bits = Tensor(TensorType([expected.count], type), rounding: expected)
      func check(_ result: Tensor, _ what: String) {
        for i in 0..<expected.count {
          let (a, b) = (result[i], bits[i])
          let isClose = abs(b.asDouble) > 2 * normal && abs(a.asDouble - b.asDouble) <= 1e-6 * abs(b.asDouble)
          #expect(a == b || isClose, "\(text), \(what), element \(i) of \(e): \(a.asDouble), expected \(b.asDouble)")
        }
      }
      check(GraphInterpreter(graph).run("f", arguments: [argument], parameters: [:]).results[0], "interpreted")
      let simplified = try Compiler.transform(
        graph, entry: "f", after: "dead-code", CompilerOptions(vocabulary: .standard)
      ).graph
      check(GraphInterpreter(simplified).run("f", arguments: [argument], parameters: [:]).results[0], "simplified")
      for set in GraphComparison.instructionSets {
        check(try compiledResults(graph, "f", [argument], set)[0], "for \(set)")
      }
    }
  }

  /// A step leaves the mode of its caller as it was, on one thread and on several.
  @Test func stepsRestoreTheMode() throws {
    let graph = try parsed(
      """
      graph @mode version 1

      func @f(%x: tensor<64x64xf32>) {
        %y = matmul %x, %x
        %z = exp %y
        %w = matmul %z, %y
        return %w
      }
      """)
    let x = Tensor([64, 64], [Float](repeating: 0x1p-130, count: 64 * 64))
    for threads in [1, 2] {
      let options = CompilerOptions(threads: threads, vocabulary: .standard)
      let compiled = try Compiler.compile(graph, entry: "f", options)
      #expect(try compiled.run([x], ParameterStore())[0].doubles.allSatisfy { $0 == 0 })
      #expect(half(.leastNormalMagnitude) > 0, "\(threads) threads")
      let mode = DenormalMode.flush()
      _ = try compiled.run([x], ParameterStore())
      let isZero = half(.leastNormalMagnitude) == 0
      mode.restore()
      #expect(isZero, "\(threads) threads")
      #expect(half(.leastNormalMagnitude) > 0, "\(threads) threads")
    }
  }

  /// The half of `x`, computed here and now.
  @inline(never) private func half(_ x: Double) -> Double { x * Double.random(in: 0.5...0.5) }
}

extension Scalar {
  /// Whether it is a float that is neither normal nor a zero.
  fileprivate var isDenormal: Bool { type == .f32 ? float.isSubnormal : type == .f64 && double.isSubnormal }

  /// The bits of a float without its sign.
  fileprivate var magnitudeBits: UInt64 { type == .f32 ? bits & 0x7FFF_FFFF : bits & 0x7FFF_FFFF_FFFF_FFFF }
}
