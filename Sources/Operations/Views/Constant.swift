import FraguaGraph
import FraguaSource
import FraguaTensors

/// A tensor written in the text.
public struct ConstantOperation: PrimitiveOperation {
  public init() {}

  public var name: String { "constant" }
  public var operandRule: OperandRule { OperandRule([]) }
  public var schema: [AttributeSchema] {
    [AttributeSchema("value", .tensor, summary: "The elements, as 'dense<...> : tensor<...>'.")]
  }

  public var documentation: OperationDocumentation {
    OperationDocumentation(
      "A tensor known when compiling.", group: "Constants",
      example: "%c = constant {value = dense<0.5>} : tensor<3xf32>",
      details: "Every element, or one that is repeated. Fused into its readers; it is no buffer where it is a splat.")
  }

  public func inferTypes(_ operands: [TensorType], _ attributes: Attributes) throws(Diagnostic) -> [TensorType] {
    [try checkedResult(attributes.tensor("value").type)]
  }

  public func evaluate(_ operands: [Tensor], _ attributes: Attributes) -> [Tensor] {
    [attributes.tensor("value").tensor]
  }

  public func pullback(_ node: Pullback, _ builder: inout FunctionBuilder) -> [Value?] { [] }

  public func role(_ operands: [TensorType], _ results: [TensorType], _ attributes: Attributes) -> Role {
    .constant(attributes.tensor("value"))
  }

  public var examples: [OperationExample] {
    func example(_ value: ConstantValue) -> OperationExample {
      OperationExample([], attributes: ["value": .tensor(value)])
    }
    return [
      example(ConstantValue(TensorType([2, 3], .f32), splat: Scalar(0.5 as Float))),
      example(ConstantValue(Tensor([3], [1, -2, 3] as [Int32]))),
      example(ConstantValue(TensorType([Int](), .i1), splat: Scalar(true))),
    ]
  }
}
