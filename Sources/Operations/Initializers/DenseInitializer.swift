import FraguaGraph
import FraguaSource
import FraguaTensors

/// Exactly these elements: what `param @w: tensor<2xf32> = dense<[3.0, -2.0]>` means.
public struct DenseInitializer: Initializer {
  public init() {}

  public var name: String { "dense" }
  public var summary: String { "The elements are written out: 'dense<[3.0, -2.0]>'." }
  public var schema: [AttributeSchema] { [AttributeSchema("value", .tensor, summary: "The elements.")] }

  public func check(_ type: TensorType, _ attributes: Attributes) throws(Diagnostic) {
    let value = attributes.tensor("value")
    if value.type != type { throw Diagnostic("the parameter is \(type), but its constant is \(value.type)") }
  }

  public func make(_ type: TensorType, _ attributes: Attributes, seed: UInt64, parameter: String) -> Tensor {
    attributes.tensor("value").tensor
  }
}
