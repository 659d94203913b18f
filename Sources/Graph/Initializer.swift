import FraguaSource
import FraguaTensors

/// How a parameter starts: zeros, a constant, random numbers.
public protocol Initializer: Sendable {
  var name: String { get }
  /// One sentence, with the formula.
  var summary: String { get }
  var schema: [AttributeSchema] { get }
  /// Checks that the initializer can make a tensor of `type`.
  func check(_ type: TensorType, _ attributes: Attributes) throws(Diagnostic)
  /// The tensor for a parameter: random ones are keyed by `seed` and the parameter's name, so that no other parameter
  /// changes them.
  func make(_ type: TensorType, _ attributes: Attributes, seed: UInt64, parameter: String) -> Tensor
}

extension Initializer {
  /// `attributes` checked against the schema, with defaults, for a parameter of type `type`.
  /// - Throws: see ``AttributeSchema/check(_:against:of:element:)``, or that there can be no such tensor.
  public func checked(_ attributes: Attributes, _ type: TensorType) throws(Diagnostic) -> Attributes {
    let checked = try AttributeSchema.check(attributes, against: schema, of: name, element: type.element)
    try check(type, checked)
    return checked
  }
}

/// The initializers that a parser knows.
public struct InitializerTable: Sendable {
  public let all: [any Initializer]

  public init(_ all: [any Initializer]) { self.all = all }

  public subscript(_ name: String) -> (any Initializer)? { all.first { $0.name == name } }
}
