import FraguaKernels

/// Proves that a barrier stands on every dependence between threads, whatever the scheduler thought.
///
/// Between two barriers the threads run the calls on their own time. Two calls there, of which one writes what another
/// thread touches in the other, are a race. The proof is by the accesses' own addresses: for the same number of units
/// on both sides, no element that one call reaches in one unit is reached by the other in another unit. What cannot be
/// proved counts as a race.
public enum BarrierChecker {
  /// What is wrong with `schedule`; empty where nothing is.
  /// - Requires: ``KernelVerifier`` accepts `program`.
  public static func check(_ program: KernelProgram, _ schedule: Schedule) -> [KernelViolation] {
    var violations = structure(program, schedule)
    if !violations.isEmpty || schedule.maximumThreads == 1 { return violations }
    var touched: [Int: [Touch]] = [:]
    let barriers = Set(schedule.barriers)
    for (number, call) in program.calls.enumerated() {
      if barriers.contains(number) { touched = [:] }
      let own = touches(call, number, program, schedule.calls[number].partition)
      for touch in own {
        let before = (touched[touch.buffer] ?? []).filter { touch.mayRace($0) }
        let inside = own.filter { $0.buffer == touch.buffer && touch.mayRaceInside($0) }
        violations += (before + inside).map {
          KernelViolation(message(touch, $0, program), at: .scheduled(call: number))
        }
      }
      for touch in own { touched[touch.buffer, default: []].append(touch) }
    }
    return violations
  }

  /// Checks that the schedule fits the program.
  static func structure(_ program: KernelProgram, _ schedule: Schedule) -> [KernelViolation] {
    var violations: [KernelViolation] = []
    func fail(_ message: String, at place: KernelPlace) { violations.append(KernelViolation(message, at: place)) }
    if schedule.calls.count != program.calls.count {
      fail("\(schedule.calls.count) schedules for \(program.calls.count) calls", at: .schedule)
      return violations
    }
    if schedule.maximumThreads < 1 { fail("\(schedule.maximumThreads) threads", at: .schedule) }
    for (i, barrier) in schedule.barriers.enumerated() {
      if !program.calls.indices.contains(barrier) { fail("a barrier before call \(barrier)", at: .barriers) }
      if i > 0 && barrier <= schedule.barriers[i - 1] {
        fail("the barriers \(schedule.barriers[i - 1]), \(barrier) do not ascend", at: .barriers)
        break
      }
    }
    for (number, call) in program.calls.enumerated() {
      guard case .split(let axis, let unit) = schedule.calls[number].partition else { continue }
      let kernel = program.kernel(of: call)
      let isParallel = (0..<kernel.parallelAxes).contains(axis)
      if !isParallel || kernel.form == .lanes {
        fail(
          "call \(number) ('\(call.name)') is split along axis \(axis), which cannot be divided",
          at: .scheduled(call: number))
      }
      if !(1...KernelVerifier.mostElements).contains(unit) {
        fail("call \(number) ('\(call.name)') is split in units of \(unit)", at: .scheduled(call: number))
      }
    }
    return violations
  }

  /// The barrier interval of each call: all calls apart for one thread, which runs them in order.
  static func intervals(_ program: KernelProgram, _ schedule: Schedule) -> [Int] {
    if schedule.maximumThreads == 1 { return Array(program.calls.indices) }
    let barriers = Set(schedule.barriers)
    var interval = 0
    return program.calls.indices.map { call in
      if barriers.contains(call) { interval += 1 }
      return interval
    }
  }

  /// How a race reads.
  private static func message(_ touch: Touch, _ other: Touch, _ program: KernelProgram) -> String {
    let verbs = [other, touch].map { $0.isStore ? "writes" : "reads" }
    let names = [other, touch].map { "call \($0.call) ('\(program.calls[$0.call].name)')" }
    return
      "\(names[0]) \(verbs[0]) and \(names[1]) \(verbs[1]) '%\(program.buffers[touch.buffer].name)' on different threads "
      + "with no barrier between"
  }

  /// Everything that `call` reads and writes.
  private static func touches(
    _ call: KernelCall, _ number: Int, _ program: KernelProgram, _ partition: Partition
  ) -> [Touch] {
    let kernel = program.kernel(of: call)
    var touches: [Touch] = []
    for part in kernel.parts {
      let ranges = ValueRanges(part.block.program, axes: kernel.axes)
      func add(_ access: Access, isStore: Bool) {
        let bounds = AccessBounds(access, axes: part.axes, extents: kernel.axes, ranges)
        guard bounds.box != nil else { return }
        touches.append(
          Touch(
            call: number, part: part.name, buffer: call.buffers[access.buffer], isStore: isStore,
            owner: Owner(partition, part, kernel), address: Address(access, kernel, bounds, ranges)))
      }
      for case .load(let access) in part.block.program.instructions { add(access, isStore: false) }
      for store in part.block.stores { add(store.access, isStore: true) }
    }
    return touches
  }
}

/// Which thread makes an access.
private enum Owner: Equatable {
  /// Thread 0.
  case first
  /// One that is not known here, or several.
  case anyone
  /// The owner of unit `c / unit` of `units`, `c` the coordinate along `axis`.
  case unit(axis: Int, unit: Int, units: Int)

  init(_ partition: Partition, _ part: KernelPart, _ kernel: Kernel) {
    switch partition {
    case .single: self = .first
    case .split(let axis, let unit):
      let units = (kernel.axes[axis] + unit - 1) / unit
      self = part.axes.contains(axis) ? .unit(axis: axis, unit: unit, units: units) : .anyone
    }
  }
}

/// The elements that an access reaches, as an affine form of the kernel's coordinates and of computed indices.
private struct Address {
  let offset: Int
  let strides: [Int]
  /// The terms that belong to no axis: digits and computed indices.
  let indices: [Term]
  /// The coordinates at which the access can happen.
  let box: [ClosedInterval]
  let extents: [Int]
  /// The first and last element.
  let range: ClosedInterval?
  /// The access itself.
  private let access: Access

  init(_ access: Access, _ kernel: Kernel, _ bounds: AccessBounds, _ ranges: ValueRanges) {
    self.access = access
    offset = access.element.offset
    strides = access.element.coefficients
    box = bounds.box!
    extents = kernel.axes
    range = bounds.elements
    var digits = access.element
    digits.coefficients = strides.map { _ in 0 }
    indices = (digits.terms(in: box) ?? []) + access.indices.map { Term($0.stride, ranges.intervals[$0.value]) }
  }

  /// Whether both are one access in one kernel, fill values aside.
  func isSame(as other: Address) -> Bool {
    access.element == other.access.element && access.guards == other.access.guards
      && access.indices == other.access.indices
  }

  /// The terms of the address; the coordinate `axis`, if any, in `range`.
  func terms(replacing axis: Int? = nil, by range: ClosedInterval? = nil) -> [Term] {
    indices
      + strides.indices.filter { strides[$0] != 0 }.map { Term(strides[$0], $0 == axis ? range! : box[$0]) }
  }
}

/// One access of one call.
private struct Touch {
  let call: Int
  let part: String
  let buffer: Int
  let isStore: Bool
  let owner: Owner
  let address: Address

  /// Whether another thread may make `other`, an access of another call, to the same element, one of them writing.
  func mayRace(_ other: Touch) -> Bool {
    if !isStore && !other.isStore || call == other.call { return false }
    if owner == .first && other.owner == .first { return false }
    return mayMeetElsewhere(other)
  }

  /// Whether two threads of the same call may meet in an element that this access writes.
  ///
  /// A part that sees nothing of the divided axis runs on one thread if it stores.
  func mayRaceInside(_ other: Touch) -> Bool {
    if !isStore || owner == .first { return false }
    if owner == .anyone || other.owner == .anyone { return part != other.part && mayMeetElsewhere(other) }
    // A store's element belongs to one point, which the same access reaches too.
    if address.isSame(as: other.address) { return false }
    return mayMeetElsewhere(other)
  }

  /// Whether the two may reach the same element from different units.
  private func mayMeetElsewhere(_ other: Touch) -> Bool {
    guard let mine = address.range, let others = other.address.range else { return true }
    if mine.high < others.low || others.high < mine.low { return false }
    guard case .unit(let axis, let unit, let units) = owner,
      case .unit(let otherAxis, let otherUnit, let otherUnits) = other.owner, units == otherUnits
    else {
      return isDifferenceZero(other, address.terms(), other.address.terms(), [])
    }
    if units == 1 { return false }
    let (step, otherStep) = (address.strides[axis] * unit, other.address.strides[otherAxis] * otherUnit)
    let inner = address.terms(replacing: axis, by: ClosedInterval(0, unit - 1))
    let otherInner = other.address.terms(replacing: otherAxis, by: ClosedInterval(0, otherUnit - 1))
    // The last unit may be smaller. One access is in it, the other in an earlier unit ...
    let earlier = ClosedInterval(0, units - 2)
    let lastUnit = ClosedInterval(units - 1, units - 1)
    let last = address.terms(replacing: axis, by: ClosedInterval(0, address.extents[axis] - 1 - (units - 1) * unit))
    let otherLast = other.address.terms(
      replacing: otherAxis, by: ClosedInterval(0, other.address.extents[otherAxis] - 1 - (units - 1) * otherUnit))
    if isDifferenceZero(other, last, otherInner, [Term(step, lastUnit), Term(-otherStep, earlier)])
      || isDifferenceZero(other, inner, otherLast, [Term(step, earlier), Term(-otherStep, lastUnit)])
    {
      return true
    }
    // ... or both are in earlier ones, the other access δ units further, up or down.
    if units == 2 { return false }
    return [ClosedInterval(1, units - 2), ClosedInterval(2 - units, -1)].contains { distance in
      isDifferenceZero(other, inner, otherInner, [Term(step - otherStep, earlier), Term(-otherStep, distance)])
    }
  }

  /// Whether the first terms less the second and with `extra` may make the two addresses equal.
  private func isDifferenceZero(_ other: Touch, _ terms: [Term], _ otherTerms: [Term], _ extra: [Term]) -> Bool {
    ZeroSearch.mayVanish(
      address.offset - other.address.offset, terms + otherTerms.map { Term(-$0.coefficient, $0.range) } + extra)
  }
}

private typealias Term = BoundedTerm
