import FraguaGraph
import FraguaSource
import FraguaTensors

/// Glorot's uniform initialization, for layers with sigmoid, tanh or no activation.
///
/// Source: Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks" (AISTATS
/// 2010), as Keras defines it.
public struct GlorotUniformInitializer: Initializer {
  public init() {}

  public var name: String { "glorot_uniform" }
  public var summary: String { "Uniform between -r and r, r = √(6 / (inputs + outputs)); Keras' GlorotUniform." }
  public var schema: [AttributeSchema] { [] }

  public func check(_ type: TensorType, _ attributes: Attributes) throws(Diagnostic) { try requireFloats(type) }

  public func make(_ type: TensorType, _ attributes: Attributes, seed: UInt64, parameter: String) -> Tensor {
    let fans = Fans(type.extents)
    let limit = (6 / (fans.inputs + fans.outputs)).squareRoot()
    return ParameterDraws.tensor(type, seed: seed, parameter: parameter) { $0 * limit }
  }
}
