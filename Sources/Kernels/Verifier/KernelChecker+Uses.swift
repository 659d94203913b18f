import FraguaTensors

extension KernelChecker {
  /// A load or store with where it stands.
  private struct Use {
    let part: KernelPart
    let access: Access
    let isStore: Bool
    let bounds: AccessBounds
  }

  /// Checks each buffer's loads and stores against each other.
  mutating func checkUses() {
    var uses = [[Use]](repeating: [], count: kernel.buffers.count)
    for part in kernel.parts {
      let ranges = ValueRanges(part.block.program, axes: kernel.axes)
      func use(_ access: Access, isStore: Bool) {
        let bounds = AccessBounds(access, axes: part.axes, extents: kernel.axes, ranges)
        uses[access.buffer].append(Use(part: part, access: access, isStore: isStore, bounds: bounds))
      }
      for case .load(let access) in part.block.program.instructions { use(access, isStore: false) }
      for store in part.block.stores { use(store.access, isStore: true) }
    }
    for (number, buffer) in kernel.buffers.enumerated() {
      let stores = uses[number].filter(\.isStore)
      let loads = uses[number].filter { !$0.isStore }
      if buffer.use != .read && stores.isEmpty {
        fail("buffer \(number) is for \(buffer.use.rawValue), but is not stored to")
      }
      if buffer.use != .write && loads.isEmpty {
        fail("buffer \(number) is for \(buffer.use.rawValue), but is not loaded")
      }
      checkDisjoint(stores, number)
      if buffer.use == .update {
        for load in loads where !stores.contains(where: { mayPrecede(load, $0) }) {
          fail("buffer \(number) is loaded where it is not stored afterwards", in: load.part.name)
        }
        checkForeign(loads, stores, number)
      }
    }
  }

  /// Checks that no two stores may hit the same element.
  private mutating func checkDisjoint(_ stores: [Use], _ buffer: Int) {
    for (i, a) in stores.enumerated() {
      for b in stores[..<i] where mayMeet(a, b) {
        fail("two stores to buffer \(buffer) may hit the same element", in: a.part.name)
        return
      }
    }
  }

  /// Checks that a load meets no store but its own.
  private mutating func checkForeign(_ loads: [Use], _ stores: [Use], _ buffer: Int) {
    if case .lanes = kernel.body { return checkLanes(loads, stores, buffer) }
    for load in loads {
      for store in stores where !mayPrecede(load, store) && mayMeet(load, store) {
        fail("buffer \(buffer) is loaded where another point or stage stores to it", in: load.part.name)
        return
      }
    }
  }

  /// Checks that the epilogue of a lanes kernel does not load what its rows store.
  private mutating func checkLanes(_ loads: [Use], _ stores: [Use], _ buffer: Int) {
    for load in loads {
      for store in stores where store.part.order < load.part.order && mayMeet(load, store) {
        return fail("buffer \(buffer) is loaded after it is stored", in: load.part.name)
      }
    }
  }

  /// Whether each element that `load` reads is read before `store`, and only where `store` writes it.
  ///
  /// That holds for the same access, in the same program or in an earlier one that the same point runs; in a lanes
  /// kernel for any access of the rows and the epilogue before the epilogue's stores.
  private func mayPrecede(_ load: Use, _ store: Use) -> Bool {
    let isSamePart = load.part.name == store.part.name
    switch kernel.body {
    case .lanes:
      if store.part.order == 1 { return true }
    case .rows:
      if load.part.order > store.part.order { return false }
    case .scatter:
      if !isSamePart && load.part.order != 0 { return false }
    case .contract:
      if !isSamePart { return false }
    }
    if !isSamePart && !load.access.indices.isEmpty { return false }
    return load.access.strides == store.access.strides && load.access.offset == store.access.offset
      && load.access.guards == store.access.guards && load.access.indices == store.access.indices
  }

  /// Whether two accesses may reach the same element, at any two points.
  private func mayMeet(_ a: Use, _ b: Use) -> Bool {
    guard let first = a.bounds.elements, let second = b.bounds.elements else { return false }
    if first.high < second.low || second.high < first.low { return false }
    if !a.access.indices.isEmpty || !b.access.indices.isEmpty { return true }
    var difference = a.bounds.form
    difference.offset -= b.bounds.form.offset
    difference.terms += b.bounds.form.terms.map {
      AffineForm.Term(-$0.coefficient, $0.range)
    }
    return difference.mayVanish
  }
}
