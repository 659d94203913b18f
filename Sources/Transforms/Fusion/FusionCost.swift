import FraguaGraph
import FraguaKernels
import FraguaTensors

/// What recomputing costs beside storing: the numbers that fusion decides by.
///
/// Costs are in processor cycles for one element with the target's vectors; they need be right within a factor of two
/// only.
struct FusionCost: Sendable {
  let target: Target

  /// The cost of one application of a scalar expression, by the instructions it is made of.
  func weight(of program: ScalarProgram) -> Double {
    var cycles = 0.0
    for instruction in program.instructions { cycles += weight(of: instruction) }
    return cycles
  }

  /// Cycles an element; reciprocal throughput on current x86 processors, spread over the lanes.
  private func weight(of instruction: ScalarProgram.Instruction) -> Double {
    let lanes = Double(target.lanes)
    switch instruction {
    case .constant, .input, .local, .index, .load: return 0
    case .unary(let op, _):
      switch op {
      case .negate, .abs, .not, .floor, .ceil, .round, .sign: return 1 / lanes
      case .sqrt: return 12 / lanes
      case .exp, .expm1, .sigmoid: return 20 / lanes
      case .log, .log1p, .tanh: return 30 / lanes
      }
    case .binary(let op, _, _): return (op == .divide || op == .remainder ? 10 : 1) / lanes
    case .compare, .select, .convert, .fma: return 1 / lanes
    case .random: return 160 / lanes
    }
  }

  /// The cost of applying `node` to one element of its result; views and constants are addresses only.
  func weight(of node: Node) -> Double { Self.program(of: node).map(weight) ?? .infinity }

  /// What computes one element of the result of `node`; empty for views and constants, `nil` where it is not one
  /// expression.
  static func program(of node: Node) -> ScalarProgram? {
    guard let operation = node.operation as? any PrimitiveOperation else { return nil }
    var program = ScalarProgram()
    switch operation.role(node.operands.map(\.type), node.results.map(\.type), node.attributes) {
    case .pointwise(let expression):
      let operands = node.operands.enumerated().map { program.input($0, $1.type.element) }
      _ = expression(&program, operands)
    case .generator(let expression):
      let coordinates = node.results[0].type.shape.indices.map { program.index($0) }
      var next = 0
      let operands = node.operands.map { operand in
        (0..<operand.type.elementCount).map { _ in
          next += 1
          return program.input(next - 1, operand.type.element)
        }
      }
      _ = expression(&program, coordinates, operands)
    case .view, .constant: break
    default: return nil
    }
    return program
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
