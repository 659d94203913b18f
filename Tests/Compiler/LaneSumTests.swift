import FraguaCodeGen
import FraguaCompiler
import FraguaGraph
import FraguaKernels
import FraguaScheduling
import FraguaTensors
import Testing

/// Products of a matrix and a vector that are contiguous along k: their sums run in virtual lanes.
@Suite struct LaneSumTests {
  /// A product of m rows and of depth k as a function `@f`, and the extents of its two arguments.
  struct Form: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// The statements from `%a` and `%b` to `%c`, for m and k.
    let text: @Sendable (_ m: Int, _ k: Int, _ type: String) -> String
    let operands: @Sendable (_ m: Int, _ k: Int) -> ([Int], [Int])
    /// What becomes of a sum.
    var finish: @Sendable (Double) -> Double = { $0 }
  }

  private static let forms = [
    Form(testDescription: "matrix · column") { _, _, _ in
      "%c = matmul %a, %b"
    } operands: {
      ([$0, $1], [$1, 1])
    },
    Form(testDescription: "row · transposed matrix") { m, k, _ in
      "%t = transpose %a {permutation = [1, 0]}\n  %c = matmul %b, %t"
    } operands: {
      ([$0, $1], [1, $1])
    },
    Form(testDescription: "batches of both") { _, _, _ in
      "%c = matmul %a, %b"
    } operands: {
      ([3, $0, $1], [3, $1, 1])
    },
    Form(testDescription: "a batch with one vector") { _, _, _ in
      "%c = matmul %a, %b"
    } operands: {
      ([2, $0, $1], [$1, 1])
    },
    Form(testDescription: "two contracted axes") { _, _, _ in
      "%c = dot_general %a, %b {lhs_contracting = [1, 2], rhs_contracting = [0, 1]}"
    } operands: {
      ([$0, 3, $1], [3, $1])
    },
    Form(testDescription: "a dense layer with its activation") { _, _, type in
      "%bias = constant {value = dense<0.25> : tensor<1x\(type)>}\n"
        + "  %c = dense %a, %b, %bias {activation = relu}"
    } operands: {
      ([$0, $1], [$1, 1])
    } finish: {
      max(0, $0 + 0.25)
    },
  ]

  private static func graph(_ form: Form, _ m: Int, _ k: Int, _ type: ElementType) throws -> Graph {
    let (a, b) = form.operands(m, k)
    let types = [a, b].map { TensorType($0, type) }
    return try parsed(
      """
      graph @product version 1

      func @f(%a: \(types[0]), %b: \(types[1])) {
        \(form.text(m, k, type.rawValue))
        return %c
      }
      """)
  }

  private static func plan(
    _ graph: Graph, _ set: Target.InstructionSet = .avx2, entry: String = "f"
  ) throws -> Compiler.Planned {
    let options = CompilerOptions(
      backend: LLVMBackend(Processor(emulating: set)), threads: 4, vocabulary: .standard, verifiesAfterEachPass: true)
    return try Compiler.plan(graph, entry: entry, options)
  }

  /// How each contraction of a program adds its products.
  private static func summations(_ program: KernelProgram) -> [ContractBody.Summation] {
    program.calls.compactMap { call in
      if case .contract(let body) = program.kernel(of: call).body { body.summation } else { nil }
    }
  }

  /// At extents that are multiples of no vector and no tile, on 1 to 4 threads: the kernel interpreter's bits.
  @Test(arguments: forms, GraphComparison.instructionSets)
  func compiledGivesTheInterpretersBits(_ form: Form, _ set: Target.InstructionSet) throws {
    for (m, k, type) in [
      (1, 32, ElementType.f32), (7, 67, .f64), (37, 95, .f32), (130, 200, .f64), (259, 131, .f32), (64, 128, .f32),
    ] {
      let planned = try Self.plan(try Self.graph(form, m, k, type), set)
      let program = planned.program
      #expect(Self.summations(program) == [.lanes], "\(m) x \(k)")
      #expect(program.calls.count == 1, "all is one kernel")
      let (a, b) = form.operands(m, k)
      let arguments = [(a, 37), (b, 29)].map { extents, step in
        let count = extents.reduce(1, *)
        return Tensor(TensorType(extents, type), rounding: (0..<count).map { Double($0 * step % 101) / 64 - 0.7 })
      }
      let runs = try ProgramRuns(program, arguments, [:])
      try Self.expectNear(runs.outcomes[0].results[0], form, m, k, arguments)
      for executable in runs.executables(
        under: planned.schedule, Processor(emulating: set), reusesMemory: true, poisons: false)
      {
        let difference = try runs.difference(executable)
        #expect(difference == nil, "\(m) x \(k) \(type), \(executable.threads) threads")
      }
    }
  }

  /// Compares with sums in `Double`, within what as many roundings as there are terms can do.
  private static func expectNear(_ result: Tensor, _ form: Form, _ m: Int, _ k: Int, _ arguments: [Tensor]) throws {
    let (left, right) = (arguments[0].doubles, arguments[1].doubles)
    let rows = result.doubles.count
    let depth = left.count / rows
    // Batches whose second argument is as many columns.
    let columns = right.count / depth
    let epsilon = result.element == .f32 ? 0x1p-23 : 0x1p-52
    for (row, actual) in result.doubles.enumerated() {
      let start = row * columns / rows * depth
      let terms = (0..<depth).map { left[row * depth + $0] * right[start + $0] }
      let expected = form.finish(terms.reduce(0, +))
      let bound = Double(depth) * epsilon * terms.reduce(1) { $0 + abs($1) }
      #expect(abs(actual - expected) <= bound, "\(m) x \(k), row \(row)")
    }
  }

  /// What is no product of floats with a vector, or scattered along k, or short, is a chain.
  @Test(arguments: [
    ("%c = matmul %a, %b", "5x31xf32", "31x1xf32"), ("%c = matmul %a, %b", "5x64xf32", "64x2xf32"),
    ("%c = matmul %a, %b", "5x64xi32", "64x1xi32"), ("%c = matmul %a, %b", "1x64xf32", "64x5xf32"),
    ("%t = transpose %a {permutation = [1, 0]}\n  %c = matmul %t, %b", "64x500xf32", "64x1xf32"),
  ]) func otherProductsAreChains(_ text: String, _ a: String, _ b: String) throws {
    let graph = try parsed(
      """
      graph @product version 1

      func @f(%a: tensor<\(a)>, %b: tensor<\(b)>) {
        \(text)
        return %c
      }
      """)
    #expect(Self.summations(try Self.plan(graph).program) == [.chain])
  }

  /// What makes a factor `%s` of `%a`, and how long its rows are then.
  private static let factors: [(text: String, k: Int)] = [
    ("%t = transpose %a {permutation = [1, 0]}\n  %s = sqrt %t", 50),
    ("%p = pad %a {axes = [0], low = [1], high = [0]}\n  %s = transpose %p {permutation = [1, 0]}", 51),
    (
      "%t = transpose %a {permutation = [1, 0]}\n  %q = sqrt %t\n  %s = pad %q {axes = [1], low = [1], high = [2]}", 53
    ),
  ]

  /// Fusion computes more or less of a factor in the product, as vectors are wide: the order of the sum, and so the
  /// bits, are the same.
  @Test(arguments: factors, GraphComparison.instructionSets)
  func processorsAgreeOnTheOrder(_ factor: (text: String, k: Int), _ set: Target.InstructionSet) throws {
    let (text, k) = factor
    let graph = try parsed(
      """
      graph @product version 1

      func @f(%a: tensor<50x161xf64>, %b: tensor<\(k)x1xf64>) {
        \(text)
        %c = matmul %s, %b
        return %c
      }
      """)
    let arguments = [[50, 161], [k, 1]].map { (extents: [Int]) in
      let count = extents[0] * extents[1]
      return Tensor(TensorType(extents, .f64), rounding: (0..<count).map { Double($0 * 37 % 101) / 64 })
    }
    let (planned, other) = (try Self.plan(graph, set), try Self.plan(graph, .avx2))
    let runs = try ProgramRuns(planned.program, arguments, [:])
    #expect(Self.summations(planned.program).count == 1, "the product is a contraction")
    #expect(Self.summations(planned.program) == Self.summations(other.program))
    #expect(try runs.outcomes[0].results == ProgramRuns(other.program, arguments, [:]).outcomes[0].results)
    for executable in runs.executables(
      under: planned.schedule, Processor(emulating: set), reusesMemory: true, poisons: false)
    {
      let difference = try runs.difference(executable)
      #expect(difference == nil, "\(executable.threads) threads")
    }
  }

  /// Logistic regression: the product, its bias, the loss and its derivative are one kernel; the gradient, whose
  /// contracted axis is the batch, stays a chain with its update.
  @Test func logisticRegression() throws {
    let graph = try parsed(
      """
      graph @logistic version 1

      param @w: tensor<784x1xf32> = zeros
      param @b: tensor<1xf32> = zeros

      func @loss(%x: tensor<128x784xf32>, %y: tensor<128x1xf32>) -> tensor<f32> {
        %z = dense %x, @w, @b
        %l = sigmoid_cross_entropy %z, %y
        %m = reduce_mean %l
        return %m
      }

      train @fit minimize @loss {
        optimizer = sgd(learning_rate = 0.01)
      }
      """)
    let program = try Self.plan(graph, entry: "fit").program
    #expect(Self.summations(program) == [.lanes, .chain])
    let products = program.calls.filter { program.kernel(of: $0).form == .contract }
    #expect(program.position(of: "b", in: products[0]) != nil, "the bias is added where the product is")
    #expect(program.updates(products[1], "w") && program.updates(products[1], "b"))
    // The loss and its derivative by the logits, an element a row each.
    #expect(program.kernel(of: products[0]).buffers.filter { $0.use == .write }.map(\.count) == [128, 128])
  }
}
