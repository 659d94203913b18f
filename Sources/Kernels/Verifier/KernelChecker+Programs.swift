import FraguaTensors

extension KernelChecker {
  /// Checks the instructions and stores of `part`, whose program reads scalars of the types `inputs` and row-local
  /// arrays of the types
  /// `locals`; the type of its result where it has one.
  @discardableResult
  mutating func check(
    _ part: KernelPart, inputs: [ElementType] = [], locals: [ElementType] = []
  ) -> ElementType? {
    let program = part.block.program
    let before = errors.count
    for (i, instruction) in program.instructions.enumerated() {
      if let error = error(in: instruction, i, program, part, inputs, locals) {
        fail("%\(i): \(error)", in: part.name, at: .instruction(kernel: number, part: part.name, i))
        return nil
      }
    }
    let ranges = ValueRanges(program, axes: kernel.axes)
    for (i, instruction) in program.instructions.enumerated() {
      guard case .load(let access) = instruction else { continue }
      if let error = boundsError(access, part, ranges) {
        fail("%\(i): \(error)", in: part.name, at: .instruction(kernel: number, part: part.name, i))
      }
    }
    for (i, store) in part.block.stores.enumerated() {
      if let error = storeError(store, part, ranges) {
        fail("store \(i): \(error)", in: part.name, at: .store(kernel: number, part: part.name, i))
      }
    }
    if part.yieldsLast && program.types.isEmpty { fail("the program has no value", in: part.name) }
    return errors.count == before ? program.types.last : nil
  }

  /// What is wrong with the types of instruction `i`.
  private func error(
    in instruction: ScalarProgram.Instruction, _ i: Int, _ program: ScalarProgram, _ part: KernelPart,
    _ inputs: [ElementType], _ locals: [ElementType]
  ) -> String? {
    let type = program.types[i]
    if let bad = program.operands(of: i).first(where: { $0 < 0 || $0 >= i }) { return "there is no value %\(bad) yet" }
    let types = program.types
    func expect(_ expected: ElementType, _ what: String) -> String? {
      type == expected ? nil : "\(what) is \(expected.rawValue), not \(type.rawValue)"
    }
    switch instruction {
    case .constant(let scalar):
      return expect(scalar.type, "the constant") ?? (scalar.isCanonical ? nil : "the constant's bits are out of range")
    case .input(let n):
      return inputs.indices.contains(n) ? expect(inputs[n], "input \(n)") : "input \(n) of \(inputs.count)"
    case .local(let n):
      return locals.indices.contains(n) ? expect(locals[n], "local \(n)") : "local \(n) of \(locals.count)"
    case .index(let axis):
      return part.axes.contains(axis) ? expect(.i64, "an index") : "the axis \(axis) is not one the program sees"
    case .load(let access):
      return accessError(access, part, isStore: false, program) ?? expect(element(access), "the buffer")
    case .unary(let op, let x):
      return expect(types[x], "the operand") ?? (op.takes(type) ? nil : "no \(op.rawValue) of \(type.rawValue)")
    case .binary(let op, let x, let y):
      if types[x] != types[y] { return "\(op.rawValue) of \(types[x].rawValue) and \(types[y].rawValue)" }
      return expect(types[x], "the operand") ?? (op.takes(type) ? nil : "no \(op.rawValue) of \(type.rawValue)")
    case .compare(let op, let x, let y):
      if types[x] != types[y] { return "\(op.rawValue) of \(types[x].rawValue) and \(types[y].rawValue)" }
      return expect(.i1, "a comparison") ?? (op.takes(types[x]) ? nil : "no \(op.rawValue) of \(types[x].rawValue)")
    case .select(let condition, let x, let y):
      if types[condition] != .i1 { return "a condition of \(types[condition].rawValue)" }
      if types[x] != types[y] { return "select between \(types[x].rawValue) and \(types[y].rawValue)" }
      return expect(types[x], "the operand")
    case .convert: return nil
    case .fma(let x, let y, let z):
      if !type.isFloat || type.isStorage { return "fma of \(type.rawValue)" }
      return [x, y, z].lazy.compactMap { expect(types[$0], "the operand") }.first
    case .random(let seed, let step, let index, _):
      if let bad = [seed, step, index].first(where: { types[$0] != .i64 }) {
        return "a seed, step or index of \(types[bad].rawValue)"
      }
      return expect(.i64, "a random word")
    }
  }

  /// The element type of the buffer that `access` names.
  private func element(_ access: Access) -> ElementType { kernel.buffers[access.buffer].element }

  /// What is wrong with the form of `access`.
  private func accessError(_ access: Access, _ part: KernelPart, isStore: Bool, _ program: ScalarProgram) -> String? {
    guard kernel.buffers.indices.contains(access.buffer) else {
      return "buffer \(access.buffer) of \(kernel.buffers.count)"
    }
    let buffer = kernel.buffers[access.buffer]
    if buffer.use == (isStore ? .read : .write) {
      return "buffer \(access.buffer) is for \(buffer.use.rawValue) only"
    }
    for expression in access.expressions {
      if let error = expressionError(expression, part) { return error }
    }
    if isStore, !access.element.isLinear { return "a store to an element that is a digit of coordinates" }
    if let bad = access.guards.first(where: { !(1...1 << 58).contains($0.bound) }) {
      return "a guard's bound is \(bad.bound)"
    }
    for index in access.indices where program.types[index.value] != .i64 {
      return "an index of \(program.types[index.value].rawValue)"
    }
    if isStore || access.guards.isEmpty {
      return access.fill == nil ? nil : "a fill value \(isStore ? "of a store" : "without a guard")"
    }
    guard let fill = access.fill else { return "a guard without a fill value" }
    return fill.type == buffer.element && fill.isCanonical
      ? nil : "the fill value is \(fill.type.rawValue), the buffer \(buffer.element.rawValue)"
  }

  /// What is wrong with the form of `expression`.
  private func expressionError(_ expression: AffineExpression, _ part: KernelPart) -> String? {
    let axisCount = kernel.axes.count
    if expression.coefficients.count != axisCount {
      return "\(expression.coefficients.count) strides for \(axisCount) axes"
    }
    for axis in 0..<axisCount where expression.coefficients[axis] != 0 && !part.axes.contains(axis) {
      return "a stride along axis \(axis), which the program does not see"
    }
    for digit in expression.digits {
      if !digit.dividend.isLinear { return "a digit of digits" }
      if let error = expressionError(digit.dividend, part) { return error }
      if !(1...Self.largestDivisor).contains(digit.divisor) { return "a division by \(digit.divisor)" }
      if let modulus = digit.modulus, !(2...Self.largestDivisor).contains(modulus) {
        return "a remainder by \(modulus)"
      }
    }
    return nil
  }

  /// The product of two is far from overflow.
  private static let largestDivisor = 1 << 29

  /// What is wrong with the reach of `access`.
  private func boundsError(_ access: Access, _ part: KernelPart, _ ranges: ValueRanges) -> String? {
    let bounds = AccessBounds(access, axes: part.axes, extents: kernel.axes, ranges)
    if !bounds.isSafe { return "an index has no bounds, or the address overflows" }
    if bounds.box == nil { return nil }
    let count = kernel.buffers[access.buffer].count
    guard let elements = bounds.elements else { return "the address overflows" }
    return ClosedInterval(0, count - 1).contains(elements)
      ? nil : "elements \(elements.low) to \(elements.high) of buffer \(access.buffer), which has \(count)"
  }

  /// What is wrong with `store`.
  private func storeError(_ store: Store, _ part: KernelPart, _ ranges: ValueRanges) -> String? {
    let program = part.block.program
    guard program.types.indices.contains(store.value) else { return "there is no value %\(store.value)" }
    if let bad = store.access.indices.first(where: { !program.types.indices.contains($0.value) }) {
      return "there is no value %\(bad.value)"
    }
    if let error = accessError(store.access, part, isStore: true, program) { return error }
    let type = program.types[store.value]
    if type != element(store.access) { return "a \(type.rawValue) into a buffer of \(element(store.access).rawValue)" }
    if let error = boundsError(store.access, part, ranges) { return error }
    if store.access.indices.contains(where: { ranges.varies[$0.value] }) {
      return "an index that differs between points may hit an element twice"
    }
    let bounds = AccessBounds(store.access, axes: part.axes, extents: kernel.axes, ranges)
    let element = store.access.element
    return bounds.isInjective(over: part.axes, element)
      ? nil : "the strides \(element.coefficients) may hit an element twice"
  }
}
