import FraguaGraph
import FraguaKernels
import FraguaOperations
import FraguaTensors

/// How far compiled code may be from the oracle at one node, whatever surrounds it: the named tolerances of the tests.
enum RoundingBounds {
  /// The distance of elementary functions from the exact value, in units of the last place: what the vector functions
  /// promise, whose errors `VectorMathErrorTests` measures.
  static let functionUnits = 4.0
  /// The distance of the normal quantile, which both sides compute in `f32`, from the oracle's.
  static let quantileDistance = 2e-6
  /// The smallest positive normal `f32`; vector functions may flush results below to zero.
  static let smallestNormal = 0x1p-126

  /// For each element of the result of `node`, the bound; `nil` where both sides round once and so give the same bits.
  static func bounds(_ node: Node, _ operands: [Tensor], _ result: Tensor) -> [Double]? {
    guard result.element.isFloat, let operation = node.operation as? any PrimitiveOperation else { return nil }
    // Half a unit in the last place, relative to the result.
    let unit = result.element == .f32 ? 0x1p-24 : 0x1p-53
    let role = operation.role(operands.map(\.type), [result.type], node.attributes)
    switch role {
    case .pointwise(let expression): return functionBounds(expression, operands, result, unit)
    case .reduction(.sum, let axes):
      let terms = axes.reduce(1) { $0 * operands[0].extents[$1] }
      return sumBounds(node, operation, operands.map(\.magnitudes), terms: terms, exactTerms: 2, unit)
    case .contraction(let dimensions):
      let terms = dimensions.lhsContracting.reduce(1) { $0 * operands[0].extents[$1] }
      return sumBounds(node, operation, operands.map(\.magnitudes), terms: terms, exactTerms: 1, unit)
    case .scatterAdd:
      let magnitudes = [operands[0].magnitudes, operands[1], operands[2].magnitudes]
      return sumBounds(node, operation, magnitudes, terms: operands[1].count + 1, exactTerms: 2, unit)
    case .generator where node.operation is any RandomOperation:
      let largest = result.doubles.reduce(1) { max($0, abs($1)) }
      return result.doubles.map { _ in quantileDistance * largest }
    case .reduction, .view, .gather, .generator, .constant: return nil
    }
  }

  /// The bounds of a scalar expression: arithmetic rounds once on both sides, elementary functions do not.
  private static func functionBounds(
    _ expression: (inout ScalarProgram, [Int]) -> Int, _ operands: [Tensor], _ result: Tensor, _ unit: Double
  ) -> [Double]? {
    var program = ScalarProgram()
    let inputs = operands.enumerated().map { program.input($0, $1.element) }
    _ = expression(&program, inputs)
    let hasFunction = program.instructions.contains { instruction in
      guard case .unary(let op, _) = instruction else { return false }
      return op.cost.instructions > 1
    }
    guard hasFunction else { return nil }
    return result.doubles.map { x in
      let isTiny = result.element == .f32 && x != 0 && abs(x) < 2 * smallestNormal
      return 2 * functionUnits * unit * abs(x) + (isTiny ? smallestNormal : 0)
    }
  }

  /// The bounds of sums of `terms` terms in any order: a rounding each, of at most the sum of magnitudes.
  ///
  /// None where so few terms are rounded once, or where all are integers whose sums are exact.
  private static func sumBounds(
    _ node: Node, _ operation: any Operation, _ magnitudes: [Tensor], terms: Int, exactTerms: Int, _ unit: Double
  ) -> [Double]? {
    if terms <= exactTerms { return nil }
    let sums = operation.evaluate(magnitudes, node.attributes)[0].doubles
    let areIntegers = magnitudes.allSatisfy { $0.doubles.allSatisfy { $0 == $0.rounded() } }
    if areIntegers, sums.allSatisfy({ $0 < 1 / unit }) { return nil }
    return sums.map { Double(terms) * unit * $0 }
  }
}

extension Tensor {
  /// The elements' absolute values.
  fileprivate var magnitudes: Tensor { Tensor(type, rounding: doubles.map { abs($0) }) }
}
