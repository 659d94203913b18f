import FraguaKernels
import FraguaTensors
import TestSupport

/// Small kernels drawn from a seed, of every form, to compare compiled code with the interpreter under many schedules.
///
/// They are made for the emitters' corners: extents around the vector widths, strides of every kind, guards, index terms, all types.
struct KernelSamples {
  private var random: RandomSource
  private var buffers: [KernelBuffer] = []
  private var axes: [Int] = []

  init(seed: UInt64) { random = RandomSource(seed: seed) }

  /// A kernel of `form`.
  mutating func kernel(_ form: Kernel.Form) -> Kernel {
    buffers = []
    switch form {
    case .map, .reduce, .rows: return rows(form)
    case .contract: return contract()
    case .scatter: return scatter()
    case .lanes: return lanes()
    }
  }

  private mutating func extent() -> Int { random.pick([1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 20, 31, 32, 33, 40, 50]) }
  private mutating func floatType() -> ElementType { random.pick([.f32, .f32, .f32, .f64]) }

  // MARK: Rows

  private mutating func rows(_ form: Kernel.Form) -> Kernel {
    let parallel = random.int(1...2)
    let reduced = form == .map ? 0 : random.int(1...2)
    axes = (0..<parallel + reduced).map { _ in extent() }
    let parallelAxes = Array(0..<parallel)
    let allAxes = Array(axes.indices)
    var stages: [RowStage] = []
    var scalars: [ElementType] = []
    var locals: [ElementType] = []
    let sweeps = form == .map ? 0 : form == .reduce ? 1 : random.int(1...3)
    for sweep in 0..<sweeps {
      var program = program(over: allAxes, inputs: scalars, locals: locals, type: floatType())
      let last = program.types.count - 1
      var reductions: [Reduction] = []
      for combiner in [Combiner.sum, .max, .min] where random.chance(50) { reductions.append(Reduction(combiner, last)) }
      if form == .reduce, reductions.isEmpty { reductions.append(Reduction(.sum, last)) }
      let isPlain = form == .reduce
      let fresh = !isPlain && random.chance(60) ? [last] : []
      var stores: [Store] = []
      if !isPlain, random.chance(50) || (sweep == sweeps - 1 && reductions.isEmpty && fresh.isEmpty) {
        stores = [store(&program, over: allAxes)]
      }
      scalars += reductions.map { program.types[$0.value] }
      locals += fresh.map { program.types[$0] }
      stages.append(.sweep(Block(program, stores: stores), locals: fresh, reductions: reductions))
    }
    var program = program(over: parallelAxes, inputs: scalars, locals: [], type: floatType())
    let stores = (0..<random.int(1...2)).map { _ in store(&program, over: parallelAxes) }
    stages.append(.scalar(Block(program, stores: stores), yields: []))
    return Kernel(axes: axes, parallelAxes: parallel, buffers: buffers, body: .rows(RowsBody(stages)))
  }

  // MARK: Contract

  private mutating func contract() -> Kernel {
    let counts = [random.pick([0, 0, 1]), random.pick([0, 1, 1, 1, 2]), random.pick([0, 1, 1, 1, 2]), random.pick([1, 1, 1, 2])]
    axes = (0..<counts.reduce(0, +)).map { _ in extent() }
    for axis in 0..<counts[0] { axes[axis] = random.int(1...3) }
    let batch = Array(0..<counts[0])
    let m = Array(counts[0]..<counts[0] + counts[1])
    let n = Array(counts[0] + counts[1]..<counts[0] + counts[1] + counts[2])
    let k = Array(axes.count - counts[3]..<axes.count)
    let type: ElementType = random.pick([.f32, .f32, .f32, .f64, .i32, .i64, .ui8])
    let lhs = factor(over: batch + m + k, type)
    let rhs = factor(over: batch + n + k, type)
    var body = ContractBody(
      batchAxes: counts[0], mAxes: counts[1], nAxes: counts[2], kAxes: counts[3], lhs: lhs, rhs: rhs,
      epilogue: block(over: batch + m + n, type))
    if random.chance(30) { body.rhsSum = block(over: batch + n, type) }
    if random.chance(30) { body.lhsSum = block(over: batch + m, type) }
    return Kernel(axes: axes, parallelAxes: axes.count - counts[3], buffers: buffers, body: .contract(body))
  }

  /// A factor: a plain load, or something computed.
  private mutating func factor(over axes: [Int], _ type: ElementType) -> ScalarProgram {
    if random.chance(60) {
      var program = ScalarProgram()
      _ = program.load(access(over: axes, type, guarded: false), type)
      return program
    }
    return program(over: axes, inputs: [], locals: [], type: type)
  }

  private mutating func block(over axes: [Int], _ type: ElementType) -> Block {
    var program = program(over: axes, inputs: [type], locals: [], type: type)
    let stores = [store(&program, over: axes)]
    return Block(program, stores: stores)
  }

  // MARK: Scatter and lanes

  private mutating func scatter() -> Kernel {
    let sources = random.int(1...2)
    let inner = random.int(0...2)
    axes = [random.int(1...9)] + (0..<sources + inner).map { _ in extent() }
    let s = Array(1..<1 + sources)
    let d = Array(1 + sources..<axes.count)
    let type = floatType()
    let initial = program(over: [0] + d, inputs: [], locals: [], type: type)
    var index = ScalarProgram()
    let raw = index.load(access(over: s, .i64, guarded: false), .i64)
    let modulus = index.constant(Scalar(Int64(axes[0] + 2)))
    _ = index.binary(.remainder, raw, modulus)
    let update = program(over: s + d, inputs: [], locals: [], type: type)
    let body = ScatterBody(
      sourceAxes: sources, innerAxes: inner, initial: initial, index: index, update: update,
      epilogue: block(over: [0] + d, type))
    return Kernel(axes: axes, parallelAxes: 1, buffers: buffers, body: .scatter(body))
  }

  private mutating func lanes() -> Kernel {
    axes = [extent()]
    var row = program(over: [0], inputs: [], locals: [], type: .f32)
    let rowStores = random.chance(50) ? [store(&row, over: [0])] : []
    let sums = row.types.indices.filter { row.types[$0] == .f32 }.suffix(3)
    var epilogue = program(over: [], inputs: sums.map { row.types[$0] }, locals: [], type: .f32)
    let stores = (0..<2).map { _ in store(&epilogue, over: []) }
    let body = LanesBody(
      row: Block(row, stores: rowStores), sums: Array(sums), epilogue: Block(epilogue, stores: stores))
    return Kernel(axes: axes, parallelAxes: 1, buffers: buffers, body: .lanes(body))
  }

  // MARK: Programs

  /// A random program over some axes whose last value has `type`.
  private mutating func program(
    over axes: [Int], inputs: [ElementType], locals: [ElementType], type: ElementType
  ) -> ScalarProgram {
    var program = ScalarProgram()
    var values: [Int] = []
    for (i, type) in inputs.enumerated() { values.append(program.input(i, type)) }
    for (i, type) in locals.enumerated() { values.append(program.local(i, type)) }
    for _ in 0..<random.int(1...3) {
      let type: ElementType = random.pick([type, type, .f32, .f64, .i32, .i64, .ui8, .i1])
      values.append(program.load(access(over: axes, type, guarded: true), type))
    }
    if let axis = axes.last, random.chance(30) { values.append(program.index(axis)) }
    if !axes.isEmpty, random.chance(25) { values.append(indexedLoad(&program, over: axes, type)) }
    for _ in 0..<random.int(0...5) { values.append(step(&program, values)) }
    var last = program.convert(random.pick(values), to: type)
    for value in values.suffix(2) where type != .i1 { last = program.add(last, program.convert(value, to: type)) }
    // The last value is the result, whatever it was shared with.
    if last != program.types.count - 1 {
      last = type == .i1 ? program.unary(.not, last) : program.unary(.negate, last)
    }
    if last != program.types.count - 1 { last = program.select(program.constant(Scalar(true)), last, last) }
    return program
  }

  private mutating func indexedLoad(_ program: inout ScalarProgram, over axes: [Int], _ type: ElementType) -> Int {
    let raw = program.load(access(over: axes, .ui8, guarded: true), .ui8)
    let index = program.convert(raw, to: .i64)
    buffers.append(KernelBuffer(type, count: 256 * 2 + 1, use: .read))
    let access = Access(
      buffer: buffers.count - 1, offset: 1, strides: self.axes.map { _ in 0 }, indices: [.init(value: index, stride: 2)])
    return program.load(access, type)
  }

  private mutating func step(_ program: inout ScalarProgram, _ values: [Int]) -> Int {
    let a = random.pick(values)
    let type = program.types[a]
    let b = program.convert(random.pick(values), to: type)
    switch random.int(0...6) {
    case 0: return program.select(program.compare(random.pick(Comparison.allCases), a, b), a, b)
    case 1: return program.convert(a, to: random.pick(ElementType.allCases))
    case 2 where type.isFloat: return program.fma(a, b, a)
    case 3 where type == .i64: return program.random(seed: a, step: b, index: a, stream: 7)
    case 4, 5:
      let ops: [UnaryOperator] =
        type.isFloat ? UnaryOperator.allCases.filter { $0 != .not } : type == .i1 ? [.not] : [.negate, .abs, .sign, .not]
      return program.unary(random.pick(ops), a)
    default:
      let ops: [BinaryOperator] =
        type.isFloat
        ? [.add, .subtract, .multiply, .divide, .remainder, .maximum, .minimum]
        : type == .i1 ? [.and, .or, .xor] : BinaryOperator.allCases
      return program.binary(random.pick(ops), a, b)
    }
  }

  // MARK: Accesses

  /// A load of a new buffer: some axes, in some order, some reversed or spread; outside its guard the fill value.
  private mutating func access(over axes: [Int], _ type: ElementType, guarded: Bool) -> Access {
    var strides = [Int](repeating: 0, count: self.axes.count)
    var used = axes.filter { _ in random.chance(80) }
    if random.chance(40) { used.shuffle(using: &random) }
    var step = random.chance(15) ? random.int(2...3) : 1
    var offset = random.chance(20) ? random.int(1...5) : 0
    for axis in used.reversed() {
      strides[axis] = step
      step *= self.axes[axis]
      if random.chance(20) { step += random.int(1...9) }
    }
    for axis in used where random.chance(10) {
      offset += strides[axis] * (self.axes[axis] - 1)
      strides[axis].negate()
    }
    buffers.append(KernelBuffer(type, count: step + offset + 3, use: .read))
    var access = Access(buffer: buffers.count - 1, offset: offset, strides: strides)
    if guarded, !axes.isEmpty, random.chance(25) {
      let axis = random.pick(axes)
      var coefficients = [Int](repeating: 0, count: self.axes.count)
      coefficients[axis] = random.pick([1, -1, 2])
      let start = random.int(-3...self.axes[axis])
      access.guards = [AccessGuard(offset: start, coefficients: coefficients, bound: random.int(1...(self.axes[axis] + 2)))]
      access.fill = Scalar(Double(random.int(-2...2)), as: type)
    }
    return access
  }

  /// A store of a value of `program` to a new buffer: every point to an element of its own; often one that is read first.
  private mutating func store(_ program: inout ScalarProgram, over axes: [Int]) -> Store {
    let value = program.types.count - 1
    var order = axes
    if random.chance(30) { order.shuffle(using: &random) }
    var strides = [Int](repeating: 0, count: self.axes.count)
    var step = 1
    for axis in order.reversed() {
      strides[axis] = step
      step *= self.axes[axis]
    }
    let isUpdate = random.chance(40)
    buffers.append(KernelBuffer(program.types[value], count: step, use: isUpdate ? .update : .write))
    let access = Access(buffer: buffers.count - 1, strides: strides)
    guard isUpdate, program.types[value] != .i1 else { return Store(access, value) }
    let old = program.load(access, program.types[value])
    return Store(access, program.add(old, value))
  }
}
