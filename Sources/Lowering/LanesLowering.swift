import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Lowers a whole small function to one kernel, one row of the batch a lane: form `lanes`.
///
/// Tensors are unrolled into scalars. An element is named by its coordinates, with the row in place of one of them.
/// What depends on rows goes into the program of a row, sums over rows join them, the rest goes into the epilogue.
struct LanesLowering {
  private let region: RegionContext
  private let form: LanesForm
  private var draft = KernelDraft()
  private var sections: [Place: Section] = [.row: Section(), .epilogue: Section()]
  /// The numbers, in the row program, of what is summed.
  private var sums: [Int] = []
  private var sumOfElement: [Element: Int] = [:]

  /// Where a program runs.
  private enum Place { case row, epilogue }

  /// A program with the elements that it has computed.
  private struct Section {
    var program = ScalarProgram()
    var known: [Element: Int] = [:]
    var stores: [Store] = []
  }

  /// A coordinate, affine in the row: `offset + stride * row`.
  private struct Coordinate: Hashable {
    var offset: Int
    var stride = 0

    static let row = Coordinate(offset: 0, stride: 1)
    static func fixed(_ offset: Int) -> Coordinate { Coordinate(offset: offset) }
  }

  private struct Element: Hashable {
    let value: ValueID
    let coordinates: [Coordinate]
    /// Conditions on the row without which the element is not used.
    let guards: [AffineGuard]
  }

  /// - Parameter argumentCount: how many of the region's first arguments are the batch's.
  init(_ region: RegionContext, argumentCount: Int) throws(Diagnostic) {
    self.region = region
    guard let form = region.lanesForm(argumentCount: argumentCount), form.isWorthwhile else {
      throw region.error("it does not fit the form 'lanes'")
    }
    self.form = form
  }

  /// The kernel and its buffers.
  mutating func lower() throws(Diagnostic) -> (kernel: Kernel, bindings: [KernelDraft.Source]) {
    for (index, value) in region.function.results.enumerated() {
      let axis = form.rowAxis[value.id]
      for coordinates in allCoordinates(value.type.extents, row: axis) {
        if axis != nil {
          let number = try emit(value, coordinates, .row)
          sections[.row]!.stores += stores(index, coordinates, number)
        } else {
          let number = try emit(value, coordinates, .epilogue)
          sections[.epilogue]!.stores += stores(index, coordinates, number)
        }
      }
    }
    let row = sections[.row]!
    let epilogue = sections[.epilogue]!
    let body = LanesBody(
      row: Block(row.program, stores: row.stores), sums: sums,
      epilogue: Block(epilogue.program, stores: epilogue.stores))
    let kernel = Kernel(axes: [form.rows], parallelAxes: 1, buffers: draft.buffers, body: .lanes(body))
    return (kernel, draft.bindings)
  }

  /// All coordinates of a shape, row-major, with the row along axis `row`.
  private func allCoordinates(_ extents: [Int], row: Int?) -> [[Coordinate]] {
    var result: [[Coordinate]] = [[]]
    for (axis, extent) in extents.enumerated() {
      if axis == row {
        result = result.map { $0 + [.row] }
      } else {
        result = result.flatMap { prefix in (0..<extent).map { prefix + [.fixed($0)] } }
      }
    }
    return result
  }

  private mutating func stores(_ result: Int, _ coordinates: [Coordinate], _ number: Int) -> [Store] {
    let type = region.function.results[result].type
    return region.outputs[result].map { buffer in
      Store(access(draft.buffer(buffer, type, .write), type, coordinates), number)
    }
  }

  private func access(
    _ buffer: Int, _ type: TensorType, _ coordinates: [Coordinate], guards: [AffineGuard] = [], fill: Scalar? = nil
  ) -> Access {
    let place = Self.sum(coordinates, rowMajorStrides(type.extents))
    return Access(
      buffer: buffer, offset: place.offset, strides: [place.stride], guards: guards,
      fill: guards.isEmpty ? nil : fill ?? Scalar(0, as: type.element))
  }

  /// `offset + Σ weights * coordinates`.
  private static func sum(_ coordinates: [Coordinate], _ weights: [Int], offset: Int = 0) -> Coordinate {
    zip(coordinates, weights).reduce(Coordinate(offset: offset)) {
      Coordinate(offset: $0.offset + $1.1 * $1.0.offset, stride: $0.stride + $1.1 * $1.0.stride)
    }
  }

  // MARK: Elements

  private mutating func emit(
    _ value: Value, _ coordinates: [Coordinate], _ place: Place, guards: [AffineGuard] = []
  ) throws(Diagnostic) -> Int {
    let element = Element(value: value.id, coordinates: coordinates, guards: guards)
    if let known = sections[place]!.known[element] { return known }
    let number = try compute(value, coordinates, place, guards)
    sections[place]!.known[element] = number
    return number
  }

  private mutating func compute(
    _ value: Value, _ coordinates: [Coordinate], _ place: Place, _ guards: [AffineGuard]
  ) throws(Diagnostic) -> Int {
    guard let index = region.producers[value.id] else {
      return load(value, region.inputs[value.id]!, coordinates, place, guards)
    }
    let node = region.function.nodes[index]
    switch region.roles[index] {
    case .constant(let constant):
      if let splat = constant.splat { return sections[place]!.program.constant(splat) }
      return load(value, region.constants[value.id]!, coordinates, place, guards)
    case .pointwise(let expression):
      var operands: [Int] = []
      for operand in node.operands { operands.append(try emit(operand, coordinates, place, guards: guards)) }
      return expression(&sections[place]!.program, operands)
    case .generator(let expression):
      let positions = coordinates.map { emit($0, place) }
      return expression(&sections[place]!.program, positions, [])
    case .view(let map): return try emitView(map, node, coordinates, place, guards)
    case .reduction(let combiner, let axes):
      return try emitReduction(value, node, combiner, axes.sorted(), coordinates, place, guards)
    case .contraction(let dimensions):
      return try emitContraction(value, node, dimensions, coordinates, place, guards)
    case .gather, .scatterAdd: throw region.error("'\(node.name)' does not fit the form 'lanes'")
    }
  }

  private mutating func load(
    _ value: Value, _ buffer: KernelDraft.Source, _ coordinates: [Coordinate], _ place: Place, _ guards: [AffineGuard],
    fill: Scalar? = nil
  ) -> Int {
    let access = access(
      draft.buffer(buffer, value.type, .read), value.type, coordinates, guards: guards, fill: fill)
    return sections[place]!.program.load(access, value.type.element)
  }

  /// A coordinate as an `i64` value.
  private mutating func emit(_ coordinate: Coordinate, _ place: Place) -> Int {
    let offset = sections[place]!.program.constant(Scalar(Int64(coordinate.offset)))
    if coordinate.stride == 0 { return offset }
    var row = sections[place]!.program.index(0)
    if coordinate.stride != 1 {
      let stride = sections[place]!.program.constant(Scalar(Int64(coordinate.stride)))
      row = sections[place]!.program.multiply(row, stride)
    }
    return coordinate.offset == 0 ? row : sections[place]!.program.add(row, offset)
  }

  private mutating func emitView(
    _ map: AffineMap, _ node: Node, _ coordinates: [Coordinate], _ place: Place, _ guards: [AffineGuard]
  ) throws(Diagnostic) -> Int {
    let operand = node.operands[0]
    var inner: [Coordinate] = []
    for coordinate in map.coordinates { inner.append(try self.coordinate(coordinate, at: coordinates)) }
    guard let fill = map.fill else { return try emit(operand, inner, place, guards: guards) }
    let rows = coordinates.map { AffineExpression(offset: $0.offset, coefficients: [$0.stride]) }
    guard let own = map.guards(at: rows, in: [form.rows]) else { return sections[place]!.program.constant(fill) }
    if own.isEmpty { return try emit(operand, inner, place, guards: guards) }
    if region.producers[operand.id] == nil, guards.isEmpty {
      return load(operand, region.inputs[operand.id]!, inner, place, own, fill: fill)
    }
    let inside = try emit(operand, inner, place, guards: guards + own)
    let filled = sections[place]!.program.constant(fill)
    return sections[place]!.program.select(emitCondition(own, place), inside, filled)
  }

  /// Whether all guards hold, as a value.
  private mutating func emitCondition(_ guards: [AffineGuard], _ place: Place) -> Int {
    var condition: Int?
    for entry in guards {
      let row = entry.expression
      let position = emit(Coordinate(offset: row.offset, stride: row.coefficients[0]), place)
      let zero = sections[place]!.program.constant(Scalar(Int64(0)))
      let bound = sections[place]!.program.constant(Scalar(Int64(entry.bound)))
      let low = sections[place]!.program.compare(.ge, position, zero)
      let high = sections[place]!.program.compare(.lt, position, bound)
      let both = sections[place]!.program.binary(.and, low, high)
      condition = condition.map { sections[place]!.program.binary(.and, $0, both) } ?? both
    }
    return condition!
  }

  /// An expression of coordinates, of whose digits the places are known.
  private func coordinate(
    _ expression: AffineExpression, at coordinates: [Coordinate]
  ) throws(Diagnostic) -> Coordinate {
    var result = Self.sum(coordinates, expression.coefficients, offset: expression.offset)
    for digit in expression.digits {
      let dividend = Self.sum(coordinates, digit.dividend.coefficients, offset: digit.dividend.offset)
      guard dividend.stride == 0 else { throw region.error("it reshapes across rows") }
      result.offset += digit.coefficient * digit.value(of: dividend.offset)
    }
    return result
  }

  // MARK: Sums

  private mutating func emitReduction(
    _ value: Value, _ node: Node, _ combiner: Combiner, _ axes: [Int], _ coordinates: [Coordinate],
    _ place: Place, _ guards: [AffineGuard]
  ) throws(Diagnostic) -> Int {
    let operand = node.operands[0]
    let rowAxis = form.rowAxis[operand.id]
    let sumsRows = rowAxis.map { axes.contains($0) } ?? false
    let inner = allCoordinates(
      axes.map { operand.type.extents[$0] }, row: sumsRows ? axes.firstIndex(of: rowAxis!) : nil)
    let places = inner.map { reduced in
      var kept = coordinates.makeIterator()
      return operand.type.extents.indices.map { axis in
        if let position = axes.firstIndex(of: axis) { return reduced[position] }
        return kept.next()!
      }
    }
    if sumsRows {
      return try emitSum(value, coordinates, place) { lowering throws(Diagnostic) in
        try lowering.join(operand, places, combiner, .row, [])
      }
    }
    return try join(operand, places, combiner, place, guards)
  }

  /// Elements joined as a ``Reduction`` joins them.
  private mutating func join(
    _ operand: Value, _ places: [[Coordinate]], _ combiner: Combiner, _ place: Place, _ guards: [AffineGuard]
  ) throws(Diagnostic) -> Int {
    let join = { (program: inout ScalarProgram, a: Int, b: Int) in
      switch combiner {
      case .sum: program.add(a, b)
      case .max: program.binary(.maximum, a, b)
      case .min: program.binary(.minimum, a, b)
      }
    }
    return try joinedLanes(places.count, place, by: join) { lowering, term, lane throws(Diagnostic) in
      let element = try lowering.emit(operand, places[term], place, guards: guards)
      if let lane { return join(&lowering.sections[place]!.program, lane, element) }
      // One term alone meets no arithmetic, which would make a denormal zero.
      return places.count > 1 ? element : lowering.sections[place]!.program.flushed(element)
    }
  }

  /// `count` terms joined in virtual lanes, term `t` in lane `t mod 16`, and those by halves.
  /// - Parameter step: appends what a lane is with the next term, the first of a lane where there is none yet.
  private mutating func joinedLanes(
    _ count: Int, _ place: Place, by join: (inout ScalarProgram, Int, Int) -> Int,
    _ step: (inout LanesLowering, _ term: Int, _ lane: Int?) throws(Diagnostic) -> Int
  ) throws(Diagnostic) -> Int {
    var lanes: [Int] = []
    for term in 0..<count {
      let lane = term % Kernel.sumLanes
      if lane < lanes.count {
        lanes[lane] = try step(&self, term, lanes[lane])
      } else {
        lanes.append(try step(&self, term, nil))
      }
    }
    var half = Kernel.sumLanes / 2
    while half >= 1 {
      if lanes.count > half {
        for lane in half..<lanes.count {
          lanes[lane - half] = join(&sections[place]!.program, lanes[lane - half], lanes[lane])
        }
        lanes.removeLast(lanes.count - half)
      }
      half /= 2
    }
    return lanes[0]
  }

  private mutating func emitContraction(
    _ value: Value, _ node: Node, _ dimensions: ContractionDimensions, _ coordinates: [Coordinate],
    _ place: Place, _ guards: [AffineGuard]
  ) throws(Diagnostic) -> Int {
    let (lhs, rhs) = (node.operands[0], node.operands[1])
    let rowAxis = form.rowAxis[lhs.id]
    let rowPosition = rowAxis.flatMap { dimensions.lhsContracting.firstIndex(of: $0) }
    let lhsFree = dimensions.lhsFree(rank: lhs.type.rank)
    let rhsFree = dimensions.rhsFree(rank: rhs.type.rank)
    let batch = Array(coordinates.prefix(dimensions.lhsBatch.count))
    let m = Array(coordinates.dropFirst(batch.count).prefix(lhsFree.count))
    let n = Array(coordinates.suffix(rhsFree.count))
    let steps = allCoordinates(dimensions.lhsContracting.map { lhs.type.extents[$0] }, row: rowPosition).map { k in
      (
        Self.arrange(lhs.type.rank, [(dimensions.lhsBatch, batch), (lhsFree, m), (dimensions.lhsContracting, k)]),
        Self.arrange(rhs.type.rank, [(dimensions.rhsBatch, batch), (rhsFree, n), (dimensions.rhsContracting, k)])
      )
    }
    if rowPosition != nil {
      return try emitSum(value, coordinates, place) { lowering throws(Diagnostic) in
        try lowering.multiply(lhs, rhs, steps, .chain, .row, [])
      }
    }
    return try multiply(lhs, rhs, steps, dimensions.summation(lhs.type, rhs.type), place, guards)
  }

  private static func arrange(_ rank: Int, _ parts: [(axes: [Int], coordinates: [Coordinate])]) -> [Coordinate] {
    var result = [Coordinate](repeating: .fixed(0), count: rank)
    for part in parts { for (axis, coordinate) in zip(part.axes, part.coordinates) { result[axis] = coordinate } }
    return result
  }

  /// The sum of products: chains of a product and then fused multiply-adds, in order.
  private mutating func multiply(
    _ lhs: Value, _ rhs: Value, _ steps: [([Coordinate], [Coordinate])], _ summation: ContractBody.Summation,
    _ place: Place, _ guards: [AffineGuard]
  ) throws(Diagnostic) -> Int {
    let isFloat = lhs.type.element.isFloat
    func add(_ lowering: inout LanesLowering, _ step: Int, _ sum: Int?) throws(Diagnostic) -> Int {
      let a = try lowering.emit(lhs, steps[step].0, place, guards: guards)
      let b = try lowering.emit(rhs, steps[step].1, place, guards: guards)
      guard let sum else { return lowering.sections[place]!.program.multiply(a, b) }
      if isFloat { return lowering.sections[place]!.program.fma(a, b, sum) }
      let product = lowering.sections[place]!.program.multiply(a, b)
      return lowering.sections[place]!.program.add(sum, product)
    }
    if summation == .lanes { return try joinedLanes(steps.count, place, by: { $0.add($1, $2) }, add) }
    var total: Int?
    for step in steps.indices { total = try add(&self, step, total) }
    return total!
  }

  /// The epilogue's input that is the sum over rows of what `term` appends to the row program.
  private mutating func emitSum(
    _ value: Value, _ coordinates: [Coordinate], _ place: Place,
    _ term: (inout LanesLowering) throws(Diagnostic) -> Int
  ) throws(Diagnostic) -> Int {
    let element = Element(value: value.id, coordinates: coordinates, guards: [])
    let input: Int
    if let known = sumOfElement[element] {
      input = known
    } else {
      let number = try term(&self)
      sums.append(number)
      input = sums.count - 1
      sumOfElement[element] = input
    }
    return sections[place]!.program.input(input, value.type.element)
  }
}
