import FraguaKernels
import FraguaScheduling

/// What LLVM is told of a processor.
extension Processor {
  /// LLVM's processor name.
  var name: String {
    switch instructions {
    case .avx512: "x86-64-v4"
    case .avx2: "x86-64-v3"
    case .scalar: "x86-64"
    case .neon: "generic"
    }
  }

  /// Attributes of every function: AVX-512 machines would rather use 256 bits.
  var functionAttributes: [(String, String)] {
    instructions == .avx512 ? [("prefer-vector-width", "512"), ("min-legal-vector-width", "512")] : []
  }

  /// The architecture as LLVM's triples begin with it.
  var architecture: String { instructions == .neon ? "aarch64" : "x86_64" }

  /// All that code depends on.
  var description: String {
    let attributes = functionAttributes.map { "\($0.0)=\($0.1)" }.joined(separator: " ")
    return "processor \(target.instructionSet.rawValue) \(architecture) \(name) \(attributes)"
  }
}
