import FraguaKernels
import FraguaTensors

extension KernelSketch {
  mutating func makeMap() {
    axes = chooseExtents(source.int(0...3), points: 3000)
    parallelAxes = axes.count
    let context = ProgramContext(visible: Array(axes.indices))
    body = .rows(RowsBody([.scalar(makeBlock(context, type: chooseType()), yields: [])]))
  }

  /// Chooses parallel and reduced axes; returns what sweeps and scalar stages see.
  private mutating func chooseRowAxes() -> (all: ProgramContext, parallel: ProgramContext) {
    parallelAxes = source.int(0...2)
    axes = chooseExtents(parallelAxes, points: 60) + chooseExtents(source.int(1...2), points: 90)
    let parallel = ProgramContext(visible: Array(0..<parallelAxes))
    return (ProgramContext(visible: Array(axes.indices)), parallel)
  }

  /// One to three reductions of values of `program`.
  private mutating func makeReductions(_ program: ScalarProgram) -> [Reduction] {
    (0..<source.int(1...3)).map { i in
      let others = program.types.indices.filter { !program.types[$0].isStorage }
      let value = i == 0 ? program.types.count - 1 : source.pick(others)
      let combiners: [Combiner] = program.types[value] == .i1 ? [.max, .min] : [.sum, .sum, .max, .min]
      return Reduction(source.pick(combiners), value)
    }
  }

  mutating func makeReduce() {
    var (all, parallel) = chooseRowAxes()
    all.inputs = []
    var program = ScalarProgram()
    _ = makeProgram(&program, all, endingWith: source.pick([.f32, .f32, .f64, .i32, .i64, .ui8]))
    let reductions = makeReductions(program)
    parallel.inputs = reductions.map { program.types[$0.value] }
    let epilogue = makeBlock(parallel, type: source.pick(parallel.inputs))
    body = .rows(
      RowsBody([
        .sweep(Block(program), locals: [], reductions: reductions), .scalar(epilogue, yields: []),
      ]))
  }

  mutating func makeRows() {
    var (all, parallel) = chooseRowAxes()
    var stages: [RowStage] = []
    for i in 0..<source.int(2...4) {
      let type = source.pick([ElementType.f32, .f32, .f64, .i32, .i64])
      if i > 0 && source.chance(30) {
        let block = makeBlock(parallel, type: type, stores: 0...1)
        let yields = [block.program.types.count - 1]
        stages.append(.scalar(block, yields: yields))
        parallel.inputs += yields.map { block.program.types[$0] }
      } else {
        let block = makeBlock(all, type: type, stores: 0...2)
        let locals = source.chance(60) ? [block.program.types.count - 1] : []
        let reductions = source.chance(70) ? makeReductions(block.program) : []
        stages.append(.sweep(block, locals: locals, reductions: reductions))
        all.locals += locals.map { block.program.types[$0] }
        parallel.inputs += reductions.map { block.program.types[$0.value] }
      }
      all.inputs = parallel.inputs
    }
    // Something is stored, and no reduce comes about.
    let last = makeBlock(all, type: source.pick([.f32, .f64]), stores: 1...2)
    stages.append(.sweep(last, locals: [], reductions: []))
    body = .rows(RowsBody(stages))
  }

  mutating func makeContract() {
    let counts = [source.chance(30) ? 1 : 0, source.int(0...2), source.int(0...2), source.int(1...2)]
    let extents = zip(counts, [4, 40, 40, 40]).map { chooseExtents($0, points: $1) }
    axes = extents.flatMap { $0 }
    parallelAxes = axes.count - counts[3]
    let batch = Array(0..<counts[0])
    let m = Array(counts[0]..<counts[0] + counts[1])
    let n = Array(counts[0] + counts[1]..<parallelAxes)
    let k = Array(parallelAxes..<axes.count)
    let type = source.pick([ElementType.f32, .f32, .f32, .f64, .i32, .i64, .ui8])
    let narrower = ElementType.allCases.filter { type.holds($0) && $0 != type }
    let factor = { (sketch: inout KernelSketch) in sketch.source.chance(20) ? sketch.source.pick(narrower) : type }
    let lhs = makeFactor(batch + m + k, narrower.isEmpty ? type : factor(&self))
    let rhs = makeFactor(batch + n + k, narrower.isEmpty ? type : factor(&self))
    let epilogue = makeBlock(ProgramContext(visible: batch + m + n, inputs: [type]), type: type)
    var rhsSum: Block?
    var lhsSum: Block?
    if source.chance(30) { rhsSum = makeBlock(ProgramContext(visible: batch + n, inputs: [type]), type: type) }
    if source.chance(20) { lhsSum = makeBlock(ProgramContext(visible: batch + m, inputs: [type]), type: type) }
    let summation: ContractBody.Summation = source.chance(30) ? .lanes : .chain
    body = .contract(
      ContractBody(
        batchAxes: counts[0], mAxes: counts[1], nAxes: counts[2], kAxes: counts[3], summation: summation,
        accumulator: type, lhs: lhs, rhs: rhs, epilogue: epilogue, rhsSum: rhsSum, lhsSum: lhsSum))
  }

  /// A factor of a contraction: a plain load as a rule.
  private mutating func makeFactor(_ visible: [Int], _ type: ElementType) -> ScalarProgram {
    var program = ScalarProgram()
    let context = ProgramContext(visible: visible)
    if source.chance(70) {
      let (access, _) = makeAccess(type, visible: visible, use: .read, isInjective: false, mayGuard: source.chance(30))
      _ = program.load(access, type)
    } else {
      finish(&program, with: makeProgram(&program, context, endingWith: type))
    }
    return program
  }

  mutating func makeScatter() {
    let (sources, inner) = (source.int(1...2), source.int(0...2))
    axes = chooseExtents(1, points: 40) + chooseExtents(sources, points: 60) + chooseExtents(inner, points: 30)
    parallelAxes = 1
    let s = Array(1..<1 + sources)
    let d = Array(1 + sources..<axes.count)
    let type = source.pick([ElementType.f32, .f32, .f64, .i32, .i64, .ui8])
    var initial = ScalarProgram()
    if source.chance(50) {
      _ = initial.constant(0, type)
    } else {
      _ = makeLoad(&initial, ProgramContext(visible: [0] + d), type)
    }
    var index = ScalarProgram()
    let indexType = source.pick([ElementType.i32, .i64, .ui8])
    _ = index.convert(makeLoad(&index, ProgramContext(visible: s), indexType), to: .i64)
    var update = ScalarProgram()
    finish(&update, with: makeProgram(&update, ProgramContext(visible: s + d), endingWith: type))
    let epilogue = makeBlock(ProgramContext(visible: [0] + d, inputs: [type]), type: type)
    body = .scatter(
      ScatterBody(
        sourceAxes: sources, innerAxes: inner, initial: initial, index: index, update: update, epilogue: epilogue))
  }

  /// Makes `value` the last of `program`.
  private func finish(_ program: inout ScalarProgram, with value: Int) {
    guard value != program.types.count - 1 else { return }
    let type = program.types[value]
    let last = program.select(program.constant(Scalar(true)), value, value)
    precondition(last == program.types.count - 1 && program.types[last] == type, "a fresh value is the last")
  }

  mutating func makeLanes() {
    axes = chooseExtents(1, points: 40)
    parallelAxes = 1
    let type = source.pick([ElementType.f32, .f32, .f32, .f64])
    let weights = KernelBuffer(type, count: source.int(1...6), use: .update)
    buffers.append(weights)
    var row = Block()
    var sum = makeLoad(&row.program, ProgramContext(visible: [0]), type)
    for i in 0..<weights.count {
      let weight = row.program.load(Access(buffer: 0, offset: i, strides: [0]), type)
      sum = row.program.fma(weight, makeLoad(&row.program, ProgramContext(visible: [0]), type), sum)
    }
    let last = makeProgram(&row.program, ProgramContext(visible: [0]), endingWith: type)
    if source.chance(50) { store(last, &row, visible: [0]) }
    let sums = [sum, last] + (source.chance(50) ? [0] : [])
    var epilogue = Block()
    let context = ProgramContext(visible: [], inputs: sums.map { row.program.types[$0] })
    let value = makeProgram(&epilogue.program, context, endingWith: type)
    for i in 0..<weights.count {
      let access = Access(buffer: 0, offset: i, strides: [0])
      let old = source.chance(70) ? epilogue.program.load(access, type) : value
      epilogue.stores.append(Store(access, epilogue.program.subtract(old, epilogue.program.input(i % 2, type))))
    }
    store(value, &epilogue, visible: [])
    body = .lanes(LanesBody(row: row, sums: sums, epilogue: epilogue))
  }
}
