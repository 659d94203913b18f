import FraguaKernels
import FraguaSource
import FraguaTensors
import Testing

/// What the verifier refuses, one case a rule; each is one edit away from a kernel that it accepts.
@Suite struct KernelVerifierTests {
  /// A map `y = x` over `axes` with its accesses given.
  private func copy(
    _ axes: [Int], load: Access, loadCount: Int, store: Access, storeCount: Int, use: KernelBuffer.Use = .write
  ) -> Kernel {
    var program = ScalarProgram()
    let x = program.load(load, .f32)
    return map(
      axes, Block(program, stores: [Store(store, x)]),
      [KernelBuffer(.f32, count: loadCount, use: .read), KernelBuffer(.f32, count: storeCount, use: use)])
  }

  private func map(_ axes: [Int], _ block: Block, _ buffers: [KernelBuffer]) -> Kernel {
    Kernel(axes: axes, parallelAxes: axes.count, buffers: buffers, body: .rows(RowsBody([.scalar(block, yields: [])])))
  }

  /// Expects that a message of the verifier contains `text`; no text, that there is none.
  private func expect(_ kernel: Kernel, _ text: String?, _ place: Testing.SourceLocation = #_sourceLocation) {
    let messages = KernelVerifier.verify(kernel).map(\.message)
    if let text {
      #expect(messages.contains { $0.contains(text) }, "\(messages)", sourceLocation: place)
    } else {
      #expect(messages == [], sourceLocation: place)
    }
  }

  private let y = Access(buffer: 1, strides: [4, 1])

  @Test func bounds() {
    func load(_ access: Access, _ count: Int, _ text: String?, _ place: Testing.SourceLocation = #_sourceLocation) {
      expect(copy([3, 4], load: access, loadCount: count, store: y, storeCount: 12), text, place)
    }
    load(Access(buffer: 0, strides: [4, 1]), 12, nil)
    load(Access(buffer: 0, strides: [4, 1]), 11, "elements 0 to 11")
    load(Access(buffer: 0, offset: -1, strides: [4, 1]), 12, "elements -1 to 10")
    load(Access(buffer: 0, offset: 11, strides: [-4, -1]), 12, nil)
    load(Access(buffer: 0, strides: [4]), 12, "1 strides for 2 axes")
    load(Access(buffer: 0, strides: [.max, 1]), 12, "overflows")
    load(Access(buffer: 5, strides: [4, 1]), 12, "buffer 5 of 2")
    load(Access(buffer: 1, strides: [4, 1]), 12, "for write only")
    // Guards along one axis, and along a sum of two as in a convolution.
    let inner = AffineGuard(offset: -1, coefficients: [1, 0], bound: 2)
    load(Access(buffer: 0, offset: -4, strides: [4, 1], guards: [inner], fill: Scalar(Float(0))), 8, nil)
    load(Access(buffer: 0, offset: -4, strides: [4, 1], guards: [inner], fill: Scalar(Float(0))), 7, "elements 0 to 7")
    load(Access(buffer: 0, offset: -4, strides: [4, 1], guards: [inner]), 8, "a guard without a fill")
    load(Access(buffer: 0, strides: [4, 1], fill: Scalar(Float(0))), 12, "a fill value without a guard")
    load(
      Access(buffer: 0, offset: -4, strides: [4, 1], guards: [inner], fill: Scalar(0.0)), 8, "the fill value is f64")
    let window = AffineGuard(offset: -1, coefficients: [1, 1], bound: 4)
    load(Access(buffer: 0, offset: -2, strides: [2, 2], guards: [window], fill: Scalar(Float(0))), 7, nil)
    load(
      Access(buffer: 0, offset: -2, strides: [2, 2], guards: [window], fill: Scalar(Float(0))), 6, "elements 0 to 6")
    // A digit: 5 elements of 3, each read as element (i div 4, i mod 4) of what is 3 x 4 flattened.
    func digits(_ divisor: Int, _ modulus: Int?, of dividend: AffineExpression = .axis(1, rank: 2)) -> Access {
      let digit = AffineExpression.Digit(5, dividend, divisor: divisor, modulus: modulus)
      return Access(buffer: 0, element: AffineExpression(offset: 1, coefficients: [0, 0], digits: [digit]))
    }
    load(digits(2, nil), 7, nil)
    load(digits(2, nil), 6, "elements 1 to 6")
    load(digits(1, 3), 12, nil)
    load(digits(1, 3), 11, "elements 1 to 11")
    load(digits(1, 3, of: AffineExpression(offset: -7, coefficients: [0, 1])), 12, nil)
    load(digits(1, 4, of: AffineExpression(offset: -(1 << 33), coefficients: [0, 1])), 17, nil)
    load(digits(0, nil), 100, "a division by 0")
    load(digits(1, 1), 100, "a remainder by 1")
    load(digits(1, .max), 100, "a remainder by \(Int.max)")
    load(digits(1, 3, of: AffineExpression(offset: 0, coefficients: [.max, 1])), 100, "overflows")
    load(digits(1, 3, of: digits(2, nil).element), 100, "a digit of digits")
    load(digits(1, 3, of: AffineExpression(offset: 0, coefficients: [1])), 100, "1 strides for 2 axes")
    let never = AffineGuard(offset: 9, coefficients: [1, 0], bound: 2)
    load(Access(buffer: 0, offset: 900, strides: [4, 1], guards: [never], fill: Scalar(Float(0))), 1, nil)
  }

  @Test func indexTerms() {
    func gather(_ text: String?, clamp: (inout ScalarProgram, Int) -> Int) {
      var program = ScalarProgram()
      let index = program.convert(program.load(Access(buffer: 2, strides: [1]), .i32), to: .i64)
      let term = Access.IndexTerm(value: clamp(&program, index), stride: 2)
      let x = program.load(Access(buffer: 0, offset: 1, strides: [0], indices: [term]), .f32)
      let store = Store(Access(buffer: 1, strides: [1]), x)
      let buffers = [
        KernelBuffer(.f32, count: 10, use: .read), KernelBuffer(.f32, count: 3, use: .write),
        KernelBuffer(.i32, count: 3, use: .read),
      ]
      expect(map([3], Block(program, stores: [store]), buffers), text)
    }
    func clamped(_ high: Int64) -> (inout ScalarProgram, Int) -> Int {
      { program, x in
        let low = program.binary(.maximum, x, program.constant(Scalar(Int64(0))))
        return program.binary(.minimum, low, program.constant(Scalar(high)))
      }
    }
    gather(nil, clamp: clamped(4))
    gather("elements 1 to 11", clamp: clamped(5))
    gather("has 10", clamp: { _, x in x })
    gather(nil, clamp: { $0.binary(.and, $1, $0.constant(Scalar(Int64(3)))) })
    gather("has 10", clamp: { $0.binary(.remainder, $1, $0.constant(Scalar(Int64(5)))) })
    gather("an index of f64", clamp: { $0.convert($1, to: .f64) })
  }

  @Test func stores() {
    let x = Access(buffer: 0, strides: [4, 1])
    func store(_ access: Access, _ count: Int, _ text: String?, _ place: Testing.SourceLocation = #_sourceLocation) {
      expect(copy([3, 4], load: x, loadCount: 12, store: access, storeCount: count), text, place)
    }
    store(Access(buffer: 1, strides: [1, 3]), 12, nil)
    store(Access(buffer: 1, strides: [3, 1]), 12, "may hit an element twice")
    store(Access(buffer: 1, strides: [0, 1]), 12, "may hit an element twice")
    store(Access(buffer: 0, strides: [4, 1]), 12, "for read only")
    let row = AffineGuard(offset: 0, coefficients: [1, 0], bound: 1)
    store(Access(buffer: 1, strides: [0, 1], guards: [row]), 4, nil)
    store(Access(buffer: 1, strides: [0, 1], guards: [row], fill: Scalar(Float(0))), 4, "a fill value of a store")
    expect(copy([3, 4], load: x, loadCount: 12, store: y, storeCount: 12, use: .update), "is not loaded")
    expect(copy([0, 4], load: x, loadCount: 12, store: y, storeCount: 12), "an axis of extent 0")
    expect(copy([1 << 30, 1 << 30], load: x, loadCount: 12, store: y, storeCount: 12), "is too large")
    expect(copy([3, 4], load: x, loadCount: 0, store: y, storeCount: 12), "0 elements")
    // Two stores beside and across each other.
    for (offset, text) in [(12, nil), (1, "two stores"), (11, "two stores")] as [(Int, String?)] {
      var kernel = copy([3, 4], load: x, loadCount: 12, store: y, storeCount: 24)
      guard case .rows(var body) = kernel.body, case .scalar(var block, _) = body.stages[0] else { return }
      block.stores.append(Store(Access(buffer: 1, offset: offset, strides: [4, 1]), 0))
      body.stages[0] = .scalar(block, yields: [])
      kernel.body = .rows(body)
      expect(kernel, text)
    }
  }

  @Test func updates() {
    func update(load: Access, _ text: String?) {
      var program = ScalarProgram()
      let w = program.load(load, .f32)
      let block = Block(program, stores: [Store(Access(buffer: 0, strides: [4, 1]), w)])
      expect(map([3, 4], block, [KernelBuffer(.f32, count: 12, use: .update)]), text)
    }
    update(load: Access(buffer: 0, strides: [4, 1]), nil)
    update(load: Access(buffer: 0, offset: 11, strides: [-4, -1]), "not stored afterwards")
    update(load: Access(buffer: 0, strides: [4, 0]), "not stored afterwards")
  }

  @Test func types() {
    func program(
      _ text: String?, _ place: Testing.SourceLocation = #_sourceLocation,
      _ build: (inout ScalarProgram, Int, Int) -> Void
    ) {
      var program = ScalarProgram()
      let x = program.load(Access(buffer: 0, strides: [4, 1]), .f32)
      let i = program.index(0)
      build(&program, x, i)
      let buffers = [KernelBuffer(.f32, count: 12, use: .read), KernelBuffer(.f32, count: 12, use: .write)]
      expect(map([3, 4], Block(program, stores: [Store(y, x)]), buffers), text, place)
    }
    program(nil) { p, x, i in _ = p.select(p.compare(.lt, i, i), x, x) }
    program("no exp of i64") { p, _, i in _ = p.unary(.exp, i) }
    program("no and of f32") { p, x, _ in _ = p.binary(.and, x, x) }
    program("no shift_left of f32") { p, x, _ in _ = p.binary(.shiftLeft, x, x) }
    program("add of f32 and i64") { p, x, i in _ = p.append(.binary(.add, x, i), .f32) }
    program("lt of f32 and i64") { p, x, i in _ = p.append(.compare(.lt, x, i), .i1) }
    program("a comparison is i1") { p, x, _ in _ = p.append(.compare(.lt, x, x), .f32) }
    program("a condition of f32") { p, x, _ in _ = p.append(.select(x, x, x), .f32) }
    program("fma of i64") { p, _, i in _ = p.append(.fma(i, i, i), .i64) }
    program("a seed, step or index of f32") { p, x, i in _ = p.random(seed: x, step: i, index: i, stream: 0) }
    program("there is no value %9 yet") { p, _, _ in _ = p.append(.unary(.exp, 9), .f32) }
    program("there is no value %-1 yet") { p, _, _ in _ = p.append(.unary(.exp, -1), .f32) }
    program("input 0 of 0") { p, _, _ in _ = p.input(0, .f32) }
    program("local 0 of 0") { p, _, _ in _ = p.local(0, .f32) }
    program("the axis 2 is not one") { p, _, _ in _ = p.index(2) }
    program("the constant's bits") { p, _, _ in _ = p.constant(Scalar(type: .ui8, bits: 999)) }
    program("the buffer is f32, not f64") { p, _, _ in _ = p.load(Access(buffer: 0, strides: [4, 1]), .f64) }
  }

  /// Lanes lie along the innermost contracted axis; a chain needs none.
  @Test func lanesOfASum() {
    func outer(_ summation: ContractBody.Summation) -> Kernel {
      var left = ScalarProgram()
      _ = left.load(Access(buffer: 0, strides: [1, 0]), .f32)
      var right = ScalarProgram()
      _ = right.load(Access(buffer: 1, strides: [0, 1]), .f32)
      var epilogue = ScalarProgram()
      let value = epilogue.input(0, .f32)
      return Kernel(
        axes: [3, 4], parallelAxes: 2,
        buffers: [
          KernelBuffer(.f32, count: 3, use: .read), KernelBuffer(.f32, count: 4, use: .read),
          KernelBuffer(.f32, count: 12, use: .write),
        ],
        body: .contract(
          ContractBody(
            batchAxes: 0, mAxes: 1, nAxes: 1, kAxes: 0, summation: summation, accumulator: .f32, lhs: left, rhs: right,
            epilogue: Block(epilogue, stores: [Store(Access(buffer: 2, strides: [4, 1]), value)]))))
    }
    expect(outer(.chain), nil)
    expect(outer(.lanes), "lanes of a sum over no axis")
  }

  @Test func bindings() {
    let kernel = copy([3, 4], load: Access(buffer: 0, strides: [4, 1]), loadCount: 12, store: y, storeCount: 12)
    let type = TensorType([3, 4], .f32)
    func program(_ change: (inout KernelProgram) -> Void) -> [String] {
      var program = KernelProgram(
        name: "f",
        buffers: [
          ProgramBuffer(name: "x", type: type, kind: .argument(0)),
          ProgramBuffer(name: "r", type: type, kind: .result(0)),
          ProgramBuffer(name: "t", type: type, kind: .temporary),
        ], kernels: [kernel],
        calls: [
          KernelCall(name: "a", kernel: 0, buffers: [0, 2]), KernelCall(name: "b", kernel: 0, buffers: [2, 1]),
        ],
        argumentNames: ["x"], resultNames: ["loss"])
      change(&program)
      return KernelVerifier.verify(program).map(\.message)
    }
    func expect(
      _ text: String, _ place: Testing.SourceLocation = #_sourceLocation, _ change: (inout KernelProgram) -> Void
    ) {
      let messages = program(change)
      #expect(messages.contains { $0.contains(text) }, "\(messages)", sourceLocation: place)
    }
    #expect(program { _ in } == [])
    expect("declared twice") { $0.buffers[2].name = "x" }
    expect("not made of letters") { $0.buffers[2].name = "a b" }
    expect("is argument 1 of 1") { $0.buffers[0].kind = .argument(1) }
    expect("argument 0 has no buffer") { $0.buffers[0].kind = .temporary }
    expect("result 0 has no buffer") { $0.buffers[1].kind = .temporary }
    expect("is never written") { $0.calls.removeLast() }
    expect("nothing has written") { $0.calls.removeFirst() }
    expect("is constant 0 of 0") { $0.buffers[2].kind = .constant(0) }
    expect("runs kernel 4 of 1") { $0.calls[0].kernel = 4 }
    expect("binds 1 buffers") { $0.calls[0].buffers = [0] }
    expect("binds buffer 7 of 3") { $0.calls[0].buffers = [0, 7] }
    expect("twice and writes it") { $0.calls[1].buffers = [2, 2] }
    expect("writes the argument") { $0.calls[1].buffers = [2, 0] }
    expect("where the kernel has 12 x f32") { $0.buffers[2].type = TensorType([3, 5], .f32) }
    expect("an extent that is not bound") { $0.buffers[2].type = TensorType([.symbol("B")], .f32) }
    expect("is too large") { $0.buffers[2].type = TensorType([1 << 40, 1 << 40], .f32) }
    expect("elements 0 to 11") { $0.kernels[0].buffers[0].count = 4 }
  }
}
