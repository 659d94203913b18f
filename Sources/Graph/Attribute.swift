import FraguaSource
import FraguaTensors

/// The value of an attribute of an operation; equality and hashing of floats are of their bits, as -0 means another thing
/// than +0.
public enum Attribute: Sendable, Hashable {
  case integer(Int)
  case float(Double)
  /// A number that becomes elements: one of their type.
  case element(Scalar)
  case boolean(Bool)
  /// A bare word such as `sigmoid` or `lt`.
  case keyword(String)
  case integers([Int])
  /// `[0.5, 1.0]`.
  case numbers([Double])
  /// `[same, valid]`.
  case keywords([String])
  case elementType(ElementType)
  /// A type; extents may be symbols until they are bound.
  case type(TensorType)
  /// `dense<...>`: a tensor written out.
  case tensor(ConstantValue)
  /// `@name` of a function or a parameter, without the `@`.
  case symbol(String)
  /// `[@a, @b]`.
  case symbols([String])

  public static func == (a: Attribute, b: Attribute) -> Bool {
    switch (a, b) {
    case (.integer(let x), .integer(let y)): x == y
    case (.float(let x), .float(let y)): x.bitPattern == y.bitPattern
    case (.element(let x), .element(let y)): x == y
    case (.boolean(let x), .boolean(let y)): x == y
    case (.keyword(let x), .keyword(let y)): x == y
    case (.integers(let x), .integers(let y)): x == y
    case (.numbers(let x), .numbers(let y)): x.map(\.bitPattern) == y.map(\.bitPattern)
    case (.keywords(let x), .keywords(let y)): x == y
    case (.elementType(let x), .elementType(let y)): x == y
    case (.type(let x), .type(let y)): x == y
    case (.tensor(let x), .tensor(let y)): x == y
    case (.symbol(let x), .symbol(let y)): x == y
    case (.symbols(let x), .symbols(let y)): x == y
    default: false
    }
  }

  public func hash(into hasher: inout Hasher) {
    switch self {
    case .integer(let value): hasher.combine(value)
    case .float(let value): hasher.combine(value.bitPattern)
    case .element(let value): hasher.combine(value)
    case .boolean(let value): hasher.combine(value)
    case .keyword(let value), .symbol(let value): hasher.combine(value)
    case .integers(let value): hasher.combine(value)
    case .numbers(let value): hasher.combine(value.map(\.bitPattern))
    case .elementType(let value): hasher.combine(value)
    case .type(let value): hasher.combine(value)
    case .tensor(let value): hasher.combine(value)
    case .symbols(let value), .keywords(let value): hasher.combine(value)
    }
  }
}

extension Attribute {
  /// Whether it is one number of the elements' type.
  var isElement: Bool { if case .element = self { true } else { false } }

  /// The value and its text, of an integer, a float or an element.
  var number: (value: Double, text: String)? {
    switch self {
    case .integer(let n): (Double(n), "\(n)")
    case .float(let x): (x, "\(x)")
    case .element(let scalar): (scalar.asDouble, scalar.text)
    default: nil
    }
  }

  /// The values and their texts: of ``number``, or of a list of numbers.
  var numbers: [(value: Double, text: String)] {
    switch self {
    case .integers(let list): list.map { (Double($0), "\($0)") }
    case .numbers(let list): list.map { ($0, "\($0)") }
    default: number.map { [$0] } ?? []
    }
  }

  /// What the value is, for messages.
  public var kindDescription: String {
    switch self {
    case .integer(let n): "the integer \(n)"
    case .float(let x): "the number \(x)"
    case .element(let scalar): "the \(scalar.type.rawValue) \(scalar.text)"
    case .boolean(let b): "\(b)"
    case .keyword(let word): "the word '\(word)'"
    case .integers(let list): "the list \(list)"
    case .numbers(let list): "the list \(list)"
    case .keywords(let words): "the words [\(words.joined(separator: ", "))]"
    case .elementType(let type): "the element type \(type.rawValue)"
    case .type(let type): "the type \(type)"
    case .tensor(let value): "a constant of type \(value.type)"
    case .symbol(let name): "the name '@\(name)'"
    case .symbols(let names): "the names [\(names.map { "@" + $0 }.joined(separator: ", "))]"
    }
  }
}

/// The attributes of a node, checked against its operation's schema: every attribute the schema lists with a default is
/// there.
public typealias Attributes = [String: Attribute]

/// Reading checked attributes; each requires that the schema has the attribute with that kind.
extension Dictionary where Key == String, Value == Attribute {
  public func integer(_ name: String) -> Int {
    guard case .integer(let value)? = self[name] else { preconditionFailure("no integer attribute '\(name)'") }
    return value
  }
  public func float(_ name: String) -> Double {
    guard case .float(let value)? = self[name] else { preconditionFailure("no float attribute '\(name)'") }
    return value
  }
  public func element(_ name: String) -> Scalar {
    guard case .element(let value)? = self[name] else { preconditionFailure("no element attribute '\(name)'") }
    return value
  }
  public func boolean(_ name: String) -> Bool {
    guard case .boolean(let value)? = self[name] else { preconditionFailure("no boolean attribute '\(name)'") }
    return value
  }
  public func keyword(_ name: String) -> String {
    guard case .keyword(let value)? = self[name] else { preconditionFailure("no keyword attribute '\(name)'") }
    return value
  }
  public func integers(_ name: String) -> [Int] {
    guard case .integers(let value)? = self[name] else { preconditionFailure("no integer list attribute '\(name)'") }
    return value
  }
  public func numbers(_ name: String) -> [Double] {
    guard case .numbers(let value)? = self[name] else { preconditionFailure("no number list attribute '\(name)'") }
    return value
  }
  public func keywords(_ name: String) -> [String] {
    guard case .keywords(let value)? = self[name] else { preconditionFailure("no word list attribute '\(name)'") }
    return value
  }
  public func elementType(_ name: String) -> ElementType {
    guard case .elementType(let value)? = self[name] else { preconditionFailure("no type attribute '\(name)'") }
    return value
  }
  public func type(_ name: String) -> TensorType {
    guard case .type(let value)? = self[name] else { preconditionFailure("no tensor type attribute '\(name)'") }
    return value
  }
  public func tensor(_ name: String) -> ConstantValue {
    guard case .tensor(let value)? = self[name] else { preconditionFailure("no constant attribute '\(name)'") }
    return value
  }
}
