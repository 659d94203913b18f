/// Which part of one of a kernel's buffers each thread touches.
struct Footprint: Hashable {
  enum Part: Hashable {
    /// Thread 0 alone touches it.
    case first
    /// Any thread may touch any element.
    case any
    /// The thread that owns coordinates `lo ..< hi` of an axis of that extent, cut in those units, touches the elements
    /// `lo * stride ..< hi * stride` only.
    case chunk(extent: Int, unit: Int, stride: Int)
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
    guard range.lowerBound >= 0, range.upperBound < stride else { return .any }
    return .chunk(extent: kernel.axes[axis], unit: unit, stride: stride)
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
