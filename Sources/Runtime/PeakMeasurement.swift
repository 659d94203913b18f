import CSupport
import FraguaScheduling
import FraguaSource
import FraguaTensors

/// Measures the most floating-point operations a second that the processor reaches, in 10^9, by running a step that does
/// nothing else.
///
/// Takes about 50 ms; the best of many short runs, so that other load on the machine matters little.
/// - Parameters:
///   - code: a step of which each thread does `flops` operations and writes `arenaBytes` bytes of its own of the arena.
///   - threads: how many to measure; fewer where the system refuses some.
package func measurePeak(_ code: any StepCode, flops: Int, arenaBytes: Int, threads: Int) -> Double {
  let team = ThreadTeam(threads)
  let threads = team.count
  let arena = AlignedMemory(byteCount: threads * arenaBytes)
  let barrier = AlignedMemory(byteCount: MemoryLayout<FraguaBarrier>.size)
  let contexts = UnsafeMutablePointer<FraguaContext>.allocate(capacity: threads)
  defer { contexts.deallocate() }
  for thread in 0..<threads {
    (contexts + thread).initialize(
      to: FraguaContext(
        version: 2, thread: UInt32(thread), threads: UInt32(threads), spins: team.spins, arguments: nil, results: nil,
        parameters: nil, arena: arena.start.assumingMemoryBound(to: CChar.self),
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
