import CLLVM
import FraguaKernels
import FraguaTensors

/// Emits the form `contract`: register tiles of accumulators, one loop over k, an epilogue on the tile.
///
/// One operand lies along vector lanes, the other is broadcast. Either is read as it lies in memory or copied to scratch first. The
/// loops over tiles of the lane axis are outermost, so that a packed panel is used by all rows.
struct ContractEmitter {
  private let emitter: KernelEmitter
  private let body: ContractBody
  private let tile: ContractTile
  private let scratch: ContractScratch
  private let lanes: Int
  private let type: ElementType
  private let laneAxis: Int?
  private let broadcastAxis: Int?
  private let kAxes: [Int]
  private let laneProgram: ScalarProgram
  private let broadcastProgram: ScalarProgram

  private var function: FunctionEmitter { emitter.function }
  private var kernel: Kernel { emitter.kernel }

  init(_ emitter: KernelEmitter, _ body: ContractBody) {
    self.emitter = emitter
    self.body = body
    guard let tile = emitter.schedule.tile else { preconditionFailure("a contraction is scheduled without a tile") }
    self.tile = tile
    scratch = ContractScratch(emitter.kernel, body, tile)
    laneAxis = ContractScratch.laneAxis(emitter.kernel, body, tile)
    broadcastAxis = ContractScratch.broadcastAxis(emitter.kernel, body, tile)
    kAxes = Array(emitter.kernel.axes.count - body.kAxes..<emitter.kernel.axes.count)
    laneProgram = tile.laneAxis == .n ? body.rhs : body.lhs
    broadcastProgram = tile.laneAxis == .n ? body.lhs : body.rhs
    type = body.lhs.types.last!
    lanes = laneAxis == nil ? 1 : max(1, emitter.function.target.vectorBytes / max(4, type.byteCount))
  }

  func emit() {
    let tiled = [laneAxis, broadcastAxis].compactMap { $0 }
    let outer = (0..<kernel.parallelAxes).filter { !tiled.contains($0) }
    emitter.loops(over: outer, emitter.origin) { point in
      if tile.broadcastPacking == .packed { packBroadcast(point) }
      overLaneTiles(point) { panelPoint, width, mask in
        if tile.lanePacking == .packed { packPanel(panelPoint, width, mask) }
        overBroadcastTiles(panelPoint) { tilePoint, rows in emitTile(tilePoint, rows, width, mask) }
      }
    }
    if let sum = body.rhsSum { emitSum(sum, body.rhs, axes: body.batchAxes + body.mAxes..<kernel.parallelAxes, others: body.batchAxes..<body.batchAxes + body.mAxes) }
    if let sum = body.lhsSum { emitSum(sum, body.lhs, axes: body.batchAxes..<body.batchAxes + body.mAxes, others: body.batchAxes + body.mAxes..<kernel.parallelAxes) }
  }

  // MARK: Tiles

  /// Runs `body` for each tile along the lanes, with the number of its vectors and the mask of its last one.
  private func overLaneTiles(_ point: Point, _ body: (Point, Int, LLVMValueRef?) -> Void) {
    guard let axis = laneAxis else { return body(point, 1, nil) }
    let (start, end) = emitter.range(of: axis)
    let extent = kernel.axes[axis]
    let rest = extent % tile.lanes
    let vectors = max(1, tile.lanes / lanes)
    let at = { (index: LLVMValueRef) in
      var inner = point
      inner.coordinates[axis] = index
      inner.vectorAxis = axis
      return inner
    }
    // Parts of threads end on multiples of a tile, so only the axis' end has a partial one.
    let wholeEnd = extent - rest
    let end1 = emitter.partitionAxis == axis ? minimum(end, function.int64(wholeEnd)) : function.int64(wholeEnd)
    function.loop(start, end1, step: tile.lanes) { body(at($0), vectors, nil) }
    guard rest > 0 else { return }
    func emitRest() {
      let width = (rest + lanes - 1) / lanes
      let last = rest % lanes
      let mask = last == 0 || lanes == 1 ? nil : emitter.mask(function.int64(last), lanes: lanes)
      body(at(function.int64(wholeEnd)), width, mask)
    }
    if emitter.partitionAxis == axis {
      let reaches = function.isLess(function.int64(wholeEnd), end)
      let isNotEmpty = function.isLess(start, end)
      function.when(LLVMBuildAnd(function.builder, reaches, isNotEmpty, ""), emitRest)
    } else {
      emitRest()
    }
  }

  /// Runs `body` for each tile along the broadcast axis, with the number of its rows.
  private func overBroadcastTiles(_ point: Point, _ body: (Point, Int) -> Void) {
    guard let axis = broadcastAxis else { return body(point, 1) }
    let (start, end) = emitter.range(of: axis)
    let extent = kernel.axes[axis]
    let rest = extent % tile.broadcasts
    let wholeEnd = extent - rest
    let at = { (index: LLVMValueRef) in
      var inner = point
      inner.coordinates[axis] = index
      return inner
    }
    let end1 = emitter.partitionAxis == axis ? minimum(end, function.int64(wholeEnd)) : function.int64(wholeEnd)
    function.loop(start, end1, step: tile.broadcasts) { body(at($0), tile.broadcasts) }
    guard rest > 0 else { return }
    if emitter.partitionAxis == axis {
      let reaches = function.isLess(function.int64(wholeEnd), end)
      let isNotEmpty = function.isLess(start, end)
      function.when(LLVMBuildAnd(function.builder, reaches, isNotEmpty, "")) { body(at(function.int64(wholeEnd)), rest) }
    } else {
      body(at(function.int64(wholeEnd)), rest)
    }
  }

  private func minimum(_ a: LLVMValueRef, _ b: LLVMValueRef) -> LLVMValueRef {
    LLVMBuildSelect(function.builder, function.isLess(a, b), a, b, "")
  }

  // MARK: The register tile

  /// How an operand is read in the loop over k: pointers that advance by a constant.
  private struct Stream {
    /// The first element of the tile at k = 0.
    var pointer: LLVMValueRef
    /// From one row (or lane) of the tile to the next, in elements.
    var stride: Int
    /// From one k to the next along each k axis, in elements.
    var steps: [Int]
  }

  private func emitTile(_ point: Point, _ rows: Int, _ width: Int, _ mask: LLVMValueRef?) {
    let vector = VectorBuilder(function: function, lanes: lanes)
    let zero = vector.constant(Scalar(0, as: type)).reference
    let broadcast = broadcastStream(point)
    let lane = laneStream(point)
    let initial = Array(repeating: zero, count: rows * width) + [broadcast.pointer, lane.pointer]
    let results = overK(kAxes, initial, broadcast, lane) { carried in
      accumulate(carried, rows, width, mask, broadcast, lane, vector)
    }
    for row in 0..<rows {
      for column in 0..<width {
        var place = point
        if let axis = broadcastAxis { place.coordinates[axis] = function.add(point.coordinates[axis], function.int64(row)) }
        if let axis = laneAxis {
          place.coordinates[axis] = function.add(point.coordinates[axis], function.int64(column * lanes))
          place.vectorAxis = axis
        }
        place.mask = column == width - 1 ? mask : nil
        let sum = VectorValue(reference: results[row * width + column], type: type)
        var runner = ProgramRunner(emitter, lanes: lanes, at: place, inputs: [sum])
        runner.run(body.epilogue)
      }
    }
  }

  /// The loops over k; the last two carried values are the operands' pointers.
  private func overK(
    _ axes: [Int], _ carried: [LLVMValueRef], _ broadcast: Stream, _ lane: Stream,
    _ body: ([LLVMValueRef]) -> [LLVMValueRef]
  ) -> [LLVMValueRef] {
    guard let axis = axes.first else { return body(carried) + carried.suffix(2) }
    let depth = kAxes.count - axes.count
    let element = function.memoryType(type)
    let advance = { (pointer: LLVMValueRef, step: Int) in
      step == 0 ? pointer : function.address(pointer, element, function.int64(step))
    }
    return function.loop(
      function.int64(0), function.int64(kernel.axes[axis]), carrying: carried, runsAtLeastOnce: true
    ) { _, inner in
      let sums = overK(Array(axes.dropFirst()), inner, broadcast, lane, body).dropLast(2)
      return Array(sums) + [
        advance(inner[inner.count - 2], broadcast.steps[depth]), advance(inner[inner.count - 1], lane.steps[depth]),
      ]
    }
  }

  /// One step of k: loads the lanes, then broadcasts each row and adds the products.
  private func accumulate(
    _ carried: [LLVMValueRef], _ rows: Int, _ width: Int, _ mask: LLVMValueRef?, _ broadcast: Stream, _ lane: Stream,
    _ vector: VectorBuilder
  ) -> [LLVMValueRef] {
    let element = function.memoryType(type)
    let rowPointer = carried[carried.count - 2]
    let lanePointer = carried[carried.count - 1]
    let columns = (0..<width).map { column -> VectorValue in
      let pointer = function.address(lanePointer, element, function.int64(column * lanes))
      if let mask, column == width - 1, tile.lanePacking == .direct {
        let memory = vector.memoryType(type)
        let loaded = function.intrinsic(
          "llvm.masked.load", [memory, function.pointerType],
          [pointer, function.int32(type.byteCount), mask, LLVMConstNull(memory)])!
        return VectorValue(reference: loaded, type: type)
      }
      let loaded = function.load(vector.memoryType(type), pointer, alignment: type.byteCount)
      return VectorValue(reference: loaded, type: type)
    }
    var sums: [LLVMValueRef] = []
    for row in 0..<rows {
      let pointer = function.address(rowPointer, element, function.int64(row * broadcast.stride))
      let scalar = function.load(element, pointer, alignment: type.byteCount)
      let factor = vector.splat(VectorValue(reference: scalar, type: type))
      for column in 0..<width {
        let sum = VectorValue(reference: carried[row * width + column], type: type)
        // The left factor is the first, as the kernel's meaning has it; a product is the same either way round.
        let next =
          type.isFloat
          ? vector.fma(factor, columns[column], sum) : vector.add(sum, vector.multiply(factor, columns[column]))
        sums.append(next.reference)
      }
    }
    return sums
  }

  private func broadcastStream(_ point: Point) -> Stream {
    if tile.broadcastPacking == .packed {
      let base = function.address(emitter.scratch, bytes: function.int64(scratch.broadcast))
      let (rowStride, kStride) = scratch.broadcastIsRowMajor ? (scratch.broadcastStride, 1) : (1, scratch.broadcastStride)
      let position = broadcastAxis.map { function.multiply(point.coordinates[$0], rowStride) } ?? function.int64(0)
      let inner = rowMajorStrides(kAxes.map { kernel.axes[$0] })
      return Stream(
        pointer: function.address(base, function.memoryType(type), position), stride: rowStride,
        steps: inner.map { $0 * kStride })
    }
    return directStream(broadcastProgram, point, stride: broadcastAxis)
  }

  private func laneStream(_ point: Point) -> Stream {
    if tile.lanePacking == .packed {
      let inner = rowMajorStrides(kAxes.map { kernel.axes[$0] })
      return Stream(
        pointer: function.address(emitter.scratch, bytes: function.int64(scratch.panel)), stride: 1,
        steps: inner.map { $0 * max(tile.lanes, 1) })
    }
    return directStream(laneProgram, point, stride: laneAxis)
  }

  /// An operand that is one load, read where it lies.
  private func directStream(_ program: ScalarProgram, _ point: Point, stride axis: Int?) -> Stream {
    guard case .load(let access) = program.instructions.last, program.instructions.count == 1 else {
      preconditionFailure("an operand that is computed is scheduled to be read directly")
    }
    var start = point
    for axis in kAxes { start.coordinates[axis] = function.int64(0) }
    let position = function.affine(access.offset, access.strides, start.coordinates)
    let pointer = function.address(emitter.buffers[access.buffer], function.memoryType(type), position)
    return Stream(
      pointer: pointer, stride: axis.map { access.strides[$0] } ?? 0, steps: kAxes.map { access.strides[$0] })
  }

  // MARK: Packing

  /// Copies the panel of the lane operand that starts at `point`: for each k the tile's lanes.
  private func packPanel(_ point: Point, _ width: Int, _ mask: LLVMValueRef?) {
    if transposesPanel { return packTransposed(point, width, mask) }
    let strides = rowMajorStrides(kAxes.map { kernel.axes[$0] })
    overAllK(kAxes, point) { inner in
      let position = function.multiply(function.affine(0, strides, kAxes.map { inner.coordinates[$0] }), tile.lanes)
      for column in 0..<width {
        var place = inner
        if let axis = laneAxis { place.coordinates[axis] = function.add(inner.coordinates[axis], function.int64(column * lanes)) }
        place.mask = column == width - 1 ? mask : nil
        var runner = ProgramRunner(emitter, lanes: lanes, at: place)
        let value = runner.run(laneProgram).last!
        runner.storeScratch(value, scratch.panel, function.add(position, function.int64(column * lanes)))
      }
    }
  }

  /// Whether the panel's lanes are rows of memory: then squares are loaded along k and transposed in registers.
  private var transposesPanel: Bool {
    guard lanes > 1, kAxes.count == 1, let axis = laneAxis else { return false }
    var isAlongK = false
    for case .load(let access) in laneProgram.instructions {
      if !access.guards.isEmpty || !access.indices.isEmpty { return false }
      if access.strides[axis] > 1, access.strides[kAxes[0]] == 1 { isAlongK = true }
    }
    return isAlongK
  }

  private func packTransposed(_ point: Point, _ width: Int, _ mask: LLVMValueRef?) {
    let axis = laneAxis!
    let extent = kernel.axes[axis]
    // The lanes of the last vector that exist; the others are filled with the last row, and never stored.
    emitter.vectorLoop(kAxes[0], function.int64(0), function.int64(kernel.axes[kAxes[0]]), lanes: lanes, point) { inner in
      for column in 0..<width {
        var rows: [LLVMValueRef] = []
        for lane in 0..<lanes {
          var place = inner
          let wanted = function.add(point.coordinates[axis], function.int64(column * lanes + lane))
          place.coordinates[axis] = mask == nil || column < width - 1 ? wanted : minimum(wanted, function.int64(extent - 1))
          var runner = ProgramRunner(emitter, lanes: lanes, at: place)
          rows.append(runner.run(laneProgram).last!.reference)
        }
        let columns = Transposition(function).transposed(rows)
        let count = min(lanes, kernel.axes[kAxes[0]])
        for (offset, value) in columns.enumerated() where offset < count || inner.mask == nil {
          let k = function.add(inner.coordinates[kAxes[0]], function.int64(offset))
          let position = function.add(function.multiply(k, tile.lanes), function.int64(column * lanes))
          let runner = ProgramRunner(emitter, lanes: lanes, at: inner)
          let write = { runner.storeScratch(VectorValue(reference: value, type: type), scratch.panel, position) }
          if inner.mask == nil { write() } else {
            function.when(function.isLess(k, function.int64(kernel.axes[kAxes[0]])), write)
          }
        }
      }
    }
  }

  /// Copies the part of the broadcast operand that this thread needs.
  private func packBroadcast(_ point: Point) {
    let strides = rowMajorStrides(kAxes.map { kernel.axes[$0] })
    var start = point
    start.vectorAxis = nil
    let range = broadcastAxis.map(emitter.range(of:)) ?? (function.int64(0), function.int64(1))
    let place = { (inner: Point) -> LLVMValueRef in
      let k = function.affine(0, strides, kAxes.map { inner.coordinates[$0] })
      let row = broadcastAxis.map { inner.coordinates[$0] } ?? function.int64(0)
      return scratch.broadcastIsRowMajor
        ? function.add(function.multiply(row, scratch.broadcastStride), k)
        : function.add(function.multiply(k, scratch.broadcastStride), row)
    }
    let copy = { (inner: Point) in
      var runner = ProgramRunner(emitter, lanes: lanes, at: inner)
      let value = runner.run(broadcastProgram).last!
      runner.storeScratch(value, scratch.broadcast, place(inner))
    }
    if scratch.broadcastIsRowMajor {
      let rows = { (body: (Point) -> Void) in
        guard let axis = broadcastAxis else { return body(start) }
        function.loop(range.0, range.1) { index in
          var inner = start
          inner.coordinates[axis] = index
          body(inner)
        }
      }
      rows { inner in
        overAllK(Array(kAxes.dropLast()), inner) { outer in
          emitter.vectorLoop(
            kAxes.last!, function.int64(0), function.int64(kernel.axes[kAxes.last!]), lanes: lanes, outer, copy)
        }
      }
    } else {
      overAllK(kAxes, start) { outer in
        emitter.vectorLoop(broadcastAxis!, range.0, range.1, lanes: lanes, outer, copy)
      }
    }
  }

  private func overAllK(_ axes: [Int], _ point: Point, _ body: (Point) -> Void) {
    guard let axis = axes.first else { return body(point) }
    function.loop(function.int64(0), function.int64(kernel.axes[axis])) { index in
      var inner = point
      inner.coordinates[axis] = index
      overAllK(Array(axes.dropFirst()), inner, body)
    }
  }

  // MARK: Sums beside the product

  /// The sum of a factor over k, and its epilogue, on the thread that owns the factor's elements.
  private func emitSum(_ block: Block, _ program: ScalarProgram, axes: Range<Int>, others: Range<Int>) {
    let own = {
      let vectorAxis = axes.last
      let outer = Array(0..<body.batchAxes) + axes.dropLast()
      emitter.loops(over: outer, emitter.origin) { point in
        guard let axis = vectorAxis else { return emitSum(block, program, at: point, lanes: 1) }
        let (start, end) = emitter.range(of: axis)
        emitter.vectorLoop(axis, start, end, lanes: lanes, point) { emitSum(block, program, at: $0, lanes: lanes) }
      }
    }
    if let partition = emitter.partitionAxis, others.contains(partition) {
      // Only the thread with the first part of the other axis.
      let isFirst = LLVMBuildICmp(function.builder, LLVMIntEQ, emitter.low, function.int64(0), "")!
      let isNotEmpty = function.isLess(emitter.low, emitter.high)
      function.when(LLVMBuildAnd(function.builder, isFirst, isNotEmpty, ""), own)
    } else {
      own()
    }
  }

  private func emitSum(_ block: Block, _ program: ScalarProgram, at point: Point, lanes: Int) {
    let vector = VectorBuilder(function: function, lanes: lanes)
    let zero = vector.constant(Scalar(0, as: type)).reference
    let sum = sumOverK(kAxes, point, zero) { inner, sum in
      var runner = ProgramRunner(emitter, lanes: lanes, at: inner)
      let value = runner.run(program).last!
      return vector.add(VectorValue(reference: sum, type: type), value).reference
    }
    var runner = ProgramRunner(emitter, lanes: lanes, at: point, inputs: [VectorValue(reference: sum, type: type)])
    runner.run(block)
  }

  private func sumOverK(
    _ axes: [Int], _ point: Point, _ sum: LLVMValueRef, _ body: (Point, LLVMValueRef) -> LLVMValueRef
  ) -> LLVMValueRef {
    guard let axis = axes.first else { return body(point, sum) }
    return function.loop(function.int64(0), function.int64(kernel.axes[axis]), carrying: [sum]) { index, carried in
      var inner = point
      inner.coordinates[axis] = index
      return [sumOverK(Array(axes.dropFirst()), inner, carried[0], body)]
    }[0]
  }
}

/// Transposes a square of vectors in registers.
struct Transposition {
  private let function: FunctionEmitter

  init(_ function: FunctionEmitter) { self.function = function }

  /// Column `j` of the square whose rows are `rows`; as many rows as lanes, a power of two.
  ///
  /// Exchanges the off-diagonal blocks of ever smaller squares: log2(n) rounds of n shuffles.
  func transposed(_ rows: [LLVMValueRef]) -> [LLVMValueRef] {
    var rows = rows
    var distance = rows.count / 2
    while distance > 0 {
      for i in rows.indices where i & distance == 0 {
        let (a, b) = (rows[i], rows[i + distance])
        rows[i] = shuffle(a, b) { $0 & distance == 0 ? $0 : rows.count + $0 - distance }
        rows[i + distance] = shuffle(a, b) { $0 & distance == 0 ? $0 + distance : rows.count + $0 }
      }
      distance /= 2
    }
    return rows
  }

  private func shuffle(_ a: LLVMValueRef, _ b: LLVMValueRef, _ lane: (Int) -> Int) -> LLVMValueRef {
    let count = Int(LLVMGetVectorSize(LLVMTypeOf(a)))
    var positions: [LLVMValueRef?] = (0..<count).map { function.int32(lane($0)) }
    return LLVMBuildShuffleVector(function.builder, a, b, LLVMConstVector(&positions, UInt32(count)), "")
  }
}
