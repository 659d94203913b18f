import CLLVM
import FraguaKernels
import FraguaSource

/// A processor as LLVM names it, for one of the project's instruction sets.
public struct Processor: Sendable {
  public let target: Target
  /// The instructions that its code consists of.
  private let instructions: Target.InstructionSet
  /// LLVM's processor name.
  let name: String
  /// LLVM's feature string.
  let features: String
  /// Attributes of every function, as `prefer-vector-width` on AVX-512 machines that would rather use 256 bits.
  let functionAttributes: [(String, String)]

  /// The processor to generate code for: the host's best instruction set, or a forced one.
  public init(_ forced: Target.InstructionSet? = nil) {
    let set = forced ?? Processor.hostInstructionSet
    self.init(Target(set), instructions: set)
  }

  /// A processor with the vectors, tiles and schedules of `set`, in instructions that this machine has: where it lacks
  /// `set`, LLVM splits the vectors. So tests find out anywhere that `set`'s code computes the same bits.
  /// - Parameter set: one that ``canEmulate(_:)``; `nil` is the host's best.
  package init(emulating set: Target.InstructionSet?) {
    let set = set ?? Processor.hostInstructionSet
    self.init(Target(set), instructions: Processor.canRun(set) ? set : Processor.hostInstructionSet)
  }

  private init(_ target: Target, instructions: Target.InstructionSet) {
    self.target = target
    self.instructions = instructions
    switch instructions {
    case .avx512:
      (name, features) = ("x86-64-v4", "")
      functionAttributes = [("prefer-vector-width", "512"), ("min-legal-vector-width", "512")]
    case .avx2: (name, features, functionAttributes) = ("x86-64-v3", "", [])
    case .scalar: (name, features, functionAttributes) = ("x86-64", "", [])
    case .neon: (name, features, functionAttributes) = ("generic", "", [])
    }
  }

  /// All that code depends on.
  var description: String {
    let attributes = functionAttributes.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
    return "processor \(target.instructionSet.rawValue) \(architecture) \(name) \(features) \(attributes)"
  }

  /// The architecture as LLVM's triples begin with it.
  var architecture: String { instructions == .neon ? "aarch64" : "x86_64" }

  /// The best instruction set of this machine.
  public static let hostInstructionSet: Target.InstructionSet = {
    #if arch(x86_64)
      let text = LLVMGetHostCPUFeatures()!
      defer { LLVMDisposeMessage(text) }
      let features = Set(String(cString: text).split(separator: ",").map(String.init))
      let has = { (names: [String]) in names.allSatisfy { features.contains("+" + $0) } }
      if has(["avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl", "fma"]) { return .avx512 }
      if has(["avx2", "fma", "bmi2", "f16c"]) { return .avx2 }
      return .scalar
    #else
      return .neon
    #endif
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
