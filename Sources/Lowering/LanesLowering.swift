import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors
import FraguaTransforms

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

  /// A coordinate: a number, or the row.
  private enum Coordinate: Hashable {
    case fixed(Int)
    case row
  }

  private struct Element: Hashable {
    let value: Int
    let coordinates: [Coordinate]
  }

  /// - Parameter argumentCount: how many of the region's first arguments are the batch's.
  init(_ region: RegionContext, argumentCount: Int) throws(Diagnostic) {
    self.region = region
    guard let form = LanesForm(region.function, argumentCount: argumentCount) else {
      throw region.error("it does not fit the form 'lanes'")
    }
    self.form = form
  }

  /// The kernel and its buffers.
  mutating func lower() throws(Diagnostic) -> (kernel: Kernel, bindings: [Int]) {
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

  private func access(_ buffer: Int, _ type: TensorType, _ coordinates: [Coordinate]) -> Access {
    var offset = 0
    var stride = 0
    for (coordinate, distance) in zip(coordinates, rowMajorStrides(type.extents)) {
      switch coordinate {
      case .fixed(let position): offset += position * distance
      case .row: stride += distance
      }
    }
    return Access(buffer: buffer, offset: offset, strides: [stride])
  }

  // MARK: Elements

  private mutating func emit(
    _ value: Value, _ coordinates: [Coordinate], _ place: Place
  ) throws(Diagnostic) -> Int {
    let element = Element(value: value.id, coordinates: coordinates)
    if let known = sections[place]!.known[element] { return known }
    let number = try compute(value, coordinates, place)
    sections[place]!.known[element] = number
    return number
  }

  private mutating func compute(
    _ value: Value, _ coordinates: [Coordinate], _ place: Place
  ) throws(Diagnostic) -> Int {
    guard let index = region.producers[value.id] else {
      return load(value, region.inputs[value.id]!, coordinates, place)
    }
    let node = region.function.nodes[index]
    switch region.roles[index] {
    case .constant(let constant):
      if let splat = constant.splat { return sections[place]!.program.constant(splat) }
      return load(value, region.constants[value.id]!, coordinates, place)
    case .pointwise(let expression):
      var operands: [Int] = []
      for operand in node.operands { operands.append(try emit(operand, coordinates, place)) }
      return expression(&sections[place]!.program, operands)
    case .generator(let expression):
      let positions = coordinates.map { coordinate in
        switch coordinate {
        case .fixed(let position): sections[place]!.program.constant(Scalar(Int64(position)))
        case .row: sections[place]!.program.index(0)
        }
      }
      return expression(&sections[place]!.program, positions, [])
    case .view(let view): return try emitView(view, node, coordinates, place)
    case .reduction(let combiner, let axes):
      return try emitReduction(value, node, combiner, axes.sorted(), coordinates, place)
    case .contraction(let dimensions):
      return try emitContraction(value, node, dimensions, coordinates, place)
    case .gather, .scatterAdd: throw region.error("'\(node.name)' does not fit the form 'lanes'")
    }
  }

  private mutating func load(
    _ value: Value, _ buffer: Int, _ coordinates: [Coordinate], _ place: Place
  ) -> Int {
    sections[place]!.program.load(
      access(draft.buffer(buffer, value.type, .read), value.type, coordinates), value.type.element)
  }

  private mutating func emitView(
    _ view: View, _ node: Node, _ coordinates: [Coordinate], _ place: Place
  ) throws(Diagnostic) -> Int {
    let operand = node.operands[0]
    guard case .affine(let offsets, let coefficients, let fill) = view else {
      return try emit(operand, try reshaped(coordinates, node), place)
    }
    var inner: [Coordinate] = []
    for axis in offsets.indices {
      var fixed = offsets[axis]
      var hasRow = false
      for (coordinate, coefficient) in zip(coordinates, coefficients[axis]) where coefficient != 0 {
        switch coordinate {
        case .fixed(let position): fixed += coefficient * position
        case .row: hasRow = true
        }
      }
      if !hasRow, fill != nil, fixed < 0 || fixed >= operand.type.extents[axis] {
        return sections[place]!.program.constant(fill!)
      }
      if hasRow, fixed != 0 { throw region.error("it moves rows against each other") }
      inner.append(hasRow ? .row : .fixed(fixed))
    }
    return try emit(operand, inner, place)
  }

  /// The coordinates in the operand of a reshape: the row keeps its place, with as many elements behind it.
  private func reshaped(_ coordinates: [Coordinate], _ node: Node) throws(Diagnostic) -> [Coordinate] {
    let from = node.operands[0].type.extents
    let to = node.results[0].type.extents
    let (fromStrides, toStrides) = (rowMajorStrides(from), rowMajorStrides(to))
    let linear = zip(coordinates, toStrides).reduce(0) { sum, item in
      if case .fixed(let position) = item.0 { sum + position * item.1 } else { sum }
    }
    var result = zip(from, fromStrides).map { Coordinate.fixed(linear / $1 % $0) }
    guard let row = coordinates.firstIndex(of: .row) else { return result }
    guard let axis = from.indices.first(where: { from[$0] == to[row] && fromStrides[$0] == toStrides[row] }) else {
      throw region.error("it reshapes across rows")
    }
    result[axis] = .row
    return result
  }

  // MARK: Sums

  private mutating func emitReduction(
    _ value: Value, _ node: Node, _ combiner: Combiner, _ axes: [Int], _ coordinates: [Coordinate],
    _ place: Place
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
        try lowering.join(operand, places, combiner, .row)
      }
    }
    return try join(operand, places, combiner, place)
  }

  /// Elements joined in order.
  private mutating func join(
    _ operand: Value, _ places: [[Coordinate]], _ combiner: Combiner, _ place: Place
  ) throws(Diagnostic) -> Int {
    var total: Int?
    for coordinates in places {
      let element = try emit(operand, coordinates, place)
      guard let sum = total else {
        total = element
        continue
      }
      switch combiner {
      case .sum: total = sections[place]!.program.add(sum, element)
      case .max: total = sections[place]!.program.binary(.maximum, sum, element)
      case .min: total = sections[place]!.program.binary(.minimum, sum, element)
      }
    }
    return total!
  }

  private mutating func emitContraction(
    _ value: Value, _ node: Node, _ dimensions: ContractionDimensions, _ coordinates: [Coordinate],
    _ place: Place
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
        try lowering.multiply(lhs, rhs, steps, .row)
      }
    }
    return try multiply(lhs, rhs, steps, place)
  }

  private static func arrange(_ rank: Int, _ parts: [(axes: [Int], coordinates: [Coordinate])]) -> [Coordinate] {
    var result = [Coordinate](repeating: .fixed(0), count: rank)
    for part in parts { for (axis, coordinate) in zip(part.axes, part.coordinates) { result[axis] = coordinate } }
    return result
  }

  /// The sum of products, as a product and then fused multiply-adds in order.
  private mutating func multiply(
    _ lhs: Value, _ rhs: Value, _ steps: [([Coordinate], [Coordinate])], _ place: Place
  ) throws(Diagnostic) -> Int {
    var total: Int?
    for step in steps {
      let a = try emit(lhs, step.0, place)
      let b = try emit(rhs, step.1, place)
      guard let sum = total else {
        total = sections[place]!.program.multiply(a, b)
        continue
      }
      total =
        lhs.type.element.isFloat
        ? sections[place]!.program.fma(a, b, sum)
        : sections[place]!.program.add(sum, sections[place]!.program.multiply(a, b))
    }
    return total!
  }

  /// The epilogue's input that is the sum over rows of what `term` appends to the row program.
  private mutating func emitSum(
    _ value: Value, _ coordinates: [Coordinate], _ place: Place,
    _ term: (inout LanesLowering) throws(Diagnostic) -> Int
  ) throws(Diagnostic) -> Int {
    let element = Element(value: value.id, coordinates: coordinates)
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
