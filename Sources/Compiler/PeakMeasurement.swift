import FraguaCodeGen
import FraguaRuntime
import FraguaScheduling
import FraguaSource
import FraguaTensors

/// Measures the most floating-point operations a second that `processor` reaches on `threads` threads, in 10^9: fused
/// multiply-adds of `element` in registers. Takes about 50 ms.
/// - Requires: `element` is a float that is computed with.
/// - Throws: where this machine cannot run code for `processor`.
public func measurePeak(
  _ processor: Processor, threads: Int, element: ElementType = .f32
) throws(Diagnostic) -> Double {
  try processor.checkRuns()
  let (objects, flops) = PeakStep.compile(processor, element)
  return measurePeak(LoadedStep(objects), flops: flops, arenaBytes: PeakStep.arenaBytes, threads: threads)
}
