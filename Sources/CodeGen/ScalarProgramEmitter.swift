import CLLVM
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Emits scalar programs on the vectors of one point.
struct ScalarProgramEmitter {
  let emitter: KernelEmitter
  let lanes: Int
  let point: Point
  var vector: VectorBuilder
  /// What `input(i)` is.
  let inputs: [VectorValue]
  /// What `local(i)` is.
  let local: (Int, ElementType) -> VectorValue

  var function: FunctionEmitter { emitter.function }

  init(
    _ emitter: KernelEmitter, lanes: Int, at point: Point, inputs: [VectorValue] = [],
    local: @escaping (Int, ElementType) -> VectorValue = { i, _ in preconditionFailure("no local \(i) here") }
  ) {
    self.emitter = emitter
    self.lanes = lanes
    self.point = point
    self.inputs = inputs
    self.local = local
    vector = VectorBuilder(function: emitter.function, lanes: lanes)
  }

  /// Runs a program and gives all its values.
  /// - Parameter known: values that have been computed already, as scalars or as vectors.
  mutating func run(_ program: ScalarProgram, known: [Int: VectorValue] = [:]) -> [VectorValue] {
    var values: [VectorValue] = []
    values.reserveCapacity(program.instructions.count)
    let (ranges, constants) = (program.ranges, program.constants)
    for number in program.instructions.indices {
      values.append(
        known[number].map(widened) ?? constants[number].map(vector.constant) ?? run(program, number, ranges, values))
    }
    return values
  }

  /// The values of a program that are the same at all coordinates along `axes`, to be given to ``run(_:known:)`` there.
  mutating func invariants(
    of program: ScalarProgram, along axes: some Sequence<Int>, keepsInputs: Bool = false,
    known: [Int: VectorValue] = [:]
  ) -> [Int: VectorValue] {
    let isFixed = program.invariants(along: Set(axes), of: emitter.kernel, keepsInputs: keepsInputs)
    var values: [VectorValue] = []
    var result: [Int: VectorValue] = [:]
    let (ranges, constants) = (program.ranges, program.constants)
    // What is not invariant is never looked at.
    let nothing = VectorValue(reference: function.int64(0), type: .i64)
    for (number, instruction) in program.instructions.enumerated() {
      if let value = known[number] {
        values.append(widened(value))
        result[number] = value
        continue
      }
      guard isFixed[number] else {
        values.append(nothing)
        continue
      }
      let value = constants[number].map(vector.constant) ?? run(program, number, ranges, values)
      values.append(value)
      switch instruction {
      case .constant, .index, .input: break
      default: result[number] = value
      }
    }
    return result
  }

  /// A scalar in every lane; a vector as it is.
  private func widened(_ value: VectorValue) -> VectorValue {
    LLVMGetTypeKind(LLVMTypeOf(value.reference)) == LLVMVectorTypeKind ? value : vector.splat(value)
  }

  /// Runs a block: the program, then its stores.
  @discardableResult
  mutating func run(_ block: Block, known: [Int: VectorValue] = [:]) -> [VectorValue] {
    let values = run(block.program, known: known)
    for entry in block.stores { store(values[entry.value], entry.access, values) }
    return values
  }

  /// Instruction `number`, of whose operands `ranges` says what is known.
  private mutating func run(
    _ program: ScalarProgram, _ number: Int, _ ranges: [ValueRange], _ values: [VectorValue]
  ) -> VectorValue {
    let type = program.types[number]
    switch program.instructions[number] {
    case .constant(let scalar): return vector.constant(scalar)
    case .input(let i): return inputs[i]
    case .local(let i): return local(i, type)
    case .index(let axis): return index(axis)
    case .load(let access): return load(access, type, values)
    case .unary(let op, let a): return VectorMath.apply(op, values[a], from: ranges[a], in: &vector)
    case .binary(.maximum, let a, let b):
      if let bound = program.bound(b) { return VectorMath.maximum(values[a], bound: bound, in: &vector) }
      if let bound = program.bound(a) { return VectorMath.maximum(values[b], bound: bound, in: &vector) }
      return VectorMath.maximum(values[a], values[b], in: &vector)
    case .binary(.minimum, let a, let b):
      if let bound = program.bound(b) { return VectorMath.minimum(values[a], bound: bound, in: &vector) }
      if let bound = program.bound(a) { return VectorMath.minimum(values[b], bound: bound, in: &vector) }
      return VectorMath.minimum(values[a], values[b], in: &vector)
    case .binary(let op, let a, let b): return VectorMath.apply(op, values[a], values[b], in: &vector)
    case .compare(let op, let a, let b): return vector.compare(op, values[a], values[b])
    case .select(let condition, let a, let b): return vector.selectBits(values[condition], values[a], values[b])
    case .convert(let a, let type): return VectorMath.convert(values[a], to: type, in: &vector)
    case .fma(let a, let b, let c): return vector.fma(values[a], values[b], values[c])
    case .random(let seed, let step, let index, let stream):
      return VectorMath.random(
        seed: values[seed], step: values[step], index: values[index], stream: stream, in: &vector)
    }
  }

  private func index(_ axis: Int) -> VectorValue {
    let base = vector.splat(VectorValue(reference: point.coordinates[axis], type: .i64))
    guard axis == point.vectorAxis, lanes > 1 else { return base }
    return VectorValue(reference: LLVMBuildAdd(function.builder, base.reference, vector.iota(), ""), type: .i64)
  }
}

extension ScalarProgram {
  /// The constant that value `number` is, unless it is NaN or denormal.
  fileprivate func bound(_ number: Int) -> Scalar? {
    guard case .constant(let scalar) = instructions[number], !scalar.asDouble.isNaN else { return nil }
    return scalar.isDenormal ? nil : scalar
  }
}
