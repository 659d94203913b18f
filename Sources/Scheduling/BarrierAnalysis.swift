import FraguaKernels

/// Which part of one of a kernel's buffers each thread touches.
struct Footprint: Hashable {
  enum Part: Hashable {
    /// Thread 0 alone touches it.
    case first
    /// Any thread may touch any element.
    case any
    /// The owner of a unit of so many elements, of `count` in all, touches those only.
    case chunk(count: Int, unit: Int)
    /// The elements lie as these say, of which `cut` is shared in units: no two points of them have one element.
    case cut(Dimension, unit: Int, offset: Int, others: [Dimension])
  }

  /// So many coordinates, elements that far apart.
  struct Dimension: Hashable {
    var stride: Int
    var extent: Int
  }

  /// The kernel's buffer.
  let buffer: Int
  let part: Part
  let isWrite: Bool

  /// Whether two threads may touch one element, at least one of them writing, where both buffers are the same memory.
  func conflicts(with other: Footprint) -> Bool {
    if !isWrite && !other.isWrite { return false }
    if part == .any || other.part == .any { return true }
    return part != other.part
  }
}

/// Finds where threads must wait for each other: between calls of which one writes what another thread touches in the
/// other.
public struct BarrierAnalysis {
  /// For each buffer of the program: how it was touched since the last barrier.
  private var touched: [Int: Set<Footprint>] = [:]

  /// Before which calls of `program` all threads must wait, where the calls run as `schedules` say.
  public static func barriers(_ program: KernelProgram, _ schedules: [CallSchedule]) -> [Int] {
    var analysis = BarrierAnalysis()
    var result: [Int] = []
    for (index, (call, schedule)) in zip(program.calls, schedules).enumerated() {
      let footprints = footprints(program.kernel(of: call), schedule.partition)
      if analysis.needsBarrier(before: footprints, of: call.buffers) {
        result.append(index)
        analysis.passBarrier()
      }
      analysis.add(footprints, of: call.buffers)
    }
    return result
  }

  /// What a call of `kernel` with that partition touches, each once.
  static func footprints(_ kernel: Kernel, _ partition: Partition) -> [Footprint] {
    var result: [Footprint] = []
    kernel.forEachAccess { access, isWrite, part in
      let footprint = Footprint(
        buffer: access.buffer, part: self.part(access, kernel, partition, part), isWrite: isWrite)
      if !result.contains(footprint) { result.append(footprint) }
    }
    return result
  }

  private static func part(
    _ access: Access, _ kernel: Kernel, _ partition: Partition, _ part: AccessPart
  ) -> Footprint.Part {
    guard case .split(let axis, let unit) = partition else { return .first }
    guard access.isLinear, let stride = access.stride(along: axis), stride > 0 else { return .any }
    // A side part runs on the owners of its own axes where the partition is along one, so that the same holds for it.
    var others = access.element
    others.coefficients[axis] = 0
    let range = others.range(in: kernel.axes)
    if range.lowerBound >= 0, range.upperBound < stride {
      return .chunk(count: kernel.axes[axis] * stride, unit: unit * stride)
    }
    return cut(access.element, axis, unit, kernel.axes) ?? .any
  }

  /// The part of the owner of a unit of `axis` that others' elements lie between; `nil` where two points may have one
  /// element.
  private static func cut(_ element: AffineExpression, _ axis: Int, _ unit: Int, _ axes: [Int]) -> Footprint.Part? {
    let own = Footprint.Dimension(stride: element.coefficients[axis], extent: axes[axis])
    var others: [Footprint.Dimension] = []
    for other in axes.indices where other != axis && axes[other] > 1 && element.coefficients[other] != 0 {
      if element.coefficients[other] < 0 { return nil }
      others.append(Footprint.Dimension(stride: element.coefficients[other], extent: axes[other]))
    }
    others.sort { $0.stride < $1.stride }
    // As in a number system: each stride is larger than all that the smaller ones can add up to.
    var reach = 0
    for dimension in (others + [own]).sorted(by: { $0.stride < $1.stride }) {
      if dimension.stride <= reach { return nil }
      reach += dimension.stride * (dimension.extent - 1)
    }
    var merged: [Footprint.Dimension] = []
    for dimension in others {
      if let last = merged.last, dimension.stride == last.stride * last.extent {
        merged[merged.count - 1].extent *= dimension.extent
      } else {
        merged.append(dimension)
      }
    }
    return .cut(own, unit: unit, offset: element.offset, others: merged)
  }

  /// Whether a barrier must stand before a call with these footprints whose buffers are `bindings`.
  func needsBarrier(before footprints: [Footprint], of bindings: [Int]) -> Bool {
    footprints.contains { own in touched[bindings[own.buffer]]?.contains(where: own.conflicts) ?? false }
  }

  mutating func add(_ footprints: [Footprint], of bindings: [Int]) {
    for footprint in footprints { touched[bindings[footprint.buffer], default: []].insert(footprint) }
  }

  mutating func passBarrier() { touched = [:] }
}
