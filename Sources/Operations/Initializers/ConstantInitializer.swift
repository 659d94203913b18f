import FraguaGraph
import FraguaSource
import FraguaTensors

/// All elements one number.
public struct ConstantInitializer: Initializer {
  public init() {}

  public var name: String { "constant" }
  public var summary: String { "All elements are 'value'." }
  public var schema: [AttributeSchema] { [AttributeSchema("value", .element, summary: "The value of every element.")] }

  public func check(_ type: TensorType, _ attributes: Attributes) throws(Diagnostic) {}

  public func make(_ type: TensorType, _ attributes: Attributes, seed: UInt64, parameter: String) -> Tensor {
    ConstantValue(type, splat: attributes.element("value")).tensor
  }
}
