import FraguaKernels
import FraguaScheduling
import FraguaTensors
import Testing

/// The order of calls that keeps least memory live.
@Suite struct KernelOrderTests {
  private static let bytes = 4032

  /// A call by the names of the buffers that it reads and writes; a name that begins with `t` is a temporary's.
  private typealias Touches = (reads: [String], writes: [String])

  private func program(_ calls: [Touches]) -> KernelProgram {
    var program = KernelProgram(name: "f", argumentNames: ["x"], resultNames: [])
    var numbers: [String: Int] = [:]
    for name in calls.flatMap({ $0.reads + $0.writes }) where numbers[name] == nil {
      numbers[name] = program.buffers.count
      let kind: ProgramBuffer.Kind = name.hasPrefix("t") ? .temporary : .parameter(name)
      program.buffers.append(ProgramBuffer(name: name, type: TensorType([1000], .f32), kind: kind))
    }
    for (index, call) in calls.enumerated() {
      let operands = call.reads.map { ($0, KernelBuffer.Use.read) } + call.writes.map { ($0, .write) }
      let kernel = program.intern(
        Kernel(
          axes: [], parallelAxes: 0, buffers: operands.map { KernelBuffer(.f32, count: 1000, use: $0.1) },
          body: .rows(RowsBody([]))))
      program.calls.append(KernelCall(name: "c\(index)", kernel: kernel, buffers: operands.map { numbers[$0.0]! }))
    }
    return program
  }

  /// A backward pass that has all gradients of activations first: its updates follow the gradients that they need.
  @Test func updatesFollowTheirGradients() {
    let calls: [Touches] = [
      (["x"], ["t1"]), (["t1"], ["t2"]), (["t2"], ["t3"]),  // forward
      (["t3", "w3"], ["td2"]), (["td2", "w2"], ["td1"]),  // backward
      (["t2", "t3"], ["w3"]), (["t1", "td2"], ["w2"]), (["x", "td1"], ["w1"]),  // updates
    ]
    let order = KernelOrder(program(calls), leastBytes: 0)
    #expect(order.positions == [0, 1, 2, 3, 5, 4, 6, 7])
    #expect(order.sourcePeakBytes == 5 * Self.bytes)
    #expect(order.peakBytes == 4 * Self.bytes)
    #expect(order.apply(to: program(calls)).calls.map(\.name) == ["c0", "c1", "c2", "c3", "c5", "c4", "c6", "c7"])
  }

  /// What is read is not overwritten before, whatever that would free.
  @Test func keepsDependences() {
    let calls: [Touches] = [
      (["x"], ["t1"]), (["x"], ["t2"]), (["t1", "w1"], ["r1"]), (["t2"], ["w1"]), (["w1"], ["r2"]),
    ]
    let order = KernelOrder(program(calls), leastBytes: 0)
    let place = { (call: Int) in order.positions.firstIndex(of: call)! }
    #expect(order.positions == [0, 2, 1, 3, 4])
    #expect(place(2) < place(3) && place(3) < place(4))
    #expect(order.peakBytes == Self.bytes && order.sourcePeakBytes == 2 * Self.bytes)
  }

  /// Nothing changes where nothing is gained, or too little memory is needed for it to matter.
  @Test func keepsTheSourcesOrder() {
    let chain: [Touches] = [(["x"], ["t1"]), (["y"], ["r1"]), (["t1"], ["t2"]), (["t2"], ["r2"])]
    #expect(KernelOrder(program(chain), leastBytes: 0).positions == [0, 1, 2, 3])
    let small: [Touches] = [(["x"], ["t1"]), (["y"], ["t2"]), (["t1"], ["r1"]), (["t2"], ["r2"])]
    #expect(KernelOrder(program(small), leastBytes: 0).positions == [0, 2, 1, 3])
    #expect(KernelOrder(program(small)).positions == [0, 1, 2, 3])
  }
}
