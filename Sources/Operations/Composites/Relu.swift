import FraguaGraph
import FraguaSource
import FraguaTensors

/// `max(x, 0)`.
public struct ReluOperation: CompositeOperation {
  public init() {}

  public var name: String { "relu" }
  public var operandRule: OperandRule { OperandRule(["x"]) }
  public var schema: [AttributeSchema] { [] }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "The rectified linear unit: each element, or 0 where it is negative.", group: "Elementwise",
      example: "%y = relu %x : tensor<Bx512xf32>",
      details: "y = max(x, 0). dx = dy where y > 0, else 0, so 0 at x = 0: from the result alone. NaN stays NaN.")
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    try require(operands, 0, in: ElementTypes.numbers)
    return [operands[0]]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    let x = operands[0]
    return x.element.isFloat
      ? [Tensor(x.type, rounding: x.doubles.map { $0 <= 0 ? 0 : $0.flushed })]
      : [Tensor(x.type, wrapping: x.integers.map { Swift.max($0, 0) })]
  }

  public func decompose(_ operands: [Value], _ attributes: Attributes, _ builder: inout FunctionBuilder) -> [Value] {
    [builder.maximum(operands[0], 0)]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] {
    [builder.reluPullback(node.cotangent, result: node.results[0])]
  }

  public var examples: [OperationExample] {
    [
      OperationExample([TensorType([2, 5], .f32)], values: [.cycle([-1.5, 2, 0.25, -0.5])]),
      OperationExample([TensorType([Int](), .f64)], values: [.cycle([1.5])]),
      OperationExample([TensorType([5], .f32)], values: [.cycle([0, -1, 1])], checksDerivative: false),
      OperationExample([TensorType([3], .i32)]),
    ]
  }
}

extension FunctionBuilder {
  /// `cotangent` where the result `y` of relu is positive, else 0.
  mutating func reluPullback(_ cotangent: Value, result y: Value) -> Value {
    let zero = zeros(y.type)
    return select(compare(.gt, y, zero), cotangent, zero)
  }
}
