import FraguaGraph
import FraguaSource
import FraguaTensors

/// The matrix product, batched over leading axes.
public struct MatmulOperation: CompositeOperation {
  public init() {}

  public var name: String { "matmul" }
  public var operandRule: OperandRule { OperandRule(["a", "b"]) }
  public var schema: [AttributeSchema] { [] }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The matrix product, batched over leading axes.", group: "Contractions",
      example: "%c = matmul %a, %b : tensor<Bx3xf32>",
      details: """
        a is [..., m, k]; b is [..., k, n] with the same leading axes, or one matrix [k, n] for all; the result is [...,
        m, n]. da = dc bᵀ, db = aᵀ dc, as contractions of strided views: nothing is transposed in memory. Decomposes
        into dot_general.
        """)
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.numbers)
    try require(operands, 1, in: ElementTypes.numbers)
    try requireSameElement(operands, 0, 1)
    try requireRank(operands, 0, atLeast: 2)
    try requireRank(operands, 1, atLeast: 2)
    let (a, b) = (operands[0], operands[1])
    let (inner, other) = (a.shape[a.rank - 1], b.shape[b.rank - 2])
    guard inner == other else {
      throw error("inner extents differ: \(inner) in \(a) and \(other) in \(b)")
    }
    if b.rank > 2, a.shape.dropLast(2) != b.shape.dropLast(2) {
      throw error("leading axes differ: \(a) and \(b)").noting("repeat one along the missing axes with 'broadcast'")
    }
    return [try checkedResult(TensorType(a.shape.dropLast() + [b.shape[b.rank - 1]], a.element))]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let (a, b) = (operands[0], operands[1])
    let rank = a.extents.count
    let (m, k, n) = (a.extents[rank - 2], a.extents[rank - 1], b.extents[b.extents.count - 1])
    let type = TensorType(a.extents.dropLast() + [n], a.element)
    // The matrix of b that belongs to a matrix of a.
    func base(_ batch: Int) -> Int { b.extents.count == 2 ? 0 : batch * k * n }
    func products<T>(_ x: [T], _ y: [T], _ zero: T, _ multiplyAdd: (T, T, T) -> T) -> [T] {
      (0..<type.elementCount).map { i in
        let (batch, row, column) = (i / (m * n), i / n % m, i % n)
        return (0..<k).reduce(zero) { sum, c in
          multiplyAdd(x[(batch * m + row) * k + c], y[base(batch) + c * n + column], sum)
        }
      }
    }
    return a.element.isFloat
      ? [Tensor(type, rounding: products(a.doubles, b.doubles, -0.0) { $0 * $1 + $2 })]
      : [Tensor(type, wrapping: products(a.integers, b.integers, 0) { $0 &* $1 &+ $2 })]
  }

  public func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
    [builder.dotGeneral(operands[0], operands[1], Self.dimensions(operands))]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    builder.contractionPullback(node.cotangent, node.operands[0], node.operands[1], Self.dimensions(node.operands))
  }

  public var examples: [OperationExample] {
    func example(_ a: [Int], _ b: [Int], _ element: ElementType) -> OperationExample {
      OperationExample([TensorType(a, element), TensorType(b, element)])
    }
    return [
      example([3, 5], [5, 7], .f32), example([1, 1], [1, 1], .f64), example([2, 3, 4], [2, 4, 5], .f64),
      example([2, 3, 4], [4, 5], .f32), example([3, 2], [2, 3], .i64),
    ]
  }

  /// The axes that a product of these operands contracts.
  private static func dimensions(_ operands: [Value]) -> ContractionDimensions {
    let (a, b) = (operands[0].type.rank, operands[1].type.rank)
    let batch = b == 2 ? [] : Array(0..<a - 2)
    return ContractionDimensions(lhsBatch: batch, rhsBatch: batch, lhsContracting: [a - 1], rhsContracting: [b - 2])
  }
}
