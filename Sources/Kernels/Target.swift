/// The processor that code is generated for, as far as schedules and cost models need to know it.
public struct Target: Sendable, Hashable {
  /// The instruction sets of the project, by the names that `--cpu` takes.
  public enum InstructionSet: String, Sendable, Hashable, CaseIterable {
    case avx512, avx2, scalar, neon
  }

  public var instructionSet: InstructionSet
  /// The bytes of a vector register; 4 where there is none.
  public var vectorBytes: Int
  /// The number of vector registers.
  public var vectorRegisters: Int
  /// Whether fused multiply-add is one instruction; where it is not, code computes the same bits by many.
  public var hasFMA: Bool
  public var l1Bytes: Int
  public var l2Bytes: Int

  public init(_ instructionSet: InstructionSet) {
    self.instructionSet = instructionSet
    switch instructionSet {
    case .avx512: (vectorBytes, vectorRegisters, hasFMA) = (64, 32, true)
    case .avx2: (vectorBytes, vectorRegisters, hasFMA) = (32, 16, true)
    case .scalar: (vectorBytes, vectorRegisters, hasFMA) = (4, 16, false)
    case .neon: (vectorBytes, vectorRegisters, hasFMA) = (16, 32, true)
    }
    l1Bytes = 32 << 10
    l2Bytes = 1 << 20
  }

  /// The lanes of a vector of `f32`; vectors of other types have as many lanes, in several registers where they must.
  public var lanes: Int { max(1, vectorBytes / 4) }
}
