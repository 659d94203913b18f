import CLLVM
import FraguaKernels
import FraguaTensors

extension ContractEmitter {
  /// Copies the panel of the lane operand that starts at `point`: for each k the tile's lanes.
  func packPanel(_ point: Point, _ width: Int, _ mask: LLVMValueRef?) {
    if transposesPanel { return packTransposed(point, width, mask) }
    let strides = rowMajorStrides(kAxes.map { kernel.axes[$0] })
    let uniforms = emitter.uniforms(laneProgram)
    overAll(kAxes, point) { inner in
      let position = function.multiply(function.affine(0, strides, kAxes.map { inner.coordinates[$0] }), tile.lanes)
      for column in 0..<width {
        var place = inner
        if let axis = laneAxis {
          place.coordinates[axis] = function.add(inner.coordinates[axis], function.int64(column * lanes))
        }
        place.mask = column == width - 1 ? mask : nil
        var runner = ProgramRunner(emitter, lanes: lanes, at: place)
        let value = runner.run(laneProgram, known: uniforms).last!
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
    let k = kAxes[0]
    let last = function.int64(kernel.axes[axis] - 1)
    let uniforms = emitter.uniforms(laneProgram)
    emitter.vectorLoop(k, function.int64(0), function.int64(kernel.axes[k]), lanes: lanes, point) { inner in
      for column in 0..<width {
        let rows = (0..<lanes).map { lane -> LLVMValueRef in
          var place = inner
          let wanted = function.add(point.coordinates[axis], function.int64(column * lanes + lane))
          // Lanes behind the end are filled with the last row, and never stored.
          place.coordinates[axis] = mask == nil || column < width - 1 ? wanted : minimum(wanted, last)
          var runner = ProgramRunner(emitter, lanes: lanes, at: place)
          return runner.run(laneProgram, known: uniforms).last!.reference
        }
        let count = inner.mask == nil ? lanes : kernel.axes[k] % lanes
        for (offset, value) in Transposition(function).transposed(rows).prefix(count).enumerated() {
          let position = function.add(
            function.multiply(function.add(inner.coordinates[k], function.int64(offset)), tile.lanes),
            function.int64(column * lanes))
          ProgramRunner(emitter, lanes: lanes, at: inner).storeScratch(
            VectorValue(reference: value, type: type), scratch.panel, position)
        }
      }
    }
  }

  /// Copies a block of the broadcast operand.
  func packBroadcast(_ point: Point, _ block: BlockRange) {
    let strides = rowMajorStrides(kAxes.map { kernel.axes[$0] })
    let uniforms = emitter.uniforms(broadcastProgram)
    let copy = { (inner: Point) in
      var runner = ProgramRunner(emitter, lanes: lanes, at: inner)
      let value = runner.run(broadcastProgram, known: uniforms).last!
      let k = function.affine(0, strides, kAxes.map { inner.coordinates[$0] })
      let row = broadcastAxis.map { function.subtract(inner.coordinates[$0], block.start) } ?? function.int64(0)
      let place =
        scratch.broadcastIsRowMajor
        ? function.add(function.multiply(row, scratch.broadcastStride), k)
        : function.add(function.multiply(k, scratch.broadcastStride), row)
      runner.storeScratch(value, scratch.broadcast, place)
    }
    guard scratch.broadcastIsRowMajor else {
      overAll(kAxes, point) { emitter.vectorLoop(broadcastAxis!, block.start, block.end, lanes: lanes, $0, copy) }
      return
    }
    let row = { (inner: Point) in
      overAll(Array(kAxes.dropLast()), inner) { outer in
        let k = kAxes.last!
        emitter.vectorLoop(k, function.int64(0), function.int64(kernel.axes[k]), lanes: lanes, outer, copy)
      }
    }
    guard let axis = broadcastAxis else { return row(point) }
    function.loop(block.start, block.end) { index in
      var inner = point
      inner.coordinates[axis] = index
      row(inner)
    }
  }
}
