import CLLVM
import FraguaKernels
import FraguaTensors

extension ContractEmitter {
  /// Copies the panel of the lane operand that starts at `point` to `offset` of scratch: for each k its lanes.
  func packPanel(_ point: Point, at offset: LLVMValueRef, _ width: Int, rest: Int?) {
    if transposesPanel { return packTransposed(point, at: offset, width, rest: rest) }
    let strides = rowMajorStrides(kAxes.map { kernel.axes[$0] })
    let uniforms = emitter.uniforms(laneProgram)
    overAll(kAxes, point) { inner in
      prefetchPanel(inner, width)
      let k = function.affine(0, strides, kAxes.map { inner.coordinates[$0] })
      let position = function.add(offset, function.multiply(k, width * lanes))
      for column in 0..<width {
        var place = inner
        if let axis = laneAxis {
          place.coordinates[axis] = function.add(inner.coordinates[axis], function.int64(column * lanes))
        }
        place.mask = column == width - 1 ? laneMask(rest) : nil
        var runner = ScalarProgramEmitter(emitter, lanes: lanes, at: place)
        let value = runner.run(laneProgram, known: uniforms).last!
        runner.storeScratch(value, scratch.panel, function.add(position, function.int64(column * lanes)))
      }
    }
  }

  /// The rows of memory that are asked for before they are copied.
  private static var rowsAhead: Int { 16 }

  /// Asks for what the panel takes some k later: rows of memory lie too far apart for the processor to guess.
  private func prefetchPanel(_ point: Point, _ width: Int) {
    guard case .load(let access)? = laneProgram.instructions.last, laneProgram.instructions.count == 1,
      access.isLinear
    else { return }
    let element = kernel.buffers[access.buffer].element
    var ahead = access.element
    ahead.offset += Self.rowsAhead * ahead.coefficients[kAxes.last!]
    let position = function.linear(ahead, point.coordinates)
    let pointer = function.address(emitter.buffers[access.buffer], function.memoryType(element), position)
    for line in stride(from: 0, to: width * lanes * element.byteCount, by: 64) {
      function.prefetch(function.address(pointer, bytes: function.int64(line)), toWrite: false)
    }
  }

  /// Whether the panel's lanes are rows of memory: then squares are loaded along k and transposed in registers.
  private var transposesPanel: Bool {
    guard lanes > 1, kAxes.count == 1, let axis = laneAxis else { return false }
    var isAlongK = false
    for case .load(let access) in laneProgram.instructions {
      guard access.isLinear else { return false }
      if access.element.coefficients[axis] > 1, access.stride(along: kAxes[0]) == 1 { isAlongK = true }
    }
    return isAlongK
  }

  private func packTransposed(_ point: Point, at offset: LLVMValueRef, _ width: Int, rest: Int?) {
    let axis = laneAxis!
    let k = kAxes[0]
    let uniforms = emitter.uniforms(laneProgram)
    let transposition = Transposition(function, type)
    // What is only loaded is loaded in squares; what is computed, in whole vectors.
    let span = laneProgram.instructions.count == 1 ? transposition.side : lanes
    overSpans(of: k, span, point) { inner in
      for column in 0..<width {
        let rows = (0..<lanes).map { lane -> LLVMValueRef in
          var place = inner
          // Lanes behind the end are filled with the last row, and never stored.
          let row = column == width - 1 ? min(lane, (rest ?? lanes) - 1) : lane
          place.coordinates[axis] = function.add(point.coordinates[axis], function.int64(column * lanes + row))
          var runner = ScalarProgramEmitter(emitter, lanes: span, at: place)
          return runner.run(laneProgram, known: uniforms).last!.reference
        }
        let count = inner.mask == nil ? span : kernel.axes[k] % span
        for (number, value) in transposition.transposed(rows).prefix(count).enumerated() {
          let first = function.multiply(function.add(inner.coordinates[k], function.int64(number)), width * lanes)
          let position = function.add(function.add(offset, first), function.int64(column * lanes))
          ScalarProgramEmitter(emitter, lanes: lanes, at: inner).storeScratch(
            VectorValue(reference: value, type: type), scratch.panel, position)
        }
      }
    }
  }

  /// Runs `body` for each `span` coordinates of `axis`. The last ones begin within those before where that many are
  /// there: what is copied twice is the same.
  private func overSpans(of axis: Int, _ span: Int, _ point: Point, _ body: (Point) -> Void) {
    let extent = kernel.axes[axis]
    guard extent % span != 0, extent > span else {
      return emitter.vectorLoop(axis, function.int64(0), function.int64(extent), lanes: span, point, body)
    }
    function.loop(function.int64(0), function.int64(extent), step: span) { index in
      var inner = point
      inner.coordinates[axis] = minimum(index, function.int64(extent - span))
      inner.vectorAxis = axis
      body(inner)
    }
  }

  /// Copies a block of the broadcast operand: rows of k where memory is contiguous along k, else tile by tile, for each
  /// k the tile's rows.
  func packBroadcast(_ point: Point, _ block: BlockRange) {
    if scratch.broadcastIsRowMajor { packRows(point, block) } else { packTiles(point, block) }
  }

  private func packRows(_ point: Point, _ block: BlockRange) {
    let strides = rowMajorStrides(kAxes.map { kernel.axes[$0] })
    let uniforms = emitter.uniforms(broadcastProgram)
    let row = { (inner: Point) in
      overAll(Array(kAxes.dropLast()), inner) { outer in
        let k = kAxes.last!
        emitter.vectorLoop(k, function.int64(0), function.int64(kernel.axes[k]), lanes: lanes, outer) { place in
          var runner = ScalarProgramEmitter(emitter, lanes: lanes, at: place)
          let value = runner.run(broadcastProgram, known: uniforms).last!
          let k = function.affine(0, strides, kAxes.map { place.coordinates[$0] })
          let row = broadcastAxis.map { function.subtract(place.coordinates[$0], block.start) } ?? function.int64(0)
          let position = function.add(function.multiply(row, scratch.broadcastStride), k)
          runner.storeScratch(value, scratch.broadcast, position)
        }
      }
    }
    guard let axis = broadcastAxis else { return row(point) }
    function.loop(block.start, block.end) { index in
      var inner = point
      inner.coordinates[axis] = index
      row(inner)
    }
  }

  /// The k that are copied for all tiles before the next ones: rows of memory that share a set of the cache stay in it
  /// until every tile has taken its part of them.
  private static var packedTogether: Int { 8 }

  private func packTiles(_ point: Point, _ block: BlockRange) {
    let axis = broadcastAxis!
    let k = kAxes.last!
    let depth = kAxes.reduce(1) { $0 * kernel.axes[$1] }
    let strides = rowMajorStrides(kAxes.map { kernel.axes[$0] })
    let uniforms = emitter.uniforms(broadcastProgram)
    let last = function.int64(kernel.axes[k])
    overAll(Array(kAxes.dropLast()), point) { outer in
      function.loop(function.int64(0), last, step: Self.packedTogether) { first in
        let end = minimum(function.add(first, function.int64(Self.packedTogether)), last)
        overBroadcastTiles(outer, block) { tilePoint, rows in
          let tile = function.multiply(function.subtract(tilePoint.coordinates[axis], block.start), depth)
          function.loop(first, end) { index in
            var place = tilePoint
            place.coordinates[k] = index
            place.vectorAxis = axis
            var runner = ScalarProgramEmitter(emitter, lanes: rows, at: place)
            let value = runner.run(broadcastProgram, known: uniforms).last!
            let position = function.multiply(function.affine(0, strides, kAxes.map { place.coordinates[$0] }), rows)
            runner.storeScratch(value, scratch.broadcast, function.add(tile, position))
          }
        }
      }
    }
  }
}
