import CLLVM
import FraguaKernels
import FraguaScheduling
import FraguaSource
import FraguaTensors

/// Emits the form `contract`: register tiles of accumulators, one loop over k, an epilogue on the tile.
///
/// One operand lies along vector lanes, the other is broadcast. Either is read as it lies in memory or copied to
/// scratch first. The loops over blocks of the broadcast axis are outermost, then those over tiles of the lane axis, so
/// that a packed panel is used by all rows of a block, and the block stays in the cache. Where sums run in virtual
/// lanes neither is broadcast: both lie along the lanes.
struct ContractEmitter {
  let emitter: KernelEmitter
  let body: ContractBody
  let tile: ContractTile
  let scratch: ContractScratch
  /// The lanes of a vector; 1 where there is no axis for them.
  let lanes: Int
  /// The type that is multiplied and added in.
  let type: ElementType
  let laneAxis: Int?
  let broadcastAxis: Int?
  let kAxes: [Int]
  /// The factor along the lanes, and the one that is broadcast; without meaning where lanes run along k.
  let laneProgram: ScalarProgram
  let broadcastProgram: ScalarProgram

  var function: FunctionEmitter { emitter.function }
  var kernel: Kernel { emitter.kernel }

  /// - Requires: the schedule has a tile that ``ContractTiling/legal(_:_:_:_:)`` leaves as it is.
  init(_ emitter: KernelEmitter, _ body: ContractBody) {
    self.emitter = emitter
    let body = body.widened
    self.body = body
    guard let tile = emitter.schedule.tile else { preconditionFailure("a contraction is scheduled without a tile") }
    self.tile = tile
    scratch = ContractScratch(emitter.kernel, body, tile, emitter.schedule.partition)
    laneAxis = ContractScratch.laneAxis(emitter.kernel, body, tile)
    broadcastAxis = ContractScratch.broadcastAxis(emitter.kernel, body, tile)
    kAxes = Array(emitter.kernel.axes.count - body.kAxes..<emitter.kernel.axes.count)
    laneProgram = tile.laneAxis == .n ? body.rhs : body.lhs
    broadcastProgram = tile.laneAxis == .n ? body.lhs : body.rhs
    type = body.accumulator
    lanes = laneAxis == nil ? 1 : max(1, emitter.function.target.vectorBytes / max(4, type.byteCount))
  }

  func emit() {
    if body.summation == .lanes { emitAlongK() } else { emitTiles() }
    let m = body.batchAxes..<body.batchAxes + body.mAxes
    let n = m.upperBound..<kernel.parallelAxes
    if let sum = body.rhsSum { emitSum(sum, body.rhs, axes: n, others: m) }
    if let sum = body.lhsSum { emitSum(sum, body.lhs, axes: m, others: n) }
  }

  private func emitTiles() {
    let tiled = [laneAxis, broadcastAxis].compactMap { $0 }
    let outer = (0..<kernel.parallelAxes).filter { !tiled.contains($0) }
    let uniforms = emitter.uniforms(body.epilogue.program)
    emitter.loops(over: outer, emitter.origin) { point in
      overBlocks { block in
        if tile.broadcastPacking == .packed { packBroadcast(point, block) }
        overLaneTiles(point) { panelPoint, width, rest in
          let panel = panelOffset(panelPoint)
          if tile.lanePacking == .packed {
            let pack = { packPanel(panelPoint, at: panel, width, rest: rest) }
            if scratch.keepsPanels { function.when(isFirst(block), pack) } else { pack() }
          }
          overBroadcastTiles(panelPoint, block) { tilePoint, rows in
            emitTile(Tile(point: tilePoint, rows: rows, width: width, rest: rest, panel: panel), block, uniforms)
          }
        }
      }
    }
  }

  // MARK: Loops over tiles

  /// A register tile: where it starts, how many broadcasts and vectors it has, and how many lanes its last vector has
  /// where it has not all.
  struct Tile {
    let point: Point
    let rows: Int
    let width: Int
    let rest: Int?
    /// Where the packed lane operand lies in scratch, in elements behind its first panel.
    let panel: LLVMValueRef
  }

  /// A range of the broadcast axis.
  typealias BlockRange = (start: LLVMValueRef, end: LLVMValueRef)

  /// Runs `body` for each block of this thread's part of the broadcast axis.
  private func overBlocks(_ body: (BlockRange) -> Void) {
    guard let axis = broadcastAxis else { return body((function.int64(0), function.int64(1))) }
    let (start, end) = emitter.range(of: axis)
    guard let size = scratch.block else { return body((start, end)) }
    function.loop(start, end, step: size) { first in
      body((first, minimum(function.add(first, function.int64(size)), end)))
    }
  }

  /// Whether `block` is the first of this thread's part.
  private func isFirst(_ block: BlockRange) -> LLVMValueRef {
    let start = broadcastAxis.map { emitter.range(of: $0).0 } ?? function.int64(0)
    return LLVMBuildICmp(function.builder, LLVMIntEQ, block.start, start, "")
  }

  /// Where the panel that starts at `point` is packed, in elements behind the first panel.
  private func panelOffset(_ point: Point) -> LLVMValueRef {
    guard scratch.keepsPanels, let axis = laneAxis else { return function.int64(0) }
    let lane = function.subtract(point.coordinates[axis], emitter.range(of: axis).0)
    return function.multiply(lane, kAxes.reduce(1) { $0 * kernel.axes[$1] })
  }

  /// Runs `body` for each tile along the lanes, with the number of its vectors, and the lanes of its last one where they are not all.
  private func overLaneTiles(_ point: Point, _ body: (Point, Int, Int?) -> Void) {
    guard let axis = laneAxis else { return body(point, 1, nil) }
    let vectors = max(1, tile.lanes / lanes)
    overUnits(axis, emitter.range(of: axis), unit: partitionUnit(axis)) { start, extent in
      let parts = AxisPart.balanced((extent + lanes - 1) / lanes, atMost: vectors)
      let rest = extent % lanes
      let at = { (offset: LLVMValueRef) in
        var inner = point
        inner.coordinates[axis] = function.add(start, offset)
        inner.vectorAxis = axis
        return inner
      }
      for part in parts {
        // Only the very last tile is masked.
        let isMasked = rest > 0 && part == parts.last
        let end = isMasked ? part.end - part.size : part.end
        function.loop(function.int64(part.offset * lanes), function.int64(end * lanes), step: part.size * lanes) {
          body(at($0), part.size, nil)
        }
        if isMasked { body(at(function.int64(end * lanes)), part.size, rest) }
      }
    }
  }

  /// The mask of a vector of which so many lanes exist; `nil` for all.
  func laneMask(_ rest: Int?) -> LLVMValueRef? { rest.map { emitter.mask(function.int64($0), lanes: lanes) } }

  /// Runs `body` for each tile of `block` along the broadcast axis, with the number of its rows.
  func overBroadcastTiles(_ point: Point, _ block: BlockRange, _ body: (Point, Int) -> Void) {
    guard let axis = broadcastAxis else { return body(point, 1) }
    overUnits(axis, (block.start, block.end), unit: partitionUnit(axis) ?? scratch.block) { start, extent in
      for part in AxisPart.balanced(extent, atMost: tile.rows) {
        function.loop(function.int64(part.offset), function.int64(part.end), step: part.size) { offset in
          var inner = point
          inner.coordinates[axis] = function.add(start, offset)
          body(inner, part.size)
        }
      }
    }
  }

  /// Runs `body` for each unit of `range`, with where it starts and how long it is; without units, for the whole axis
  /// at once.
  ///
  /// A range starts on a multiple of the unit, and ends on one or at the end of the axis.
  private func overUnits(_ axis: Int, _ range: BlockRange, unit: Int?, _ body: (LLVMValueRef, Int) -> Void) {
    let extent = kernel.axes[axis]
    guard let unit, unit < extent else { return body(range.start, extent) }
    let whole = extent / unit * unit
    function.loop(range.start, minimum(range.end, function.int64(whole)), step: unit) { body($0, unit) }
    if whole == extent { return }
    function.when(function.isLess(function.int64(whole), range.end)) { body(function.int64(whole), extent - whole) }
  }

  /// The partition's unit, where it is along `axis`.
  private func partitionUnit(_ axis: Int) -> Int? {
    if case .split(axis, let unit) = emitter.schedule.partition { unit } else { nil }
  }

  /// The smaller of two.
  func minimum(_ a: LLVMValueRef, _ b: LLVMValueRef) -> LLVMValueRef {
    if let a = function.constantValue(a), let b = function.constantValue(b) { return function.int64(min(a, b)) }
    return LLVMBuildSelect(function.builder, function.isLess(a, b), a, b, "")
  }

  /// Nested loops over whole axes.
  func overAll(_ axes: [Int], _ point: Point, _ body: (Point) -> Void) {
    guard let axis = axes.first else { return body(point) }
    function.loop(function.int64(0), function.int64(kernel.axes[axis])) { index in
      var inner = point
      inner.coordinates[axis] = index
      overAll(Array(axes.dropFirst()), inner, body)
    }
  }
}
