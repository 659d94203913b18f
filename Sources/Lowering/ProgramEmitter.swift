import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Writes a scalar program that computes values of a region at affine coordinates, composing the roles of its nodes.
struct ProgramEmitter {
  let region: RegionContext
  /// The axes of the kernel.
  let rank: Int
  /// The extents of those axes.
  let extents: [Int]
  var draft: KernelDraft
  private(set) var program = ScalarProgram()
  /// Values that the kernel gives: a reduction's result, an accumulator, a row-local array, with the coordinates at
  /// which they stand.
  var bindings: [ValueID: Binding] = [:]
  /// Where the program runs once for many points (a sweep), the axes that vary; what does not depend on them is asked
  /// of `hoist`.
  var sweptAxes: Range<Int> = 0..<0
  /// Values that the program needs from outside its sweep, in the order of their inputs, which start at `hoistBase`.
  private(set) var hoisted: [(value: Value, coordinates: [AffineExpression])] = []
  var hoistBase = 0
  private var memo: [Key: Int] = [:]

  struct Binding {
    var coordinates: [AffineExpression]
    var instruction: ScalarProgram.Instruction
  }

  private struct Key: Hashable {
    let value: ValueID
    let coordinates: [AffineExpression]
    let guards: [AffineGuard]
  }

  init(_ region: RegionContext, extents: [Int], draft: KernelDraft) {
    self.region = region
    self.extents = extents
    rank = extents.count
    self.draft = draft
  }

  /// Appends what computes `value` at `coordinates` and returns its number.
  /// - Parameter guards: conditions without which the result is not used; loads inside are skipped where one does not
  ///   hold.
  mutating func emit(
    _ value: Value, at coordinates: [AffineExpression], guards: [AffineGuard] = []
  ) throws(Diagnostic) -> Int {
    let key = Key(value: value.id, coordinates: coordinates, guards: guards)
    if let known = memo[key] { return known }
    let result = try compute(value, coordinates, guards)
    memo[key] = result
    return result
  }

  private mutating func compute(
    _ value: Value, _ coordinates: [AffineExpression], _ guards: [AffineGuard]
  ) throws(Diagnostic) -> Int {
    if let binding = bindings[value.id], binding.coordinates == coordinates {
      return program.append(binding.instruction, value.type.element)
    }
    guard let index = region.producers[value.id] else {
      return try load(value, region.inputs[value.id]!, coordinates, guards, fill: nil)
    }
    let node = region.function.nodes[index]
    switch region.roles[index] {
    case .pointwise(let expression):
      if let input = hoist(value, coordinates, guards) { return input }
      var operands: [Int] = []
      for operand in node.operands { operands.append(try emit(operand, at: coordinates, guards: guards)) }
      return expression(&program, operands)
    case .generator(let expression):
      if let input = hoist(value, coordinates, guards) { return input }
      let positions = coordinates.map { program.value(of: $0, in: extents) }
      var operands: [[Int]] = []
      for operand in node.operands { operands.append(try emitAllElements(operand, guards)) }
      return expression(&program, positions, operands)
    case .view(let map): return try emitView(map, node, coordinates, guards)
    case .constant(let constant):
      if let splat = constant.splat { return program.constant(splat) }
      return try load(value, region.constants[value.id]!, coordinates, guards, fill: nil)
    case .gather: return try emitGather(node, coordinates, guards)
    case .reduction, .contraction, .scatterAdd:
      throw region.error("\(describe(value)) is not available where it is used")
    }
  }

  /// The input that brings a value from outside the sweep, where it does not depend on the swept axes.
  private mutating func hoist(_ value: Value, _ coordinates: [AffineExpression], _ guards: [AffineGuard]) -> Int? {
    guard !sweptAxes.isEmpty, guards.isEmpty,
      coordinates.allSatisfy({ expression in sweptAxes.allSatisfy { !expression.depends(on: $0) } })
    else { return nil }
    hoisted.append((value, coordinates))
    return program.input(hoistBase + hoisted.count - 1, value.type.element)
  }

  private mutating func emitView(
    _ map: AffineMap, _ node: Node, _ coordinates: [AffineExpression], _ guards: [AffineGuard]
  ) throws(Diagnostic) -> Int {
    let operand = node.operands[0]
    guard let inner = map.coordinates(at: coordinates, in: extents) else {
      let result = node.results[0].type.extents
      if region.producers[operand.id] == nil, map.keepsOrder(from: operand.type.extents, to: result) {
        let place = AffineExpression.sum(0, rowMajorStrides(result), coordinates, rank: rank)
        return load(operand.type, region.inputs[operand.id]!, place, guards, fill: nil, indices: [])
      }
      throw region.error("it needs elements of \(describe(operand)) at digits of digits of coordinates")
    }
    guard let fill = map.fill else { return try emit(operand, at: inner, guards: guards) }
    guard let own = map.guards(at: coordinates, in: extents) else { return program.constant(fill) }
    if own.isEmpty { return try emit(operand, at: inner, guards: guards) }
    let isLeaf = region.producers[operand.id] == nil && bindings[operand.id] == nil
    if isLeaf, guards.isEmpty { return try load(operand, region.inputs[operand.id]!, inner, own, fill: fill) }
    let inside = try emit(operand, at: inner, guards: guards + own)
    let filled = program.constant(fill)
    return program.select(emitCondition(own), inside, filled)
  }

  private mutating func emitGather(
    _ node: Node, _ coordinates: [AffineExpression], _ guards: [AffineGuard]
  ) throws(Diagnostic) -> Int {
    let (table, indices) = (node.operands[0], node.operands[1])
    guard region.producers[table.id] == nil, let buffer = region.inputs[table.id] else {
      throw region.error("it gathers from \(describe(table)), which is not stored")
    }
    let position = try emit(indices, at: Array(coordinates.prefix(indices.type.rank)), guards: guards)
    let wide = program.convert(position, to: .i64)
    let zero = program.constant(Scalar(Int64(0)))
    let last = program.constant(Scalar(Int64(table.type.extents[0] - 1)))
    let clamped = program.binary(.minimum, program.binary(.maximum, wide, zero), last)
    let strides = rowMajorStrides(table.type.extents)
    let inner = Array(coordinates.dropFirst(indices.type.rank))
    let linear = AffineExpression.sum(0, Array(strides.dropFirst()), inner, rank: rank)
    return load(
      table.type, buffer, linear, guards, fill: nil, indices: [Access.IndexTerm(value: clamped, stride: strides[0])])
  }

  /// All elements of a small operand, row-major.
  private mutating func emitAllElements(_ operand: Value, _ guards: [AffineGuard]) throws(Diagnostic) -> [Int] {
    let extents = operand.type.extents
    let strides = rowMajorStrides(extents)
    var elements: [Int] = []
    for linear in 0..<operand.type.elementCount {
      let coordinates = extents.indices.map {
        AffineExpression.constant(linear / strides[$0] % extents[$0], rank: rank)
      }
      elements.append(try emit(operand, at: coordinates, guards: guards))
    }
    return elements
  }

  private mutating func load(
    _ value: Value, _ buffer: KernelDraft.Source, _ coordinates: [AffineExpression], _ guards: [AffineGuard],
    fill: Scalar?
  ) throws(Diagnostic) -> Int {
    let linear = AffineExpression.sum(0, rowMajorStrides(value.type.extents), coordinates, rank: rank)
    return load(value.type, buffer, linear, guards, fill: fill, indices: [])
  }

  private mutating func load(
    _ type: TensorType, _ buffer: KernelDraft.Source, _ linear: AffineExpression, _ guards: [AffineGuard],
    fill: Scalar?,
    indices: [Access.IndexTerm]
  ) -> Int {
    let access = Access(
      buffer: draft.buffer(buffer, type, .read), element: linear, guards: guards,
      fill: guards.isEmpty ? nil : fill ?? Scalar(0, as: type.element), indices: indices)
    return program.load(access, type.element)
  }

  private mutating func emitCondition(_ guards: [AffineGuard]) -> Int {
    var condition: Int?
    for entry in guards {
      let position = program.value(of: entry.expression, in: extents)
      let low = program.compare(.ge, position, program.constant(Scalar(Int64(0))))
      let high = program.compare(.lt, position, program.constant(Scalar(Int64(entry.bound))))
      let both = program.binary(.and, low, high)
      condition = condition.map { program.binary(.and, $0, both) } ?? both
    }
    return condition!
  }

  private func describe(_ value: Value) -> String {
    "'%\(region.function.valueNames[value.id] ?? String(value.id.number))'"
  }

  /// The stores of result `result`, value `number`, to the buffers that receive it: element `element` of each.
  mutating func stores(ofResult result: Int, _ number: Int, to element: AffineExpression) -> [Store] {
    let type = region.function.results[result].type
    return region.outputs[result].map { buffer in
      Store(Access(buffer: draft.buffer(buffer, type, .write), element: element), number)
    }
  }

  /// Those of a result at `coordinates`.
  mutating func stores(ofResult result: Int, _ number: Int, at coordinates: [AffineExpression]) -> [Store] {
    let strides = rowMajorStrides(region.function.results[result].type.extents)
    return stores(ofResult: result, number, to: .sum(0, strides, coordinates, rank: rank))
  }

  /// The program with `number` as its last value, as the factors of a contraction need it.
  mutating func ended(with number: Int) -> ScalarProgram {
    if number == program.instructions.count - 1 { return program }
    // The value was needed by something else too; a select of it with itself repeats it.
    let always = program.constant(Scalar(true))
    _ = program.select(always, number, number)
    return program
  }
}
