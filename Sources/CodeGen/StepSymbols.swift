/// What the functions and constants of a step are called in its objects: all names begin with one prefix, so that
/// several steps can be linked together.
struct StepSymbols: Sendable {
  let prefix: String

  /// The step function.
  var step: String { prefix + "_step" }
  /// What the step function runs with denormals as zeros.
  var body: String { prefix + "_body" }
  /// What fills memory that holds nothing.
  var poison: String { prefix + "_poison" }
  /// A part of a long step.
  func piece(_ number: Int) -> String { "\(prefix)_part_\(number)" }
  func kernel(_ number: Int) -> String { "\(prefix)_kernel_\(number)" }
  func constant(_ number: Int) -> String { "\(prefix)_constant_\(number)" }
}
