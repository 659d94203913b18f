import CSupport
import FraguaKernels
import FraguaSource

/// A processor: one of the project's instruction sets, and the instructions that its code consists of.
public struct Processor: Sendable {
  public let target: Target
  /// The instructions that its code consists of.
  public let instructions: Target.InstructionSet

  /// The processor to generate code for: the host's best instruction set, or a forced one.
  public init(_ forced: Target.InstructionSet? = nil) {
    let set = forced ?? Processor.hostInstructionSet
    (target, instructions) = (Target(set), set)
  }

  /// A processor with the vectors, tiles and schedules of `set`, in instructions that this machine has: where it lacks
  /// `set`, LLVM splits the vectors. So tests find out anywhere that `set`'s code computes the same bits.
  /// - Parameter set: one that ``canEmulate(_:)``; `nil` is the host's best.
  package init(emulating set: Target.InstructionSet?) {
    let set = set ?? Processor.hostInstructionSet
    (target, instructions) = (Target(set), Processor.canRun(set) ? set : Processor.hostInstructionSet)
  }

  /// The best instruction set of this machine.
  public static let hostInstructionSet: Target.InstructionSet = {
    switch fragua_instruction_set() {
    case FRAGUA_AVX512: .avx512
    case FRAGUA_AVX2: .avx2
    case FRAGUA_NEON: .neon
    default: .scalar
    }
  }()

  /// Whether this machine can run code for `set`.
  public static func canRun(_ set: Target.InstructionSet) -> Bool {
    switch (hostInstructionSet, set) {
    case (.neon, .neon), (.avx512, .avx512), (.avx512, .avx2), (.avx512, .scalar), (.avx2, .avx2), (.avx2, .scalar),
      (.scalar, .scalar):
      true
    default: false
    }
  }

  /// Whether this machine has the instructions to run code with the vectors of `set`.
  package static func canEmulate(_ set: Target.InstructionSet) -> Bool {
    canRun(set) || set == .avx512 && canRun(.avx2)
  }

  /// Checks that this machine can run code for the processor.
  /// - Throws: where it cannot.
  public func checkRuns() throws(Diagnostic) {
    guard Self.canRun(instructions) else {
      throw Diagnostic("this processor cannot run code for '\(instructions.rawValue)'")
        .noting("its best instruction set is '\(Self.hostInstructionSet.rawValue)'")
    }
  }
}
