import FraguaTensors

extension KernelChecker {
  /// A load or store with where it stands.
  private struct Use {
    let part: KernelPart
    let access: Access
    let isStore: Bool
    let bounds: AccessBounds
    /// Where it stands.
    let place: KernelPlace
  }

  /// Checks each buffer's loads and stores against each other.
  /// - Returns: what they reach.
  mutating func checkUses() -> KernelReach {
    var uses = [[Use]](repeating: [], count: kernel.buffers.count)
    for part in kernel.parts {
      let ranges = ValueRanges(part.block.program, axes: kernel.axes)
      func use(_ access: Access, isStore: Bool, _ place: KernelPlace) {
        let bounds = AccessBounds(access, axes: part.axes, extents: kernel.axes, ranges)
        uses[access.buffer].append(Use(part: part, access: access, isStore: isStore, bounds: bounds, place: place))
      }
      for (i, instruction) in part.block.program.instructions.enumerated() {
        guard case .load(let access) = instruction else { continue }
        use(access, isStore: false, .instruction(kernel: number, part: part.name, i))
      }
      for (i, store) in part.block.stores.enumerated() {
        use(store.access, isStore: true, .store(kernel: number, part: part.name, i))
      }
    }
    var reach = KernelReach()
    for (position, buffer) in kernel.buffers.enumerated() {
      let stores = uses[position].filter(\.isStore)
      let loads = uses[position].filter { !$0.isStore }
      if buffer.use != .read && stores.isEmpty {
        fail("buffer \(position) is for \(buffer.use.rawValue), but is not stored to")
      }
      if buffer.use != .write && loads.isEmpty {
        fail("buffer \(position) is for \(buffer.use.rawValue), but is not loaded")
      }
      checkDisjoint(stores, position)
      if buffer.use == .update {
        for load in loads where !stores.contains(where: { mayPrecede(load, $0) }) {
          fail("buffer \(position) is loaded where it is not stored afterwards", in: load.part.name, at: load.place)
        }
        checkForeign(loads, stores, position)
      }
      reach.append(
        loads: loads.map(\.bounds),
        stores: stores.map { ($0.bounds, $0.bounds.pointCount(over: $0.part.axes, $0.access.guards)) })
    }
    return reach
  }

  /// Checks that no two stores may hit the same element.
  ///
  /// Stores whose offsets differ modulo the greatest common divisor of all strides never meet: only the others are
  /// compared, so that the hundreds of stores of a network of lanes take linear time.
  private mutating func checkDisjoint(_ stores: [Use], _ buffer: Int) {
    let divisor = stores.reduce(0) { divisor, store in
      store.access.indices.isEmpty ? store.bounds.terms.reduce(divisor) { greatestDivisor($0, $1) } : 1
    }
    var alike: [Int: [Use]] = [:]
    for a in stores {
      let offset = a.access.element.offset
      let key = divisor == 0 ? offset : (offset % divisor + divisor) % divisor
      for b in alike[key] ?? [] where mayMeet(a, b) {
        fail("two stores to buffer \(buffer) may hit the same element", in: a.part.name, at: a.place)
        return
      }
      alike[key, default: []].append(a)
    }
  }

  /// The greatest number that divides `divisor` and the share of a term of an address, of which an axis of one point has
  /// none.
  private func greatestDivisor(_ divisor: Int, _ term: BoundedTerm) -> Int {
    let moves = term.range.low != term.range.high
    // At a point that is not 0, such an axis shifts the address: nothing is known then.
    if !moves { return term.range.low == 0 ? divisor : 1 }
    return greatestCommonDivisor(divisor, Int(term.coefficient.magnitude))
  }

  /// Checks that a load meets no store but its own.
  private mutating func checkForeign(_ loads: [Use], _ stores: [Use], _ buffer: Int) {
    if case .lanes = kernel.body { return checkLanes(loads, stores, buffer) }
    for load in loads {
      for store in stores where !mayPrecede(load, store) && mayMeet(load, store) {
        fail("buffer \(buffer) is loaded where another point or stage stores to it", in: load.part.name, at: load.place)
        return
      }
    }
  }

  /// Checks that the epilogue of a lanes kernel does not load what its rows store.
  private mutating func checkLanes(_ loads: [Use], _ stores: [Use], _ buffer: Int) {
    for load in loads {
      for store in stores where store.part.order < load.part.order && mayMeet(load, store) {
        return fail("buffer \(buffer) is loaded after it is stored", in: load.part.name, at: load.place)
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
    return load.access.element == store.access.element && load.access.guards == store.access.guards
      && load.access.indices == store.access.indices
  }

  /// Whether two accesses may reach the same element, at any two points.
  private func mayMeet(_ a: Use, _ b: Use) -> Bool {
    guard let first = a.bounds.elements, let second = b.bounds.elements else { return false }
    if first.high < second.low || second.high < first.low { return false }
    if !a.access.indices.isEmpty || !b.access.indices.isEmpty { return true }
    return ZeroSearch.mayVanish(
      a.access.element.offset - b.access.element.offset,
      a.bounds.terms + b.bounds.terms.map { BoundedTerm(-$0.coefficient, $0.range) })
  }
}
