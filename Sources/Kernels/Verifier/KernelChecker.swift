import FraguaSource
import FraguaTensors

/// The checks of one kernel.
struct KernelChecker {
  let kernel: Kernel
  /// What messages call the kernel.
  let name: String
  /// The kernel's number in its program.
  let number: Int
  var errors: [KernelViolation] = []
  /// What the kernel is known to read and to write; `nil` until all checks pass.
  private(set) var reach: KernelReach?

  init(_ kernel: Kernel, _ name: String, number: Int) {
    self.kernel = kernel
    self.name = name
    self.number = number
  }

  /// Notes an error, in a part or at a `place` in it.
  mutating func fail(_ message: String, in part: String? = nil, at place: KernelPlace? = nil) {
    let place = place ?? part.map { .part(kernel: number, $0) } ?? .kernel(number)
    errors.append(KernelViolation("'@\(name)'" + (part.map { ", \($0)" } ?? "") + ": " + message, at: place))
  }

  /// Checks everything; the later checks only where the earlier ones pass, since they rely on them.
  mutating func check() {
    checkAxes()
    checkBuffers()
    if !errors.isEmpty { return }
    checkForm()
    if !errors.isEmpty { return }
    let reach = checkUses()
    if errors.isEmpty { self.reach = reach }
  }

  /// Checks extents and how the form divides them.
  private mutating func checkAxes() {
    var points = 1
    for extent in kernel.axes {
      if extent < 1 { return fail("an axis of extent \(extent)") }
      let (product, overflow) = points.multipliedReportingOverflow(by: extent)
      if overflow || product > KernelVerifier.mostElements {
        return fail("the index space \(kernel.axes) is too large")
      }
      points = product
    }
    let axisCount = kernel.axes.count
    func require(_ holds: Bool, _ text: String) -> String? { holds ? nil : text }
    let error: String?
    switch kernel.body {
    case .rows:
      error = require(
        (0...axisCount).contains(kernel.parallelAxes), "\(kernel.parallelAxes) parallel axes of \(axisCount)")
    case .contract(let body):
      let groups = [body.batchAxes, body.mAxes, body.nAxes, body.kAxes]
      let isDivision = groups.allSatisfy { (0...axisCount).contains($0) } && groups.reduce(0, +) == axisCount
      error =
        require(
          isDivision && kernel.parallelAxes == axisCount - body.kAxes, "\(axisCount) axes divided as \(groups)")
        ?? require(body.summation == .chain || body.kAxes > 0, "lanes of a sum over no axis")
    case .scatter(let body):
      let isDivision =
        (0...axisCount).contains(body.sourceAxes) && (0...axisCount).contains(body.innerAxes)
        && 1 + body.sourceAxes + body.innerAxes == axisCount
      error = require(
        isDivision && kernel.parallelAxes == 1,
        "\(axisCount) axes divided as [1, \(body.sourceAxes), \(body.innerAxes)]")
    case .lanes:
      error = require(axisCount == 1 && kernel.parallelAxes == 1, "a lanes kernel has one axis, not \(axisCount)")
    }
    if let error { fail(error) }
  }

  /// Checks the buffers' sizes.
  private mutating func checkBuffers() {
    for (i, buffer) in kernel.buffers.enumerated() where !(1...KernelVerifier.mostElements).contains(buffer.count) {
      fail("buffer \(i) has \(buffer.count) elements")
    }
  }

  /// Checks each program in what its form lets it see.
  private mutating func checkForm() {
    let parts = kernel.parts
    switch kernel.body {
    case .rows(let body): checkStages(body, parts)
    case .contract(let body):
      let lhs = check(parts[0])
      let rhs = check(parts[1])
      guard let lhs, let rhs else { return }
      let sum = body.accumulator
      if !Combiner.sum.takes(sum) || !sum.holds(lhs) || !sum.holds(rhs) {
        return fail("a contraction of \(lhs.rawValue) with \(rhs.rawValue), summed in \(sum.rawValue)")
      }
      for part in parts[2...] { check(part, inputs: [sum]) }
      if body.epilogue.stores.isEmpty { fail("nothing is stored", in: "epilogue") }
    case .scatter:
      let initial = check(parts[0])
      let index = check(parts[1])
      let update = check(parts[2])
      guard let initial, let index, let update else { return }
      if index != .i64 { fail("the index is \(index.rawValue), not i64", in: "index") }
      if initial != update || !Combiner.sum.takes(update) {
        return fail("a scatter of \(update.rawValue) onto \(initial.rawValue)")
      }
      check(parts[3], inputs: [initial])
    case .lanes(let body):
      check(parts[0])
      var sums: [ElementType] = []
      for value in body.sums {
        guard body.row.program.types.indices.contains(value) else { return fail("a sum of value \(value)", in: "row") }
        sums.append(body.row.program.types[value])
        if let type = sums.last, !Combiner.sum.takes(type) { fail("a sum of \(type.rawValue)", in: "row") }
      }
      check(parts[1], inputs: sums)
    }
  }

  /// Checks the stages of a rows body in turn.
  private mutating func checkStages(_ body: RowsBody, _ parts: [KernelPart]) {
    var scalars: [ElementType] = []
    var arrays: [ElementType] = []
    if body.stages.isEmpty { fail("there are no stages") }
    for (stage, part) in zip(body.stages, parts) {
      let types = part.block.program.types
      let named: [Int]
      switch stage {
      case .sweep(_, let locals, let reductions): named = locals + reductions.map(\.value)
      case .scalar(_, let yields): named = yields
      }
      if let value = named.first(where: { !types.indices.contains($0) }) {
        return fail("there is no value \(value)", in: part.name)
      }
      switch stage {
      case .sweep(_, let locals, let reductions):
        check(part, inputs: scalars, locals: arrays)
        if let bad = reductions.first(where: { !$0.combiner.takes(types[$0.value]) }) {
          fail("a \(bad.combiner.rawValue) of \(types[bad.value].rawValue)", in: part.name)
        }
        arrays += locals.map { types[$0] }
        scalars += reductions.map { types[$0.value] }
      case .scalar(_, let yields):
        check(part, inputs: scalars)
        scalars += yields.map { types[$0] }
      }
    }
  }
}
