import CLLVM
import FraguaKernels
import FraguaScheduling
import FraguaSource
import FraguaTensors

/// A step that does nothing but fused multiply-adds in registers: what it reaches is the processor's peak.
public enum PeakStep {
  /// The bytes of the arena that each thread writes, so that nothing is left out.
  public static let arenaBytes = 256

  /// The step, and the floating-point operations of type `element` that one thread does in one step.
  ///
  /// - Requires: `element` is a float.
  public static func compile(_ processor: Processor, _ element: ElementType) -> (objects: StepObjects, flops: Int) {
    precondition(element.isFloat, "the peak of multiply-adds of \(element)")
    let rounds = 20_000
    // One register each: those of `f64` hold half as many.
    let lanes = max(1, processor.target.vectorBytes / element.byteCount)
    // More chains than an addition's latency times the units; a multiplier and an addend stay in registers beside them.
    let chains = processor.target.vectorRegisters - 4
    let context = LLVMContextOwner()
    let machine = LLVMTargetMachineOwner(processor)
    let module = LLVMModuleOwner(name: "peak", in: context)
    machine.prepare(module)
    let builder = LLVMBuilderOwner(in: context)
    let function = FunctionEmitter(
      context: context, module: module, builder: builder, processor: processor,
      name: StepSymbols(prefix: StepCompiler.prefix).step,
      pointers: 1, integers: 0)
    let vector = VectorBuilder(function: function, lanes: lanes)
    let initial = (0..<chains).map { vector.constant(Scalar(Double($0), as: element)).reference }
    let factor = vector.constant(Scalar(0.5, as: element))
    let addend = vector.constant(Scalar(1, as: element))
    let sums = function.loop(function.int64(0), function.int64(rounds), carrying: initial) { _, carried in
      carried.map { vector.fma(VectorValue(reference: $0, type: element), factor, addend).reference }
    }
    let total = sums.dropFirst().reduce(VectorValue(reference: sums[0], type: element)) {
      vector.add($0, VectorValue(reference: $1, type: element))
    }
    StepEmitter.storeToArena(total.reference, function, bytesPerThread: arenaBytes)
    function.finish()
    let objects = StepObjects([machine.emit(module, LLVMObjectFile)], prefix: StepCompiler.prefix)
    return (objects, 2 * lanes * chains * rounds)
  }
}
