import FraguaKernels

extension KernelProgram {
  /// The most bytes of a call's operands that wait for the end of the program.
  private static let mostWaitingBytes = 64 << 10

  /// Moves small calls that compute nothing but results of the function, which no other call reads, to the end.
  ///
  /// The mean of the rows' losses reads what all threads wrote: in its place between the forward and the backward pass
  /// they would wait for each other before it.
  mutating func computeResultsLast() {
    var written: Set<Int> = []
    var touched: Set<Int> = []
    var moved: [KernelCall] = []
    var others: [KernelCall] = []
    for call in calls.reversed() {
      let uses = zip(call.buffers, kernel(of: call).buffers)
      let reads = uses.filter { $1.use == .read }.map(\.0)
      let writes = uses.filter { $1.use != .read }.map(\.0)
      let size = reads.reduce(0) { $0 + buffers[$1].type.byteCount }
      if size <= Self.mostWaitingBytes, writes.allSatisfy({ isResult($0) && !touched.contains($0) }),
        reads.allSatisfy({ !written.contains($0) })
      {
        moved.append(call)
      } else {
        others.append(call)
        written.formUnion(writes)
        touched.formUnion(call.buffers)
      }
    }
    calls = others.reversed() + moved.reversed()
  }

  private func isResult(_ buffer: Int) -> Bool { if case .result = buffers[buffer].kind { true } else { false } }
}
