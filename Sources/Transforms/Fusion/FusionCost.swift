import FraguaGraph
import FraguaKernels
import FraguaTensors

/// What recomputing costs beside storing: the numbers that fusion decides by.
///
/// Costs are in processor cycles for one element with the target's vectors; they need be right within a factor of two
/// only.
struct FusionCost: Sendable {
  let target: Target

  /// The cost of one application of a scalar expression, spread over the lanes.
  func weight(of program: ScalarProgram) -> Double { Double(program.cycles) / Double(target.lanes) }

  /// The cost of applying `node` to one element of its result; views and constants are addresses only.
  func weight(of node: Node, _ role: Role) -> Double {
    switch role {
    case .view, .constant: 0
    default: ElementExpression(of: node, role).map { weight(of: $0.program) } ?? .infinity
    }
  }

  /// The cost of writing an element of `type` and reading it again from the second-level cache (32 bytes a cycle).
  func storeAndLoad(_ type: ElementType) -> Double { Double(2 * type.byteCount) / 32 }

  /// What a kernel more costs besides its work, a barrier included.
  static let kernelCycles = 2000.0

  /// Whether an expression of the given weight an element is computed again where it is used rather than stored once:
  /// the recomputation costs no more than twice the memory traffic that it saves, and where `type`'s elements are
  /// repeated, so that there are more `evaluations` than elements, no more than that and the kernel that it saves.
  func prefersRecomputing(weight: Double, _ type: TensorType, evaluations: Int) -> Bool {
    let traffic = 2 * storeAndLoad(type.element)
    return weight <= traffic
      && weight * Double(evaluations) <= traffic * Double(type.elementCount) + Self.kernelCycles
  }
}
