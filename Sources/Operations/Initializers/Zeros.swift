import FraguaGraph
import FraguaSource
import FraguaTensors

/// All elements 0.
public struct ZerosInitializer: Initializer {
  public init() {}

  public var name: String { "zeros" }
  public var summary: String { "All elements are 0." }
  public var schema: [AttributeSchema] { [] }

  public func check(_ type: TensorType, _ attributes: Attributes) throws(Diagnostic) {}

  public func make(_ type: TensorType, _ attributes: Attributes, seed: UInt64, parameter: String) -> Tensor {
    .zeros(type)
  }
}
