import FraguaKernels
import FraguaTensors

/// Kernels written by hand, as programs of one call, with the sizes that reach every path of the emitters.
enum KernelCases {
  /// A program of one kernel whose buffers are arguments (read), parameters (updated) and results (written).
  static func program(_ kernel: Kernel) -> KernelProgram {
    var program = KernelProgram(name: "case", kernels: [kernel])
    for (index, buffer) in kernel.buffers.enumerated() {
      let kind: ProgramBuffer.Kind
      switch buffer.use {
      case .read:
        kind = .argument(program.argumentNames.count)
        program.argumentNames.append("b\(index)")
      case .write:
        kind = .result(program.resultNames.count)
        program.resultNames.append("")
      case .update: kind = .parameter("p\(index)")
      }
      program.buffers.append(
        ProgramBuffer(name: "b\(index)", type: TensorType([buffer.count], buffer.element), kind: kind))
    }
    program.calls = [KernelCall(name: "case", kernel: 0, buffers: Array(kernel.buffers.indices))]
    return program
  }

  /// `C = relu(A B + bias)` with any strides, and the column sums of B beside it.
  static func product(
    _ m: Int, _ n: Int, _ k: Int, transposesLeft: Bool = false, transposesRight: Bool = false, type: ElementType = .f32,
    leftIsBytes: Bool = false, sums: Bool = false
  ) -> Kernel {
    var lhs = ScalarProgram()
    let left = lhs.load(
      Access(buffer: 0, strides: transposesLeft ? [1, 0, m] : [k, 0, 1]), leftIsBytes ? .ui8 : type)
    if leftIsBytes { _ = lhs.multiply(lhs.convert(left, to: type), lhs.constant(1.0 / 255, type)) }
    if leftIsBytes {
      // The product is the last value only if the constant is not.
      let value = lhs.instructions.count - 1
      precondition(lhs.types[value] == type)
    }
    var rhs = ScalarProgram()
    _ = rhs.load(Access(buffer: 1, strides: transposesRight ? [0, k, 1] : [0, 1, n]), type)
    var epilogue = ScalarProgram()
    let sum = epilogue.input(0, type)
    let bias = epilogue.load(Access(buffer: 2, strides: [0, 1, 0]), type)
    let value = epilogue.binary(.maximum, epilogue.add(sum, bias), epilogue.constant(0, type))
    var buffers = [
      KernelBuffer(leftIsBytes ? .ui8 : type, count: m * k, use: .read), KernelBuffer(type, count: k * n, use: .read),
      KernelBuffer(type, count: n, use: .read), KernelBuffer(type, count: m * n, use: .write),
    ]
    var side: Block?
    if sums {
      var program = ScalarProgram()
      let total = program.input(0, type)
      let old = program.load(Access(buffer: 4, strides: [0, 1, 0]), type)
      let new = program.fma(total, program.constant(-0.5, type), old)
      side = Block(program, stores: [Store(Access(buffer: 4, strides: [0, 1, 0]), new)])
      buffers.append(KernelBuffer(type, count: n, use: .update))
    }
    let body = ContractBody(
      batchAxes: 0, mAxes: 1, nAxes: 1, kAxes: 1, accumulator: type, lhs: lhs, rhs: rhs,
      epilogue: Block(epilogue, stores: [Store(Access(buffer: 3, strides: [n, 1, 0]), value)]), rhsSum: side)
    return Kernel(axes: [m, n, k], parallelAxes: 2, buffers: buffers, body: .contract(body))
  }

  /// A softmax of rows with its logarithm's sum a row: reductions and maps in turn.
  static func softmax(_ rows: Int, _ columns: Int, _ type: ElementType = .f32) -> Kernel {
    let full = Access(buffer: 0, strides: [columns, 1])
    var first = ScalarProgram()
    let loaded = first.load(full, type)
    var second = ScalarProgram()
    let shifted = second.unary(.exp, second.subtract(second.load(full, type), second.input(0, type)))
    var scalar = ScalarProgram()
    let logarithm = scalar.add(scalar.unary(.log, scalar.input(1, type)), scalar.input(0, type))
    var third = ScalarProgram()
    let quotient = third.divide(third.local(0, type), third.input(1, type))
    return Kernel(
      axes: [rows, columns], parallelAxes: 1,
      buffers: [
        KernelBuffer(type, count: rows * columns, use: .read), KernelBuffer(type, count: rows * columns, use: .write),
        KernelBuffer(type, count: rows, use: .write),
      ],
      body: .rows(
        RowsBody([
          .sweep(Block(first), locals: [], reductions: [Reduction(.max, loaded)]),
          .sweep(Block(second), locals: [shifted], reductions: [Reduction(.sum, shifted)]),
          .scalar(Block(scalar, stores: [Store(Access(buffer: 2, strides: [1, 0]), logarithm)]), yields: []),
          .sweep(
            Block(third, stores: [Store(Access(buffer: 1, strides: [columns, 1]), quotient)]), locals: [],
            reductions: []),
        ])))
  }

  /// Sums along the first axis of a matrix: lanes across the rows.
  static func columnSum(_ rows: Int, _ columns: Int, _ type: ElementType = .f32) -> Kernel {
    var program = ScalarProgram()
    let loaded = program.load(Access(buffer: 0, strides: [1, columns]), type)
    var scalar = ScalarProgram()
    let mean = scalar.multiply(scalar.input(0, type), scalar.constant(type.isFloat ? 1 / Double(rows) : 3, type))
    return Kernel(
      axes: [columns, rows], parallelAxes: 1,
      buffers: [
        KernelBuffer(type, count: rows * columns, use: .read), KernelBuffer(type, count: columns, use: .write),
      ],
      body: .rows(
        RowsBody([
          .sweep(Block(program), locals: [], reductions: [Reduction(.sum, loaded)]),
          .scalar(Block(scalar, stores: [Store(Access(buffer: 1, strides: [1, 0]), mean)]), yields: []),
        ])))
  }

  /// Every elementary function of a vector, with a reversed and a padded operand.
  static func elementwise(_ count: Int, _ type: ElementType = .f32) -> Kernel {
    var program = ScalarProgram()
    let x = program.load(Access(buffer: 0, strides: [1]), type)
    let reversed = program.load(Access(buffer: 0, offset: count - 1, strides: [-1]), type)
    let shifted = program.load(
      Access(
        buffer: 0, offset: -3, strides: [1], guards: [AffineGuard(offset: -3, coefficients: [1], bound: count)],
        fill: Scalar(2, as: type)), type)
    var sum = program.add(program.add(x, reversed), shifted)
    if type.isFloat {
      for op in [UnaryOperator.exp, .expm1, .tanh, .sigmoid, .abs, .floor, .round] {
        sum = program.add(sum, program.unary(op, x))
      }
      let positive = program.add(program.unary(.abs, x), program.constant(0.25, type))
      for op in [UnaryOperator.log, .log1p, .sqrt] { sum = program.add(sum, program.unary(op, positive)) }
    }
    let index = program.convert(program.index(0), to: type)
    let result = program.select(program.compare(.gt, x, reversed), sum, index)
    return Kernel(
      axes: [count], parallelAxes: 1,
      buffers: [KernelBuffer(type, count: count, use: .read), KernelBuffer(type, count: count, use: .write)],
      body: .rows(
        RowsBody([.scalar(Block(program, stores: [Store(Access(buffer: 1, strides: [1]), result)]), yields: [])])))
  }

  /// One step of logistic regression on two features.
  static func lanes(_ rows: Int) -> Kernel {
    var row = ScalarProgram()
    let x = (0..<2).map { row.load(Access(buffer: 0, offset: $0, strides: [2]), .f32) }
    let w = (0..<2).map { row.load(Access(buffer: 2, offset: $0, strides: [0]), .f32) }
    let z = row.fma(x[1], w[1], row.multiply(x[0], w[0]))
    let error = row.subtract(row.unary(.sigmoid, z), row.load(Access(buffer: 1, strides: [1]), .f32))
    let sums = x.map { row.multiply(error, $0) }
    var epilogue = ScalarProgram()
    var stores: [Store] = []
    for i in 0..<2 {
      let old = epilogue.load(Access(buffer: 2, offset: i, strides: [0]), .f32)
      let new = epilogue.fma(epilogue.input(i, .f32), epilogue.constant(-0.1, .f32), old)
      stores.append(Store(Access(buffer: 2, offset: i, strides: [0]), new))
    }
    return Kernel(
      axes: [rows], parallelAxes: 1,
      buffers: [
        KernelBuffer(.f32, count: 2 * rows, use: .read), KernelBuffer(.f32, count: rows, use: .read),
        KernelBuffer(.f32, count: 2, use: .update), KernelBuffer(.f32, count: rows, use: .write),
      ],
      body: .lanes(
        LanesBody(
          row: Block(row, stores: [Store(Access(buffer: 3, strides: [1]), error)]), sums: sums,
          epilogue: Block(epilogue, stores: stores))))
  }

  /// A scatter of rows into a table, with indices out of range among them.
  static func scatter(_ rows: Int, _ sources: Int, _ inner: Int) -> Kernel {
    var initial = ScalarProgram()
    _ = initial.load(Access(buffer: 0, strides: [inner, 0, 1]), .f32)
    var index = ScalarProgram()
    _ = index.convert(index.load(Access(buffer: 1, strides: [0, 1, 0]), .i32), to: .i64)
    var update = ScalarProgram()
    _ = update.load(Access(buffer: 2, strides: [0, inner, 1]), .f32)
    var epilogue = ScalarProgram()
    let doubled = epilogue.multiply(epilogue.input(0, .f32), epilogue.constant(2, .f32))
    return Kernel(
      axes: [rows, sources, inner], parallelAxes: 1,
      buffers: [
        KernelBuffer(.f32, count: rows * inner, use: .read), KernelBuffer(.i32, count: sources, use: .read),
        KernelBuffer(.f32, count: sources * inner, use: .read), KernelBuffer(.f32, count: rows * inner, use: .write),
      ],
      body: .scatter(
        ScatterBody(
          sourceAxes: 1, innerAxes: 1, initial: initial, index: index, update: update,
          epilogue: Block(epilogue, stores: [Store(Access(buffer: 3, strides: [inner, 0, 1]), doubled)]))))
  }
}
