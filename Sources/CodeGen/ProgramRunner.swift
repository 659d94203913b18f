import CLLVM
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Emits scalar programs on the vectors of one point.
struct ProgramRunner {
  let emitter: KernelEmitter
  let lanes: Int
  let point: Point
  var vector: VectorBuilder
  /// What `input(i)` is.
  let inputs: [VectorValue]
  /// What `local(i)` is.
  let local: (Int, ElementType) -> VectorValue

  private var function: FunctionEmitter { emitter.function }

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
    case .convert(let a, let type): return vector.convert(values[a], to: type)
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

  // MARK: Memory

  /// Where an access goes: the first lane's element, the distance between lanes, what the program adds, and which lanes
  /// take part.
  private struct Address {
    var base: LLVMValueRef
    var stride: Int
    var indices: LLVMValueRef?
    var mask: LLVMValueRef?
    /// Whether the mask is more than that of the lanes that exist.
    var isGuarded: Bool
  }

  private func resolve(_ access: Access, _ values: [VectorValue]) -> Address {
    let position = position(of: access.element)
    var indices = position.digits
    for term in access.indices {
      let factor = vector.constant(Scalar(Int64(term.stride))).reference
      let product = LLVMBuildMul(function.builder, values[term.value].reference, factor, "")!
      indices = indices.map { LLVMBuildAdd(function.builder, $0, product, "") } ?? product
    }
    var mask = point.mask
    for entry in access.guards {
      let holds = guardHolds(entry)
      mask = mask.map { LLVMBuildAnd(function.builder, $0, holds, "") } ?? holds
    }
    return Address(
      base: position.first, stride: position.stride, indices: indices, mask: mask, isGuarded: !access.guards.isEmpty)
  }

  /// An expression at the point's lanes: the first lane's without the digits that differ between lanes, the distance
  /// from lane to lane, and the sum of those digits in every lane.
  private func position(
    of expression: AffineExpression
  ) -> (first: LLVMValueRef, stride: Int, digits: LLVMValueRef?) {
    var first = function.affine(expression.offset, expression.coefficients, point.coordinates)
    let axis = lanes > 1 ? point.vectorAxis : nil
    var lanesSum: LLVMValueRef?
    for digit in expression.digits {
      let range = digit.dividend.range(in: emitter.kernel.axes)
      let number = function.linear(digit.dividend, point.coordinates)
      let step = axis.map { digit.dividend.coefficients[$0] } ?? 0
      if step == 0 {
        let value = function.digit(digit, of: number, in: range, lanes: 1)
        first = function.add(first, function.multiply(value, digit.coefficient))
        continue
      }
      let numbers = LLVMBuildAdd(function.builder, inAllLanes(number), lanePositions(step), "")!
      let values = function.digit(digit, of: numbers, in: range, lanes: lanes)
      let factor = vector.constant(Scalar(Int64(digit.coefficient))).reference
      let product = LLVMBuildMul(function.builder, values, factor, "")!
      lanesSum = lanesSum.map { LLVMBuildAdd(function.builder, $0, product, "") } ?? product
    }
    return (first, axis.map { expression.coefficients[$0] } ?? 0, lanesSum)
  }

  /// An `i64` in every lane.
  private func inAllLanes(_ value: LLVMValueRef) -> LLVMValueRef {
    vector.splat(VectorValue(reference: value, type: .i64)).reference
  }

  private func guardHolds(_ entry: AffineGuard) -> LLVMValueRef {
    let own = position(of: entry.expression)
    var position = inAllLanes(own.first)
    if own.stride != 0 { position = LLVMBuildAdd(function.builder, position, lanePositions(own.stride), "") }
    if let digits = own.digits { position = LLVMBuildAdd(function.builder, position, digits, "") }
    // Unsigned: a negative position is large.
    let bound = vector.constant(Scalar(Int64(entry.bound))).reference
    return LLVMBuildICmp(function.builder, LLVMIntULT, position, bound, "")
  }

  /// 0, stride, 2 * stride ...
  private func lanePositions(_ stride: Int) -> LLVMValueRef {
    var elements: [LLVMValueRef?] = (0..<lanes).map { function.int64($0 * stride) }
    return LLVMConstVector(&elements, UInt32(lanes))
  }

  private func load(_ access: Access, _ type: ElementType, _ values: [VectorValue]) -> VectorValue {
    let address = resolve(access, values)
    let buffer = emitter.buffers[access.buffer]
    let element = function.memoryType(type)
    let fill = access.fill.map { vector.constant($0) }
    if lanes == 1 { return loadScalar(address, buffer, type, fill) }
    if address.indices == nil, address.stride == 0, !address.isGuarded {
      let scalar = function.load(element, function.address(buffer, element, address.base), alignment: type.byteCount)
      return vector.splat(VectorBuilder(function: function, lanes: 1).fromMemory(scalar, type))
    }
    if address.indices == nil, address.stride == 1 {
      let pointer = function.address(buffer, element, address.base)
      guard let mask = address.mask else {
        return vector.load(type, pointer)
      }
      return maskedLoad(pointer, mask, type, address.isGuarded ? fill : nil)
    }
    if address.indices == nil, address.mask == nil, let start = groupStart(access) {
      return loadGroups(of: address.stride, from: start, address, buffer, type)
    }
    return gather(address, buffer, type, address.isGuarded ? fill : nil)
  }

  private func loadScalar(
    _ address: Address, _ buffer: LLVMValueRef, _ type: ElementType, _ fill: VectorValue?
  ) -> VectorValue {
    let element = function.memoryType(type)
    var position = address.base
    if let indices = address.indices { position = function.add(position, indices) }
    // Where the guard fails element 0 is read, which every buffer has, and the fill value taken.
    if let mask = address.mask { position = LLVMBuildSelect(function.builder, mask, position, function.int64(0), "") }
    let value = vector.load(type, function.address(buffer, element, position))
    guard let mask = address.mask, let fill else { return value }
    return vector.select(VectorValue(reference: mask, type: .i1), value, fill)
  }

  private func maskedLoad(
    _ pointer: LLVMValueRef, _ mask: LLVMValueRef, _ type: ElementType, _ fill: VectorValue?
  ) -> VectorValue {
    let loaded = function.maskedLoad(
      vector.memoryType(type), pointer, mask, other: fill.map { vector.toMemory($0) }, alignment: type.byteCount)
    return vector.fromMemory(loaded, type)
  }

  /// How far before the first lane's element a vector of all elements up to the last lane's group can start: groups of
  /// stride elements, of which each lane takes the same one. `nil` where gathering is better or the vector would reach
  /// over an end of the buffer.
  private func groupStart(_ access: Access) -> Int? {
    guard access.isLinear, let axis = point.vectorAxis, let stride = access.stride(along: axis),
      (2...4).contains(stride)
    else { return nil }
    var extents = emitter.kernel.axes
    extents[axis] += 1 - lanes
    let range = access.element.range(in: extents)
    let offset = access.element.offset
    let start = offset - floorDivide(offset, stride) * stride
    let count = emitter.kernel.buffers[access.buffer].count
    return range.lowerBound >= start && range.upperBound - start + lanes * stride <= count ? start : nil
  }

  /// Every `stride`-th element of one long vector that starts `start` elements before the first of them; accesses to
  /// other elements of the same groups load the same vector.
  private func loadGroups(
    of stride: Int, from start: Int, _ address: Address, _ buffer: LLVMValueRef, _ type: ElementType
  ) -> VectorValue {
    let wide = VectorBuilder(function: function, lanes: lanes * stride)
    let first = function.add(address.base, function.int64(-start))
    let pointer = function.address(buffer, function.memoryType(type), first)
    let loaded = function.load(wide.memoryType(type), pointer, alignment: type.byteCount)
    return vector.fromMemory(function.shuffle(loaded, loaded, (0..<lanes).map { start + $0 * stride }), type)
  }

  private func gather(
    _ address: Address, _ buffer: LLVMValueRef, _ type: ElementType, _ fill: VectorValue?
  ) -> VectorValue {
    let memory = vector.memoryType(type)
    let pointers = LLVMVectorType(function.pointerType, UInt32(lanes))!
    let other = fill.map { vector.toMemory($0) } ?? LLVMConstNull(memory)!
    let loaded = function.intrinsic(
      "llvm.masked.gather", [memory, pointers],
      [elementPointers(address, buffer, type), function.int32(type.byteCount), address.mask ?? allLanes(), other])!
    return vector.fromMemory(loaded, type)
  }

  private func allLanes() -> LLVMValueRef {
    LLVMConstAllOnes(LLVMVectorType(LLVMInt1TypeInContext(function.context), UInt32(lanes)))
  }

  private func elementPointers(_ address: Address, _ buffer: LLVMValueRef, _ type: ElementType) -> LLVMValueRef {
    var positions = vector.splat(VectorValue(reference: address.base, type: .i64)).reference
    if address.stride != 0 { positions = LLVMBuildAdd(function.builder, positions, lanePositions(address.stride), "") }
    if let indices = address.indices { positions = LLVMBuildAdd(function.builder, positions, indices, "") }
    var list: [LLVMValueRef?] = [positions]
    return LLVMBuildGEP2(function.builder, function.memoryType(type), buffer, &list, 1, "")
  }

  private func store(_ value: VectorValue, _ access: Access, _ values: [VectorValue]) {
    let address = resolve(access, values)
    let buffer = emitter.buffers[access.buffer]
    let element = function.memoryType(value.type)
    let stored = vector.toMemory(value)
    if lanes == 1 {
      var position = address.base
      if let indices = address.indices { position = function.add(position, indices) }
      let write = {
        self.function.store(stored, self.function.address(buffer, element, position), alignment: value.type.byteCount)
      }
      if let mask = address.mask { function.when(mask, write) } else { write() }
      return
    }
    if address.indices == nil, address.stride == 1 {
      let pointer = function.address(buffer, element, address.base)
      guard let mask = address.mask else { return function.store(stored, pointer, alignment: value.type.byteCount) }
      return function.maskedStore(stored, pointer, mask, alignment: value.type.byteCount)
    }
    let pointers = LLVMVectorType(function.pointerType, UInt32(lanes))!
    _ = function.intrinsic(
      "llvm.masked.scatter", [LLVMTypeOf(stored), pointers],
      [
        stored, elementPointers(address, buffer, value.type), function.int32(value.type.byteCount),
        address.mask ?? allLanes(),
      ])
  }

  // MARK: Scratch

  /// Loads lanes from scratch, contiguous from element `position` behind `bytes`.
  func loadScratch(_ bytes: Int, _ position: LLVMValueRef, _ type: ElementType) -> VectorValue {
    vector.load(type, scratchAddress(bytes, position, type))
  }

  /// Stores lanes to scratch; lanes that do not exist too, for which there must be room.
  func storeScratch(_ value: VectorValue, _ bytes: Int, _ position: LLVMValueRef) {
    vector.store(value, scratchAddress(bytes, position, value.type))
  }

  private func scratchAddress(_ bytes: Int, _ position: LLVMValueRef, _ type: ElementType) -> LLVMValueRef {
    let base = function.address(emitter.scratch, bytes: function.int64(bytes))
    return function.address(base, function.memoryType(type), position)
  }
}

extension ScalarProgram {
  /// The constant that value `number` is, unless it is NaN or denormal.
  fileprivate func bound(_ number: Int) -> Scalar? {
    guard case .constant(let scalar) = instructions[number], !scalar.asDouble.isNaN else { return nil }
    return scalar.isDenormal ? nil : scalar
  }
}
