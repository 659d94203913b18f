import FraguaGraph
import FraguaSource
import FraguaTensors

/// He's normal initialization, for layers with relu.
///
/// Source: He et al., "Delving deep into rectifiers" (ICCV 2015), as Keras defines it: a normal distribution truncated
/// at two standard deviations, made wider so that after truncation its standard deviation is √(2 / inputs).
public struct HeNormalInitializer: Initializer {
  public init() {}

  public var name: String { "he_normal" }
  public var summary: String {
    "Normal, truncated at two standard deviations, then of standard deviation √(2 / inputs); Keras' HeNormal."
  }
  public var schema: [AttributeSchema] { [] }

  public func check(_ type: TensorType, _ attributes: Attributes) throws(Diagnostic) { try requireFloats(type) }

  public func make(_ type: TensorType, _ attributes: Attributes, seed: UInt64, parameter: String) -> Tensor {
    let stddev = (2 / Fans(type.extents).inputs).squareRoot() / Self.truncatedDeviation
    return ParameterDraws.tensor(type, seed: seed, parameter: parameter) {
      stddev * inverseNormal($0 * Self.twoDeviations)
    }
  }

  /// The standard deviation of a standard normal variable truncated at ±2.
  private static let truncatedDeviation = 0.87962566103423978
  /// The probability that a standard normal variable lies between -2 and 2.
  private static let twoDeviations = 0.95449973610364158
}
