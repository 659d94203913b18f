/// What an operator costs for a vector of elements, as code and as time, right within a factor of two: everybody who
/// estimates asks here.
public struct OperatorCost: Sendable {
  /// The machine instructions that it expands to: what code and its compilation are estimated by.
  public let instructions: Int
  /// Processor cycles, the reciprocal throughput on current x86: what fusion and schedules estimate time by.
  public let cycles: Int

  private init(_ instructions: Int, cycles: Int? = nil) {
    self.instructions = instructions
    self.cycles = cycles ?? instructions
  }

  static let none = OperatorCost(0)
  static let simple = OperatorCost(1)
  public static let division = OperatorCost(1, cycles: 10)
  static let root = OperatorCost(1, cycles: 12)
  /// Functions that are a polynomial of the reduced argument and a scaling.
  static let exponential = OperatorCost(20)
  /// Functions that divide as well, or reduce their argument in several steps.
  static let logarithm = OperatorCost(30)
  /// Ten rounds of Philox.
  static let random = OperatorCost(100, cycles: 160)
}

extension ScalarProgram.Instruction {
  public var cost: OperatorCost {
    switch self {
    case .constant, .input, .local, .index: .none
    case .unary(let op, _): op.cost
    case .binary(let op, _, _): op.cost
    case .load, .compare, .select, .convert, .fma: .simple
    case .random: .random
    }
  }
}

extension ScalarProgram {
  /// The machine instructions that it expands to, for a vector of elements.
  public var instructionCount: Int { instructions.reduce(0) { $0 + $1.cost.instructions } }
  /// The processor cycles that it takes, for a vector of elements.
  public var cycles: Int { instructions.reduce(0) { $0 + $1.cost.cycles } }
}
