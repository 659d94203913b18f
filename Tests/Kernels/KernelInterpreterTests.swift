import FraguaKernels
import FraguaTensors
import Testing

/// Each form of kernel against values computed by hand.
@Suite struct KernelInterpreterTests {
  /// Runs a kernel on tensors and returns them all afterwards.
  private func run(_ kernel: Kernel, _ tensors: [Tensor]) -> [Tensor] {
    #expect(KernelVerifier.verify(kernel).map(\.message) == [])
    let memory = tensors.map { tensor -> UnsafeMutableRawPointer in
      let start = UnsafeMutableRawPointer.allocate(byteCount: tensor.type.byteCount, alignment: 64)
      tensor.withBytes { start.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
      return start
    }
    defer { for start in memory { start.deallocate() } }
    KernelInterpreter.run(kernel, on: memory)
    return zip(tensors, memory).map { tensor, start in
      Tensor(tensor.type, bytes: UnsafeRawBufferPointer(start: start, count: tensor.type.byteCount))
    }
  }

  /// `y = x' + 1`, with a border of 9 and an update in place beside it.
  @Test func map() {
    var program = ScalarProgram()
    let x = program.load(
      Access(
        buffer: 0, offset: -1, strides: [1, 3], guards: [AffineGuard(offset: -1, coefficients: [1, 0], bound: 2)],
        fill: Scalar(Float(9))), .f32)
    let sum = program.add(x, program.constant(1, .f32))
    let w = program.load(Access(buffer: 2, strides: [2, 1]), .i32)
    let twice = program.add(w, w)
    let block = Block(
      program,
      stores: [
        Store(Access(buffer: 1, offset: 7, strides: [-2, -1]), sum), Store(Access(buffer: 2, strides: [2, 1]), twice),
      ])
    let kernel = Kernel(
      axes: [4, 2], parallelAxes: 2,
      buffers: [
        KernelBuffer(.f32, count: 6, use: .read), KernelBuffer(.f32, count: 8, use: .write),
        KernelBuffer(.i32, count: 8, use: .update),
      ], body: .rows(RowsBody([.scalar(block, yields: [])])))
    #expect(kernel.form == .map)
    let result = run(
      kernel,
      [
        Tensor([6], [1, 2, 3, 4, 5, 6] as [Float]), Tensor([8], [Float](repeating: 0, count: 8)),
        Tensor([8], [Int32](1...8)),
      ])
    #expect(result[1].doubles == [10, 10, 6, 3, 5, 2, 10, 10])
    #expect(result[2].integers == [2, 4, 6, 8, 10, 12, 14, 16])
  }

  /// A sum's 16 lanes: 2^24 in lane 0 swallows the ones of lane 0 alone.
  @Test func reduce() {
    var program = ScalarProgram()
    let x = program.load(Access(buffer: 0, strides: [33, 1]), .f32)
    var after = ScalarProgram()
    let (sum, most) = (after.input(0, .f32), after.input(1, .f32))
    let stores = [
      Store(Access(buffer: 1, strides: [2, 0]), sum), Store(Access(buffer: 1, offset: 1, strides: [2, 0]), most),
    ]
    let kernel = Kernel(
      axes: [2, 33], parallelAxes: 1,
      buffers: [KernelBuffer(.f32, count: 66, use: .read), KernelBuffer(.f32, count: 4, use: .write)],
      body: .rows(
        RowsBody([
          .sweep(Block(program), locals: [], reductions: [Reduction(.sum, x), Reduction(.max, x)]),
          .scalar(Block(after, stores: stores), yields: []),
        ])))
    #expect(kernel.form == .reduce)
    var values = [Float](repeating: 1, count: 66)
    values[0] = 16_777_216
    values[40] = .nan
    let result = run(kernel, [Tensor([66], values), Tensor([4], [0, 0, 0, 0] as [Float])])[1].doubles
    // Lane 0 is 2^24 + 1 + 1 = 2^24; the other 15 lanes hold 2 each: by halves 2^24 + 2 + 4 + 8 + 16.
    #expect(result[0] == 16_777_216 + 30 && result[1] == 16_777_216)
    #expect(result[2].isNaN && result[3].isNaN)
  }

  /// Softmax's shape: a maximum, then the differences and their sum, then the quotients.
  @Test func rows() {
    var first = ScalarProgram()
    let x = first.load(Access(buffer: 0, strides: [3, 1]), .f32)
    var second = ScalarProgram()
    let difference = second.subtract(second.load(Access(buffer: 0, strides: [3, 1]), .f32), second.input(0, .f32))
    var third = ScalarProgram()
    let quotient = third.divide(third.local(0, .f32), third.input(1, .f32))
    let kernel = Kernel(
      axes: [2, 3], parallelAxes: 1,
      buffers: [KernelBuffer(.f32, count: 6, use: .read), KernelBuffer(.f32, count: 6, use: .write)],
      body: .rows(
        RowsBody([
          .sweep(Block(first), locals: [], reductions: [Reduction(.max, x)]),
          .sweep(Block(second), locals: [difference], reductions: [Reduction(.sum, difference)]),
          .sweep(
            Block(third, stores: [Store(Access(buffer: 1, strides: [3, 1]), quotient)]), locals: [], reductions: []),
        ])))
    let result = run(
      kernel, [Tensor([6], [1, 2, 3, 9, 8, 5] as [Float]), Tensor([6], [Float](repeating: 0, count: 6))])
    #expect(result[1].doubles == [2, 1, 0, 0, 1, 4].enumerated().map { Double(Float($1) / ($0 < 3 ? 3 : 5)) })
  }

  /// `c = a b` with a transposed factor, the side sums of both, and a bias.
  @Test func contract() {
    var lhs = ScalarProgram()
    _ = lhs.load(Access(buffer: 0, strides: [1, 0, 2]), .f32)
    var rhs = ScalarProgram()
    _ = rhs.load(Access(buffer: 1, strides: [0, 1, 3]), .f32)
    var epilogue = ScalarProgram()
    let c = epilogue.add(epilogue.input(0, .f32), epilogue.load(Access(buffer: 2, strides: [0, 1, 0]), .f32))
    var side = ScalarProgram()
    let sum = side.input(0, .f32)
    let kernel = Kernel(
      axes: [2, 3, 2], parallelAxes: 2,
      buffers: [
        KernelBuffer(.f32, count: 4, use: .read), KernelBuffer(.f32, count: 6, use: .read),
        KernelBuffer(.f32, count: 3, use: .read), KernelBuffer(.f32, count: 6, use: .write),
        KernelBuffer(.f32, count: 3, use: .write), KernelBuffer(.f32, count: 2, use: .write),
      ],
      body: .contract(
        ContractBody(
          batchAxes: 0, mAxes: 1, nAxes: 1, kAxes: 1, accumulator: .f32, lhs: lhs, rhs: rhs,
          epilogue: Block(epilogue, stores: [Store(Access(buffer: 3, strides: [3, 1, 0]), c)]),
          rhsSum: Block(side, stores: [Store(Access(buffer: 4, strides: [0, 1, 0]), sum)]),
          lhsSum: Block(side, stores: [Store(Access(buffer: 5, strides: [1, 0, 0]), sum)]))))
    let zeros = { (n: Int) in Tensor([n], [Float](repeating: 0, count: n)) }
    let result = run(
      kernel,
      [
        Tensor([4], [1, 2, 3, 4] as [Float]), Tensor([6], [1, 2, 3, 4, 5, 6] as [Float]),
        Tensor([3], [10, 20, 30] as [Float]),
      ]
        + [zeros(6), zeros(3), zeros(2)])
    #expect(result[3].doubles == [23, 37, 51, 28, 44, 60])
    #expect(result[4].doubles == [5, 7, 9] && result[5].doubles == [4, 6])
  }

  /// Lanes start anew with each row of the innermost k, and are joined by halves: terms whose sum depends on the order.
  @Test func contractInLanes() {
    let (rows, columns) = (2, 19)
    var lhs = ScalarProgram()
    _ = lhs.load(Access(buffer: 0, strides: [columns, 1]), .f32)
    var rhs = ScalarProgram()
    _ = rhs.load(Access(buffer: 1, strides: [columns, 1]), .f32)
    var epilogue = ScalarProgram()
    let value = epilogue.input(0, .f32)
    func kernel(_ summation: ContractBody.Summation) -> Kernel {
      Kernel(
        axes: [rows, columns], parallelAxes: 0,
        buffers: [
          KernelBuffer(.f32, count: 38, use: .read), KernelBuffer(.f32, count: 38, use: .read),
          KernelBuffer(.f32, count: 1, use: .write),
        ],
        body: .contract(
          ContractBody(
            batchAxes: 0, mAxes: 0, nAxes: 0, kAxes: 2, summation: summation, accumulator: .f32, lhs: lhs, rhs: rhs,
            epilogue: Block(epilogue, stores: [Store(Access(buffer: 2, strides: [0, 0]), value)]))))
    }
    let a = (0..<rows * columns).map { 1 / Float($0 * 7 % 13 + 3) }
    let b = (0..<rows * columns).map { Float($0 * 5 % 11 - 4) / 7 }
    var lanes = [Float](repeating: -0.0, count: 16)
    for row in 0..<rows {
      for column in 0..<columns {
        let place = row * columns + column
        lanes[column % 16].addProduct(a[place], b[place])
      }
    }
    for half in [8, 4, 2, 1] { for lane in 0..<half { lanes[lane] += lanes[lane + half] } }
    let arguments = [Tensor([38], a), Tensor([38], b), Tensor([1], [0] as [Float])]
    #expect(run(kernel(.lanes), arguments)[2].doubles == [Double(lanes[0])])
    #expect(run(kernel(.chain), arguments)[2].doubles != [Double(lanes[0])], "the order shows")
  }

  /// Rows 0 and 2 receive; an index outside adds nothing.
  @Test func scatter() {
    var initial = ScalarProgram()
    _ = initial.constant(1, .f32)
    var index = ScalarProgram()
    _ = index.load(Access(buffer: 0, strides: [0, 1, 0]), .i64)
    var update = ScalarProgram()
    _ = update.load(Access(buffer: 1, strides: [0, 2, 1]), .f32)
    var epilogue = ScalarProgram()
    let value = epilogue.input(0, .f32)
    let kernel = Kernel(
      axes: [3, 4, 2], parallelAxes: 1,
      buffers: [
        KernelBuffer(.i64, count: 4, use: .read), KernelBuffer(.f32, count: 8, use: .read),
        KernelBuffer(.f32, count: 6, use: .write),
      ],
      body: .scatter(
        ScatterBody(
          sourceAxes: 1, innerAxes: 1, initial: initial, index: index, update: update,
          epilogue: Block(epilogue, stores: [Store(Access(buffer: 2, strides: [2, 0, 1]), value)]))))
    let result = run(
      kernel,
      [
        Tensor([4], [2, 0, 3, 2] as [Int64]), Tensor([8], [1, 2, 3, 4, 5, 6, 7, 8] as [Float]),
        Tensor([6], [Float](repeating: 0, count: 6)),
      ])
    #expect(result[2].doubles == [4, 5, 1, 1, 9, 11])
  }

  /// The gradient step of `loss = Σ w x`: the epilogue sees the sums, the rows the old weight.
  @Test func lanes() {
    var row = ScalarProgram()
    let product = row.multiply(
      row.load(Access(buffer: 0, strides: [1]), .f32), row.load(Access(buffer: 1, strides: [0]), .f32))
    var epilogue = ScalarProgram()
    let w = epilogue.subtract(epilogue.load(Access(buffer: 1, strides: [0]), .f32), epilogue.input(0, .f32))
    let kernel = Kernel(
      axes: [3], parallelAxes: 1,
      buffers: [
        KernelBuffer(.f32, count: 3, use: .read), KernelBuffer(.f32, count: 1, use: .update),
        KernelBuffer(.f32, count: 3, use: .write),
      ],
      body: .lanes(
        LanesBody(
          row: Block(row, stores: [Store(Access(buffer: 2, strides: [1]), product)]), sums: [product],
          epilogue: Block(epilogue, stores: [Store(Access(buffer: 1, strides: [0]), w)]))))
    let result = run(
      kernel, [Tensor([3], [1, 2, 3] as [Float]), Tensor([1], [10] as [Float]), Tensor([3], [0, 0, 0] as [Float])])
    #expect(result[1].doubles == [-50] && result[2].doubles == [10, 20, 30])
  }

  /// A program: an argument, a parameter that is updated, a temporary, a constant and a result.
  @Test func program() throws {
    let plus = { (use: KernelBuffer.Use) -> Kernel in
      var program = ScalarProgram()
      let sum = program.add(
        program.load(Access(buffer: 0, strides: [1]), .f32), program.load(Access(buffer: 1, strides: [1]), .f32))
      let target = use == .update ? 1 : 2
      let buffers = [KernelBuffer(.f32, count: 2, use: .read), KernelBuffer(.f32, count: 2, use: use)]
      return Kernel(
        axes: [2], parallelAxes: 1,
        buffers: use == .update ? buffers : buffers + [KernelBuffer(.f32, count: 2, use: .write)],
        body: .rows(
          RowsBody([.scalar(Block(program, stores: [Store(Access(buffer: target, strides: [1]), sum)]), yields: [])])))
    }
    let type = TensorType([2], .f32)
    let program = KernelProgram(
      name: "f",
      buffers: [
        ProgramBuffer(name: "x", type: type, kind: .argument(0)),
        ProgramBuffer(name: "w", type: type, kind: .parameter("w")),
        ProgramBuffer(name: "t", type: type, kind: .temporary),
        ProgramBuffer(name: "c", type: type, kind: .constant(0)),
        ProgramBuffer(name: "r", type: type, kind: .result(0)),
      ], kernels: [plus(.read), plus(.update)],
      calls: [
        KernelCall(name: "a", kernel: 0, buffers: [0, 3, 2]), KernelCall(name: "b", kernel: 1, buffers: [2, 1]),
        KernelCall(name: "c", kernel: 0, buffers: [1, 2, 4]),
      ], constants: [ConstantTensor(Tensor([2], [100, 200] as [Float]))], argumentNames: ["x"], resultNames: ["loss"])
    let interpreter = try KernelInterpreter(program)
    let outcome = try interpreter.run(
      arguments: [Tensor([2], [1, 2] as [Float])], parameters: ["w": Tensor([2], [5, 6] as [Float])])
    #expect(outcome.parameters["w"]!.doubles == [106, 208] && outcome.results[0].doubles == [207, 410])
    #expect(throws: (any Error).self) { try interpreter.run(arguments: []) }
    #expect(throws: (any Error).self) { try interpreter.run(arguments: [Tensor([2], [1, 2] as [Double])]) }
  }

  /// A product as large as a layer of a network stays well under a second.
  @Test func speed() {
    var lhs = ScalarProgram()
    _ = lhs.load(Access(buffer: 0, strides: [784, 0, 1]), .f32)
    var rhs = ScalarProgram()
    _ = rhs.load(Access(buffer: 1, strides: [0, 1, 512]), .f32)
    var epilogue = ScalarProgram()
    let value = epilogue.input(0, .f32)
    let kernel = Kernel(
      axes: [128, 512, 784], parallelAxes: 2,
      buffers: [
        KernelBuffer(.f32, count: 128 * 784, use: .read), KernelBuffer(.f32, count: 784 * 512, use: .read),
        KernelBuffer(.f32, count: 128 * 512, use: .write),
      ],
      body: .contract(
        ContractBody(
          batchAxes: 0, mAxes: 1, nAxes: 1, kAxes: 1, accumulator: .f32, lhs: lhs, rhs: rhs,
          epilogue: Block(epilogue, stores: [Store(Access(buffer: 2, strides: [512, 1, 0]), value)]))))
    let tensors = kernel.buffers.map { Tensor([$0.count], [Float](repeating: 0.5, count: $0.count)) }
    let clock = ContinuousClock()
    var result: [Tensor] = []
    let time = clock.measure { result = run(kernel, tensors) }
    print("interpreted 128x512x784 in \(time)")
    #expect(result[2].doubles.allSatisfy { $0 == 196 })
  }
}
