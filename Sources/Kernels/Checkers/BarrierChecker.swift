/// Proves that a barrier stands on every dependence between threads, whatever the scheduler thought.
///
/// Between two barriers the threads run the calls on their own time. Two calls there, of which one writes what another thread touches in
/// the other, are a race. The proof is by the accesses' own addresses: for the same number of units on both sides, no element that one
/// call reaches in one unit is reached by the other in another unit. What cannot be proved counts as a race.
public enum BarrierChecker {
  /// What is wrong with `schedule`, in words; empty where nothing is.
  /// - Requires: ``KernelVerifier`` accepts `program`.
  public static func check(_ program: KernelProgram, _ schedule: Schedule) -> [String] {
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
        violations += (before + inside).map { message(touch, $0, program) }
      }
      for touch in own { touched[touch.buffer, default: []].append(touch) }
    }
    return violations
  }

  /// Checks that the schedule fits the program.
  static func structure(_ program: KernelProgram, _ schedule: Schedule) -> [String] {
    if schedule.calls.count != program.calls.count {
      return ["\(schedule.calls.count) schedules for \(program.calls.count) calls"]
    }
    var violations: [String] = []
    if schedule.maximumThreads < 1 { violations.append("\(schedule.maximumThreads) threads") }
    for (i, barrier) in schedule.barriers.enumerated() {
      if !program.calls.indices.contains(barrier) { violations.append("a barrier before call \(barrier)") }
      if i > 0 && barrier <= schedule.barriers[i - 1] { violations.append("the barriers \(schedule.barriers) do not ascend") }
    }
    for (number, call) in program.calls.enumerated() {
      guard case .split(let axis, let unit) = schedule.calls[number].partition else { continue }
      let kernel = program.kernel(of: call)
      let isParallel = (0..<kernel.parallelAxes).contains(axis)
      if !isParallel || kernel.form == .lanes {
        violations.append("call \(number) ('\(call.name)') is split along axis \(axis), which cannot be divided")
      }
      if !(1...KernelVerifier.mostElements).contains(unit) { violations.append("call \(number) ('\(call.name)') is split in units of \(unit)") }
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
    return "\(names[0]) \(verbs[0]) and \(names[1]) \(verbs[1]) '%\(program.buffers[touch.buffer].name)' on different threads "
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
            owner: Owner(partition, part, kernel), address: Address(access, part, kernel, bounds, ranges)))
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

/// The elements of an access as one affine form for each point of the kernel, index terms included.
private struct Address {
  let strides: [Int]
  /// The offset, and the terms that belong to no axis.
  let rest: AffineForm
  /// The coordinates at which the access can happen.
  let box: [ClosedInterval]
  /// The first and last element.
  let range: ClosedInterval?

  init(_ access: Access, _ part: KernelPart, _ kernel: Kernel, _ bounds: AccessBounds, _ ranges: ValueRanges) {
    strides = access.strides
    box = bounds.box!
    range = bounds.elements
    let terms = access.indices.map { AffineForm.Term(coefficient: $0.stride, range: ranges.intervals[$0.value]) }
    rest = AffineForm(offset: access.offset, terms: terms)
  }

  /// The address with coordinate `axis`, if any, written as `unit * q + r`: its share of q, and everything else, with sign `sign`.
  func terms(_ sign: Int, splitting axis: Int?, unit: Int) -> [AffineForm.Term] {
    var terms = rest.terms
    for (i, stride) in strides.enumerated() where stride != 0 {
      terms.append(AffineForm.Term(coefficient: stride, range: i == axis ? ClosedInterval(0, unit - 1) : box[i]))
    }
    return terms.map { AffineForm.Term(coefficient: sign * $0.coefficient, range: $0.range) }
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
    return mayMeetElsewhere(other)
  }

  /// Whether the two may reach the same element from different units.
  private func mayMeetElsewhere(_ other: Touch) -> Bool {
    guard let mine = address.range, let others = other.address.range else { return true }
    if mine.high < others.low || others.high < mine.low { return false }
    guard case .unit(let axis, let unit, let units) = owner, case .unit(let otherAxis, let otherUnit, let otherUnits) = other.owner,
      units == otherUnits
    else {
      return difference(other, axis: nil, 1, otherAxis: nil, 1, extra: []).mayVanish
    }
    if units == 1 { return false }
    // q is this unit; the other one lies δ further, up or down.
    let (step, otherStep) = (address.strides[axis] * unit, other.address.strides[otherAxis] * otherUnit)
    let q = AffineForm.Term(coefficient: step - otherStep, range: ClosedInterval(0, units - 1))
    return [ClosedInterval(1, units - 1), ClosedInterval(1 - units, -1)].contains { range in
      let delta = AffineForm.Term(coefficient: -otherStep, range: range)
      return difference(other, axis: axis, unit, otherAxis: otherAxis, otherUnit, extra: [q, delta]).mayVanish
    }
  }

  /// The difference of the two addresses, the coordinates along the given axes without their units.
  private func difference(
    _ other: Touch, axis: Int?, _ unit: Int, otherAxis: Int?, _ otherUnit: Int, extra: [AffineForm.Term]
  ) -> AffineForm {
    AffineForm(
      offset: address.rest.offset - other.address.rest.offset,
      terms: address.terms(1, splitting: axis, unit: unit) + other.address.terms(-1, splitting: otherAxis, unit: otherUnit)
        + extra)
  }
}
