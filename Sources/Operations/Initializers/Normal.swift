import FraguaGraph
import FraguaSource
import FraguaTensors

/// Normally distributed elements.
public struct NormalInitializer: Initializer {
  public init() {}

  public var name: String { "normal" }
  public var summary: String {
    "Normally distributed around 'mean' with standard deviation 'stddev'; Keras' RandomNormal."
  }
  public var schema: [AttributeSchema] {
    [
      AttributeSchema(
        "mean", .float, default: .float(0), range: .finite, summary: "The mean.", otherNames: ["mu", "loc"]),
      AttributeSchema(
        "stddev", .float, default: .float(0.05), range: .atLeast(0), summary: "The standard deviation.",
        otherNames: ["std", "sigma", "scale", "deviation"]),
    ]
  }

  public func check(_ type: TensorType, _ attributes: Attributes) throws(Diagnostic) {
    try requireFloats(type)
    try attributes.requireFit(["mean", "stddev"], type.element, of: name)
  }

  public func make(_ type: TensorType, _ attributes: Attributes, seed: UInt64, parameter: String) -> Tensor {
    let (mean, stddev) = (attributes.float("mean"), attributes.float("stddev"))
    return ParameterDraws.tensor(type, seed: seed, parameter: parameter) { mean + stddev * inverseNormal($0) }
  }
}
