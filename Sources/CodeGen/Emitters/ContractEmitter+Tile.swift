import CLLVM
import FraguaKernels
import FraguaSource
import FraguaTensors

extension ContractEmitter {
  /// How an operand is read in the loop over k: a pointer that advances by constants.
  struct Stream {
    /// The first element of the tile at k = 0.
    var pointer: LLVMValueRef
    /// From one row (or lane) of the tile to the next, in elements.
    var stride: Int
    /// From one k to the next along each k axis, in elements.
    var steps: [Int]
  }

  /// Emits the loop over k and the epilogue of one register tile.
  func emitTile(_ tile: Tile, _ block: BlockRange, _ uniforms: [Int: VectorValue]) {
    prefetchEpilogue(tile)
    let vector = VectorBuilder(function: function, lanes: lanes)
    let nothing = vector.constant(Combiner.sum.identity(type)).reference
    let broadcast = broadcastStream(tile, block)
    let lane = laneStream(tile)
    let initial = Array(repeating: nothing, count: tile.rows * tile.width)
    let sums = inParts(initial, [broadcast.pointer, lane.pointer], vector) { carried, depth in
      if transposesLanes { return overSquares(carried, depth, tile, broadcast, lane, vector) }
      return overK(carried, depth, broadcast, lane) { accumulate($0, tile, broadcast, lane, vector) }
    }
    let known = columnInvariants(tile, uniforms)
    if sums.count * epilogueCost <= Self.largestUnrolledEpilogue || tile.rows == 1 {
      for row in 0..<tile.rows { emitEpilogue(tile, row: function.int64(row), sums.dropFirst(row * tile.width), known) }
      return
    }
    let runner = ScalarProgramEmitter(emitter, lanes: lanes, at: tile.point)
    for (number, sum) in sums.enumerated() {
      runner.storeScratch(sum, scratch.tile, function.int64(number * lanes))
    }
    function.loop(function.int64(0), function.int64(tile.rows)) { row in
      let first = function.multiply(row, tile.width * lanes)
      let loaded = (0..<tile.width).map {
        runner.loadScratch(scratch.tile, function.add(first, function.int64($0 * lanes)), type)
      }
      emitEpilogue(tile, row: row, loaded[...], known)
    }
  }

  /// An epilogue of more instructions in all runs in a loop over the rows of the tile: code for every vector would take
  /// long to compile.
  private static var largestUnrolledEpilogue: Int { 120 }

  /// The instructions of the epilogue of one vector; an access across the lanes takes some for each.
  private var epilogueCost: Int {
    let isScattered = { (access: Access) in
      guard let laneAxis else { return false }
      return ![0, 1].contains(access.stride(along: laneAxis))
    }
    let loads = body.epilogue.program.instructions.filter {
      if case .load(let access) = $0 { isScattered(access) } else { false }
    }
    let stores = body.epilogue.stores.filter { isScattered($0.access) }
    return body.epilogue.program.instructions.count + 2 * lanes * (loads.count + stores.count)
  }

  /// Asks for what the epilogue will read of this tile, so that it comes while the products are added up: a parameter
  /// and an optimizer's slots are not in any cache.
  private func prefetchEpilogue(_ tile: Tile) {
    guard let axis = broadcastAxis, let laneAxis else { return }
    var known: Set<Access> = []
    for case .load(let access) in body.epilogue.program.instructions
    where access.stride(along: axis) != 0 && access.stride(along: laneAxis) == 1 && known.insert(access).inserted {
      guard access.isLinear else { continue }
      let element = kernel.buffers[access.buffer].element
      let isWritten = kernel.buffers[access.buffer].use == .update
      for row in 0..<tile.rows {
        let point = place(tile, row: function.int64(row), column: 0)
        let position = function.linear(access.element, point.coordinates)
        let pointer = function.address(emitter.buffers[access.buffer], function.memoryType(element), position)
        for line in stride(from: 0, to: tile.width * lanes * element.byteCount, by: 64) {
          function.prefetch(function.address(pointer, bytes: function.int64(line)), toWrite: isWritten)
        }
      }
    }
  }

  /// For each column of vectors: the epilogue's values that are the same in all rows, such as a bias.
  private func columnInvariants(_ tile: Tile, _ uniforms: [Int: VectorValue]) -> [[Int: VectorValue]] {
    (0..<tile.width).map { column in
      guard let axis = broadcastAxis else { return uniforms }
      var runner = ScalarProgramEmitter(emitter, lanes: lanes, at: place(tile, row: function.int64(0), column: column))
      return runner.invariants(of: body.epilogue.program, along: [axis], known: uniforms)
    }
  }

  /// The epilogue of one row of the tile.
  private func emitEpilogue(
    _ tile: Tile, row: LLVMValueRef, _ sums: ArraySlice<VectorValue>, _ known: [[Int: VectorValue]]
  ) {
    for (column, sum) in sums.prefix(tile.width).enumerated() {
      let point = place(tile, row: row, column: column)
      var runner = ScalarProgramEmitter(emitter, lanes: lanes, at: point, inputs: [sum])
      runner.run(body.epilogue, known: known[column])
    }
  }

  /// Where vector `column` of `row` of the tile lies.
  private func place(_ tile: Tile, row: LLVMValueRef, column: Int) -> Point {
    var place = tile.point
    if let axis = broadcastAxis { place.coordinates[axis] = function.add(place.coordinates[axis], row) }
    if let axis = laneAxis {
      place.coordinates[axis] = function.add(place.coordinates[axis], function.int64(column * lanes))
      place.vectorAxis = axis
    }
    place.mask = column == tile.width - 1 ? laneMask(tile.rest) : nil
    return place
  }

  // MARK: The loop over k

  /// The name of the innermost loop over k, by which a test finds it in assembly.
  static var productLoopName: String { "products" }

  /// The sums over all k, part by part where there are many.
  /// - Parameter products: adds the products of the next so many k to the sums that it gets, behind which the operands'
  ///   pointers are carried.
  private func inParts(
    _ initial: [LLVMValueRef], _ pointers: [LLVMValueRef], _ vector: VectorBuilder,
    _ products: ([LLVMValueRef], _ depth: Int) -> [LLVMValueRef]
  ) -> [VectorValue] {
    let depth = kAxes.reduce(1) { $0 * kernel.axes[$1] }
    let parts = PartStack.parts(of: depth)
    let values = { (results: [LLVMValueRef]) in
      results.dropLast(pointers.count).map { VectorValue(reference: $0, type: type) }
    }
    if parts <= 1 { return values(products(initial + pointers, depth)) }
    let stack = PartStack(parts: parts, initial.map { _ in (.sum, type) }, vector)
    let (whole, rest) = (depth / Kernel.partLength, depth % Kernel.partLength)
    let last = function.loop(function.int64(0), function.int64(whole), carrying: pointers) { part, pointers in
      let results = products(initial + pointers, Kernel.partLength)
      stack.push(values(results), part: part)
      return Array(results.suffix(pointers.count))
    }
    if rest > 0 { stack.push(values(products(initial + last, rest)), part: function.int64(whole)) }
    return stack.joined
  }

  /// The next `depth` steps of k; the last two carried values are the operands' pointers.
  private func overK(
    _ carried: [LLVMValueRef], _ depth: Int, _ broadcast: Stream, _ lane: Stream,
    _ body: ([LLVMValueRef]) -> [LLVMValueRef]
  ) -> [LLVMValueRef] {
    // Copies have one k.
    let isCopied = tile.broadcastPacking == .packed && tile.lanePacking == .packed
    guard kAxes.count == 1 || kAxes.count > 1 && isCopied else {
      return overAxes(kAxes, carried, broadcast, lane, body)
    }
    return function.repeated(depth, carrying: carried, name: Self.productLoopName) { inner in
      body(inner) + [
        advanced(inner[inner.count - 2], broadcast.steps.last!), advanced(inner[inner.count - 1], lane.steps.last!),
      ]
    }
  }

  /// The loops over several axes of k, likewise.
  private func overAxes(
    _ axes: [Int], _ carried: [LLVMValueRef], _ broadcast: Stream, _ lane: Stream,
    _ body: ([LLVMValueRef]) -> [LLVMValueRef]
  ) -> [LLVMValueRef] {
    guard let axis = axes.first else { return body(carried) + carried.suffix(2) }
    let depth = kAxes.count - axes.count
    return function.repeated(
      kernel.axes[axis], carrying: carried, name: axes.count == 1 ? Self.productLoopName : "loop"
    ) { inner in
      let sums = overAxes(Array(axes.dropFirst()), inner, broadcast, lane, body).dropLast(2)
      return Array(sums) + [
        advanced(inner[inner.count - 2], broadcast.steps[depth]), advanced(inner[inner.count - 1], lane.steps[depth]),
      ]
    }
  }

  /// `pointer`, so many elements further.
  private func advanced(_ pointer: LLVMValueRef, _ elements: Int) -> LLVMValueRef {
    elements == 0 ? pointer : function.address(pointer, function.memoryType(type), function.int64(elements))
  }

  /// One step of k: loads the lanes, then broadcasts each row and adds the products.
  private func accumulate(
    _ carried: [LLVMValueRef], _ tile: Tile, _ broadcast: Stream, _ lane: Stream, _ vector: VectorBuilder
  ) -> [LLVMValueRef] {
    let lanePointer = carried[carried.count - 1]
    if tile.rows == 1 { prefetchLanes(tile, lanePointer, lane) }
    let columns = (0..<tile.width).map { column -> VectorValue in
      let pointer = advanced(lanePointer, column * lanes)
      guard let mask = laneMask(tile.rest), column == tile.width - 1, self.tile.lanePacking == .direct else {
        let loaded = function.load(vector.memoryType(type), pointer, alignment: type.byteCount)
        return VectorValue(reference: loaded, type: type)
      }
      let loaded = function.maskedLoad(vector.memoryType(type), pointer, mask, alignment: type.byteCount)
      return VectorValue(reference: loaded, type: type)
    }
    var sums: [LLVMValueRef] = []
    for row in 0..<tile.rows {
      let factor = broadcastFactor(carried[carried.count - 2], row: row, broadcast, vector)
      for column in 0..<tile.width {
        sums.append(fused(carried[row * tile.width + column], factor, columns[column], vector))
      }
    }
    return sums
  }

  /// The factor of a row of the tile, in all lanes.
  private func broadcastFactor(
    _ pointer: LLVMValueRef, row: Int, _ broadcast: Stream, _ vector: VectorBuilder
  ) -> VectorValue {
    let scalar = function.load(
      function.memoryType(type), advanced(pointer, row * broadcast.stride), alignment: type.byteCount)
    return vector.splat(VectorValue(reference: scalar, type: type))
  }

  /// `sum` and a product, which is the same whichever factor comes first.
  func fused(
    _ sum: LLVMValueRef, _ factor: VectorValue, _ column: VectorValue, _ vector: VectorBuilder
  ) -> LLVMValueRef {
    let sum = VectorValue(reference: sum, type: type)
    return (type.isFloat ? vector.fma(factor, column, sum) : vector.add(sum, vector.multiply(factor, column))).reference
  }

  /// Whether the lanes are rows of memory that are read where they lie.
  private var transposesLanes: Bool {
    guard tile.lanePacking == .direct, lanes > 1, let axis = laneAxis,
      case .load(let access)? = laneProgram.instructions.last
    else { return false }
    return access.stride(along: axis) != 1
  }

  /// The next `depth` steps of k where the lanes are rows of memory: their squares are loaded and transposed in
  /// registers.
  private func overSquares(
    _ initial: [LLVMValueRef], _ depth: Int, _ tile: Tile, _ broadcast: Stream, _ lane: Stream, _ vector: VectorBuilder
  ) -> [LLVMValueRef] {
    let transposition = Transposition(function, type)
    let side = transposition.side
    let results = function.repeated(depth / side, carrying: initial, name: Self.productLoopName) { carried in
      let sums = accumulateSquares(carried, 0..<side, transposition, tile, broadcast, lane, vector)
      return sums + [
        advanced(carried[carried.count - 2], side * broadcast.steps[0]), advanced(carried[carried.count - 1], side),
      ]
    }
    if depth % side == 0 { return results }
    // The last squares begin within those before them.
    let skipped = side - depth % side
    let last =
      results.dropLast(2) + [
        advanced(results[results.count - 2], -skipped * broadcast.steps[0]),
        advanced(results[results.count - 1], -skipped),
      ]
    return accumulateSquares(Array(last), skipped..<side, transposition, tile, broadcast, lane, vector) + last.suffix(2)
  }

  /// The steps `steps` of the squares that the carried pointers are at.
  private func accumulateSquares(
    _ carried: [LLVMValueRef], _ steps: Range<Int>, _ transposition: Transposition, _ tile: Tile, _ broadcast: Stream,
    _ lane: Stream, _ vector: VectorBuilder
  ) -> [LLVMValueRef] {
    var sums = Array(carried.dropLast(2))
    let square = VectorBuilder(function: function, lanes: transposition.side)
    for column in 0..<tile.width {
      // All squares at once would not fit into the registers.
      if column > 0 { function.keepLoadsInOrder() }
      let rows = (0..<lanes).map { number in
        // Lanes behind the end are filled with the last row, and never stored.
        let row = column == tile.width - 1 ? min(number, (tile.rest ?? lanes) - 1) : number
        let pointer = advanced(carried[carried.count - 1], (column * lanes + row) * lane.stride)
        return function.load(square.memoryType(type), pointer, alignment: type.byteCount)
      }
      let columns = transposition.transposed(rows)
      for step in steps {
        let pointer = advanced(carried[carried.count - 2], step * broadcast.steps[0])
        for row in 0..<tile.rows {
          let number = row * tile.width + column
          let factor = broadcastFactor(pointer, row: row, broadcast, vector)
          sums[number] = fused(sums[number], factor, VectorValue(reference: columns[step], type: type), vector)
        }
      }
    }
    return sums
  }

  /// The steps of k that a single row asks for ahead.
  private static var stepsAhead: Int { 8 }

  /// Asks for the lanes some steps of k later: a single row uses each but once, so that waiting for memory is all that
  /// its products take, and rows of memory lie too far apart for the processor to guess.
  private func prefetchLanes(_ tile: Tile, _ pointer: LLVMValueRef, _ lane: Stream) {
    guard self.tile.lanePacking == .direct, let step = lane.steps.last, step > tile.width * lanes else { return }
    let ahead = function.address(pointer, function.memoryType(type), function.int64(Self.stepsAhead * step))
    for line in stride(from: 0, to: tile.width * lanes * type.byteCount, by: 64) {
      function.prefetch(function.address(ahead, bytes: function.int64(line)), toWrite: false)
    }
  }

  private func broadcastStream(_ tile: Tile, _ block: BlockRange) -> Stream {
    guard self.tile.broadcastPacking == .packed else {
      return directStream(broadcastProgram, tile.point, stride: broadcastAxis)
    }
    let base = function.address(emitter.scratch, bytes: function.int64(scratch.broadcast))
    let strides = rowMajorStrides(kAxes.map { kernel.axes[$0] })
    let row = broadcastAxis.map { function.subtract(tile.point.coordinates[$0], block.start) } ?? function.int64(0)
    let depth = kAxes.reduce(1) { $0 * kernel.axes[$1] }
    let position = function.multiply(row, scratch.broadcastIsRowMajor ? scratch.broadcastStride : depth)
    return Stream(
      pointer: function.address(base, function.memoryType(type), position),
      stride: scratch.broadcastIsRowMajor ? scratch.broadcastStride : 1,
      steps: scratch.broadcastIsRowMajor ? strides : strides.map { $0 * tile.rows })
  }

  private func laneStream(_ tile: Tile) -> Stream {
    guard self.tile.lanePacking == .packed else { return directStream(laneProgram, tile.point, stride: laneAxis) }
    let first = function.address(emitter.scratch, bytes: function.int64(scratch.panel))
    return Stream(
      pointer: function.address(first, function.memoryType(type), tile.panel), stride: 1,
      steps: rowMajorStrides(kAxes.map { kernel.axes[$0] }).map { $0 * tile.width * lanes })
  }

  /// An operand that is one load, read where it lies.
  private func directStream(_ program: ScalarProgram, _ point: Point, stride axis: Int?) -> Stream {
    guard case .load(let access)? = program.instructions.last, program.instructions.count == 1 else {
      preconditionFailure("an operand that is computed is scheduled to be read directly")
    }
    var start = point
    for axis in kAxes { start.coordinates[axis] = function.int64(0) }
    let position = function.linear(access.element, start.coordinates)
    let pointer = function.address(emitter.buffers[access.buffer], function.memoryType(type), position)
    return Stream(
      pointer: pointer, stride: axis.map { access.element.coefficients[$0] } ?? 0,
      steps: kAxes.map { access.element.coefficients[$0] })
  }
}
