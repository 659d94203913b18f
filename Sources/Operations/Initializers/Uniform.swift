import FraguaGraph
import FraguaSource
import FraguaTensors

/// Elements uniform in an interval.
public struct UniformInitializer: Initializer {
  public init() {}

  public var name: String { "uniform" }
  public var summary: String { "Uniform between 'low' and 'high'; Keras' RandomUniform." }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema(
        "low", .float, default: .float(-0.05), range: .finite, summary: "The lower end.",
        otherNames: ["min", "minval", "a", "from"]),
      AttributeSchema(
        "high", .float, default: .float(0.05), range: .finite, summary: "The upper end, not below 'low'.",
        otherNames: ["max", "maxval", "b", "to"]),
    ]
  }

  public func check(_ type: TensorType, _ attributes: Attributes) throws(Diagnostic) {
    try requireFloats(type)
    try attributes.requireInterval("low", "high", type.element, of: name)
  }

  public func make(_ type: TensorType, _ attributes: Attributes, seed: UInt64, parameter: String) -> Tensor {
    let (low, high) = (attributes.float("low"), attributes.float("high"))
    return ParameterDraws.tensor(type, seed: seed, parameter: parameter) { low + ($0 + 1) / 2 * (high - low) }
  }
}
