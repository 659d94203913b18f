import Fragua
import FraguaCodeGen
import FraguaKernels

/// What the processor reaches at best: multiply-adds on registers, measured with a kernel of our own.
///
/// Each element starts twelve chains of multiply-adds that do not depend on each other, enough to hide their latency, and adds up
/// their ends: hardly any memory is touched.
enum PeakMeasurement {
  private static let chains = 12
  private static let length = 40
  private static let elementsPerThread = 4096

  /// The 10^9 floating-point operations a second that `threads` threads reach in f32; a multiply-add counts as two.
  static func gflops(_ processor: Processor, threads: Int) -> Double {
    let elements = elementsPerThread * threads
    let program = program(elements)
    let lanes = processor.target.lanes
    let schedule = Schedule(
      calls: [
        CallSchedule(partition: threads > 1 ? .split(axis: 0, unit: lanes) : .single, vectorAxis: 0)
      ], barriers: [], maximumThreads: threads)
    let plan = MemoryPlanner.plan(program, schedule)
    let executable = Executable(
      StepCompiler.compile(program, schedule, plan, processor), program, schedule, plan, team: ThreadTeam(threads))
    var best = Double.infinity
    for _ in 0..<60 {
      let begin = ContinuousClock.now
      for _ in 0..<8 { executable.step() }
      best = min(best, (ContinuousClock.now - begin) / .seconds(1) / 8)
    }
    return Double(elements * chains * length * 2) / best / 1e9
  }

  /// A program of one kernel that reads and writes `elements` elements.
  private static func program(_ elements: Int) -> KernelProgram {
    let type = TensorType([elements], .f32)
    let access = { (buffer: Int) in Access(buffer: buffer, offset: 0, strides: [1]) }
    var code = ScalarProgram()
    let x = code.append(.load(access(0)), .f32)
    let factor = code.append(.constant(Scalar(0.999 as Float)), .f32)
    var ends: [Int] = []
    for chain in 0..<chains {
      let start = code.append(.constant(Scalar(Float(chain) + 0.5)), .f32)
      var value = code.append(.fma(x, factor, start), .f32)
      for _ in 1..<length { value = code.append(.fma(value, factor, x), .f32) }
      ends.append(value)
    }
    let sum = ends.dropFirst().reduce(ends[0]) { code.append(.binary(.add, $0, $1), .f32) }
    let kernel = Kernel(
      axes: [elements], parallelAxes: 1,
      buffers: [KernelBuffer(.f32, count: elements, use: .read), KernelBuffer(.f32, count: elements, use: .write)],
      body: .rows(RowsBody([.scalar(Block(code, stores: [Store(access(1), sum)]), yields: [])])))
    return KernelProgram(
      name: "peak",
      buffers: [
        ProgramBuffer(name: "x", type: type, kind: .argument(0)), ProgramBuffer(name: "y", type: type, kind: .result(0)),
      ],
      kernels: [kernel], calls: [KernelCall(name: "peak", kernel: 0, buffers: [0, 1])], argumentNames: ["x"],
      resultNames: ["y"])
  }
}
