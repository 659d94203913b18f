import CSupport
import FraguaCodeGen
import FraguaKernels
import FraguaSource
import FraguaTensors

/// Measures the most floating-point operations a second that the processor reaches, in 10^9: fused multiply-adds of
/// `element` in registers.
///
/// Takes about 50 ms; the best of many short runs, so that other load on the machine matters little.
/// - Requires: `element` is a float.
/// - Parameter threads: how many to measure; fewer where the system refuses some.
/// - Throws: where this machine cannot run code for `processor`.
public func measurePeak(
  _ processor: Processor, threads: Int, element: ElementType = .f32
) throws(Diagnostic) -> Double {
  try processor.checkRuns()
  let (object, flops) = PeakStep.compile(processor, element)
  let code = LoadedStep([object])
  let team = ThreadTeam(threads)
  let threads = team.count
  let arena = AlignedMemory(byteCount: threads * PeakStep.arenaBytes)
  let barrier = AlignedMemory(byteCount: MemoryLayout<FraguaBarrier>.size)
  let contexts = UnsafeMutablePointer<FraguaContext>.allocate(capacity: threads)
  defer { contexts.deallocate() }
  for thread in 0..<threads {
    (contexts + thread).initialize(
      to: FraguaContext(
        version: 1, thread: UInt32(thread), threads: UInt32(threads), spins: team.spins, arguments: nil, results: nil,
        parameters: nil, constants: nil, arena: arena.start.assumingMemoryBound(to: CChar.self),
        barrier: barrier.start.assumingMemoryBound(to: FraguaBarrier.self), wait: fragua_barrier_wait,
        stamps: nil, now: fragua_now, denormalsAreZeros: 0))
  }
  let clock = ContinuousClock()
  let start = clock.now
  var best = Duration.seconds(1)
  repeat {
    let begin = clock.now
    team.run(code.address, contexts, alone: contexts)
    best = min(best, begin.duration(to: clock.now))
  } while start.duration(to: clock.now) < .milliseconds(50)
  let (seconds, attoseconds) = best.components
  return Double(flops * threads) / (Double(seconds) + Double(attoseconds) * 1e-18) / 1e9
}
