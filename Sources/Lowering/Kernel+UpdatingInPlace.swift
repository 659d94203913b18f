import FraguaKernels

extension Kernel {
  /// The kernel with one buffer in place of `read` and `write`, updated in place; `nil` where it would read an element
  /// that it has overwritten.
  func updatingInPlace(reading read: Int, writing write: Int) -> Kernel? {
    let (kept, dropped) = (min(read, write), max(read, write))
    var buffers = buffers
    buffers[kept].use = .update
    buffers.remove(at: dropped)
    let place = self.buffers.indices.map { $0 == dropped ? kept : $0 > dropped ? $0 - 1 : $0 }
    let updating = renumbering(buffers, place)
    return InPlaceCheck.isLegal(updating, kept) ? updating : nil
  }

  /// The kernel without `buffer`, which it only writes.
  func notStoring(_ buffer: Int) -> Kernel {
    var buffers = buffers
    buffers.remove(at: buffer)
    return renumbering(buffers, self.buffers.indices.map { $0 == buffer ? nil : $0 > buffer ? $0 - 1 : $0 })
  }
}

/// Whether a kernel may write a buffer that it also reads: each element is read only where it is written, and before.
private enum InPlaceCheck {
  static func isLegal(_ kernel: Kernel, _ buffer: Int) -> Bool {
    switch kernel.body {
    case .lanes(let body):
      // Rows load before the epilogue stores, and the epilogue loads before it stores; rows must not store there.
      return !body.row.stores.contains { $0.access.buffer == buffer }
    case .contract(let body):
      if reads(body.lhs, buffer) || reads(body.rhs, buffer) { return false }
      let blocks = [body.epilogue] + [body.rhsSum, body.lhsSum].compactMap { $0 }
      let touching = blocks.filter { reads($0.program, buffer) || $0.stores.contains { $0.access.buffer == buffer } }
      return touching.count == 1 && agrees(touching[0], buffer)
    case .scatter(let body):
      if reads(body.index, buffer) || reads(body.update, buffer) { return false }
      guard let stored = body.epilogue.stores.first(where: { $0.access.buffer == buffer })?.access else { return false }
      return agrees(body.epilogue, buffer) && loads(body.initial, buffer).allSatisfy { $0 == stored }
    case .rows(let body):
      var stored: Access?
      for stage in body.stages {
        let block: Block
        switch stage {
        case .sweep(let own, _, _): block = own
        case .scalar(let own, _): block = own
        }
        if stored != nil, reads(block.program, buffer) { return false }
        if block.stores.contains(where: { $0.access.buffer == buffer }) {
          guard agrees(block, buffer) else { return false }
          stored = block.stores.first { $0.access.buffer == buffer }!.access
        }
      }
      guard let stored else { return false }
      return body.stages.allSatisfy { stage in
        switch stage {
        case .sweep(let block, _, _): loads(block.program, buffer).allSatisfy { $0 == stored }
        case .scalar(let block, _): loads(block.program, buffer).allSatisfy { $0 == stored }
        }
      }
    }
  }

  /// Whether the block's loads of the buffer are where it stores.
  private static func agrees(_ block: Block, _ buffer: Int) -> Bool {
    let stores = block.stores.filter { $0.access.buffer == buffer }
    return stores.count == 1 && loads(block.program, buffer).allSatisfy { $0 == stores[0].access }
  }

  private static func reads(_ program: ScalarProgram, _ buffer: Int) -> Bool { !loads(program, buffer).isEmpty }

  private static func loads(_ program: ScalarProgram, _ buffer: Int) -> [Access] {
    program.instructions.compactMap { instruction in
      if case .load(let access) = instruction, access.buffer == buffer { access } else { nil }
    }
  }
}
