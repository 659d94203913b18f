import FraguaCodeGen
import FraguaKernels
import FraguaScheduling
import FraguaTensors
import Testing

/// The step whose speed is the processor's peak.
@Suite struct PeakStepTests {
  /// A multiply-add does two operations in each lane of one register, of which half as many fit in `f64`.
  @Test(arguments: Target.InstructionSet.allCases.filter(Processor.canRun)) func countsLanes(
    _ instructionSet: Target.InstructionSet
  ) {
    let processor = Processor(instructionSet)
    let flops = { PeakStep.compile(processor, $0).flops }
    let isVector = processor.target.lanes > 1
    #expect(flops(.f32) == (isVector ? 2 * flops(.f64) : flops(.f64)))
    let perRound = 2 * processor.target.lanes * (processor.target.vectorRegisters - 4)
    #expect(flops(.f32) > 0 && flops(.f32) % perRound == 0)
  }
}
