import FraguaKernels
import FraguaTensors

/// What a random program may read besides memory.
struct ProgramContext {
  /// The axes that the program sees.
  var visible: [Int]
  var inputs: [ElementType] = []
  var locals: [ElementType] = []
}

extension KernelSketch {
  /// Appends some random instructions that end with one of `type`; the number of the last value.
  mutating func makeProgram(
    _ program: inout ScalarProgram, _ context: ProgramContext, endingWith type: ElementType, mayUpdate: Bool = false
  ) -> Int {
    for (i, input) in context.inputs.enumerated() where source.chance(80) { _ = program.input(i, input) }
    for (i, local) in context.locals.enumerated() where source.chance(80) { _ = program.local(i, local) }
    for _ in 0..<source.int(1...3) { _ = makeLoad(&program, context, source.chance(70) ? type : chooseType()) }
    if mayUpdate && source.chance(40) { _ = loadForUpdate(type, &program, visible: context.visible) }
    for _ in 0..<source.int(1...8) { addInstruction(&program, context) }
    // The result takes up the latest value.
    let last = program.convert(program.types.count - 1, to: type)
    let earlier = program.types.indices.filter { program.types[$0] == type && $0 != last }
    guard !earlier.isEmpty, BinaryOperator.add.takes(type) else { return last }
    return program.add(last, source.pick(earlier))
  }

  /// A load, sometimes at an element that another load chooses.
  mutating func makeLoad(_ program: inout ScalarProgram, _ context: ProgramContext, _ type: ElementType) -> Int {
    var indices: [(value: Int, extent: Int)] = []
    if source.chance(15) {
      let indexType = source.pick([ElementType.i32, .i64, .ui8])
      let (access, _) = makeAccess(indexType, visible: context.visible, use: .read, isInjective: false)
      let extent = source.int(1...12)
      let wide = program.convert(program.load(access, indexType), to: .i64)
      let low = program.binary(.maximum, wide, program.constant(Scalar(Int64(0))))
      indices = [(program.binary(.minimum, low, program.constant(Scalar(Int64(extent - 1)))), extent)]
    }
    let (access, _) = makeAccess(type, visible: context.visible, use: .read, isInjective: false, indices: indices)
    return program.load(access, type)
  }

  /// Appends one instruction on values that are there.
  private mutating func addInstruction(_ program: inout ScalarProgram, _ context: ProgramContext) {
    let x = source.int(0...(program.types.count - 1))
    let type = program.types[x]
    let alike = program.types.indices.filter { program.types[$0] == type }
    let (y, z) = (source.pick(alike), source.pick(alike))
    switch source.int(0...11) {
    case 0: _ = program.constant(makeScalar(type))
    case 1...3 where !type.isStorage:
      let operators = UnaryOperator.allCases.filter { $0.takes(type) }
      _ = program.unary(source.pick(operators), x)
    case 4...7 where !type.isStorage:
      let operators = BinaryOperator.allCases.filter { $0.takes(type) }
      _ = program.binary(source.pick(operators), x, y)
    case 8 where !type.isStorage: _ = program.select(program.compare(source.pick(Comparison.allCases), x, y), y, z)
    case 9 where type.isFloat && !type.isStorage: _ = program.fma(x, y, z)
    case 10: _ = program.convert(x, to: chooseType())
    case 11 where !context.visible.isEmpty:
      let index = program.index(source.pick(context.visible))
      if source.chance(60) {
        let seed = program.constant(Scalar(Int64(bitPattern: source.next())))
        _ = program.random(seed: seed, step: index, index: index, stream: UInt32(source.int(0...5)))
      }
    default: _ = program.convert(x, to: type.isStorage ? type.arithmetic : .f32)
    }
  }

  /// A block of random instructions that stores one to three values.
  mutating func makeBlock(_ context: ProgramContext, type: ElementType, stores: ClosedRange<Int> = 1...3) -> Block {
    var block = Block()
    let last = makeProgram(&block.program, context, endingWith: type, mayUpdate: true)
    let count = source.int(stores)
    for i in 0..<count {
      let value = i == 0 ? last : source.int(0...(block.program.types.count - 1))
      store(value, &block, visible: context.visible)
    }
    finishUpdates(&block)
    return block
  }
}
