import FraguaCodeGen
import FraguaKernels
import FraguaRuntime
import FraguaTensors
import TestSupport

/// One kernel run both ways on the same random memory.
struct KernelComparison {
  let kernel: Kernel
  let program: KernelProgram
  let schedule: Schedule
  let processor: Processor
  private let initial: [Tensor]

  /// - Parameter schedule: of the one call; the scheduler's choice where `nil`.
  init(_ kernel: Kernel, _ schedule: CallSchedule?, _ processor: Processor, seed: UInt64) {
    self.kernel = kernel
    self.processor = processor
    var random = RandomSource(seed: seed &+ 77)
    initial = kernel.buffers.map { Self.tensor($0, &random) }
    let buffers = kernel.buffers.indices.map {
      ProgramBuffer(
        name: "b\($0)", type: TensorType([kernel.buffers[$0].count], kernel.buffers[$0].element), kind: .parameter("b\($0)"))
    }
    program = KernelProgram(
      name: "sample", buffers: buffers, kernels: [kernel],
      calls: [KernelCall(name: "sample", kernel: 0, buffers: Array(kernel.buffers.indices))])
    if let schedule {
      self.schedule = Schedule(calls: [schedule], barriers: [], maximumThreads: 8)
    } else {
      self.schedule = Scheduler(processor.target, threads: 4).schedule(program)
    }
  }

  /// Where compiled code differs from the interpreter; `nil` where it does not.
  func difference(threads: Int) -> String? {
    let expected = kernel.buffers.indices.map { Self.memory(initial[$0]) }
    KernelInterpreter.run(kernel, on: expected.map(\.start))
    let plan = MemoryPlanner.plan(program, schedule)
    let object = StepCompiler.compile(program, schedule, plan, processor)
    let store = ParameterStore()
    for (index, tensor) in initial.enumerated() { store["b\(index)"] = tensor }
    let executable = Executable(object, program, schedule, plan, team: ThreadTeam(threads))
    do { try executable.bind(store) } catch { return "\(error)" }
    executable.step()
    for (index, memory) in expected.enumerated() {
      let want = Tensor(initial[index].type, bytes: UnsafeRawBufferPointer(start: memory.start, count: initial[index].type.byteCount))
      let got = store["b\(index)"]!
      for i in 0..<want.count where got[i] != want[i] {
        if want[i].type.isFloat, want[i].asDouble.isNaN, got[i].asDouble.isNaN { continue }
        return "buffer \(index) element \(i) is \(got[i].asDouble), expected \(want[i].asDouble)"
      }
    }
    return nil
  }

  private static func memory(_ tensor: Tensor) -> AlignedMemory {
    let memory = AlignedMemory(byteCount: tensor.type.byteCount)
    tensor.withBytes { if let base = $0.baseAddress { memory.start.copyMemory(from: base, byteCount: $0.count) } }
    return memory
  }

  private static func tensor(_ buffer: KernelBuffer, _ random: inout RandomSource) -> Tensor {
    Tensor(TensorType([buffer.count], buffer.element)) { _ in
      switch buffer.element {
      case .f32, .f64: Scalar(Double(random.int(-4000...4000)) / 1000, as: buffer.element)
      case .i1: Scalar(random.chance(50))
      case .ui8: Scalar(UInt8(random.int(0...255)))
      case .i32: Scalar(Int32(random.int(-1000...1000)))
      case .i64: Scalar(Int64(random.int(-1000...1000)))
      }
    }
  }
}
