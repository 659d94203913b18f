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
    case .elementType(let value): hasher.combine(value)
    case .type(let value): hasher.combine(value)
    case .tensor(let value): hasher.combine(value)
    case .symbols(let value): hasher.combine(value)
    }
  }
}

/// A tensor written in the text; equality and hashing are of its bits. A splat is kept as its one element.
public struct ConstantValue: Sendable, Hashable {
  public let type: TensorType
  private let content: Content

  private enum Content: Sendable {
    case splat(Scalar)
    case elements(Tensor)
  }

  /// A tensor whose every element is `scalar`; the extents may be symbols.
  public init(_ type: TensorType, splat scalar: Scalar) {
    precondition(type.element == scalar.type, "a splat of \(scalar.type) is no \(type)")
    self.type = type
    content = .splat(scalar)
  }

  public init(_ tensor: Tensor) {
    type = tensor.type
    // One content for one text: a tensor of rank 0 prints as a splat.
    content = tensor.extents.isEmpty ? .splat(tensor[0]) : .elements(tensor)
  }

  /// The element that all elements are, where it was written as one.
  public var splat: Scalar? { if case .splat(let scalar) = content { scalar } else { nil } }

  /// The elements.
  /// - Requires: the type is fixed.
  public var tensor: Tensor {
    switch content {
    case .splat(let scalar): Tensor(type) { _ in scalar }
    case .elements(let tensor): tensor
    }
  }

  /// The same splat in another type with the same element type, as when a symbol is bound.
  public func with(type: TensorType) -> ConstantValue {
    guard let splat else { return self }
    return ConstantValue(type, splat: splat)
  }

  public static func == (a: ConstantValue, b: ConstantValue) -> Bool {
    guard a.type == b.type else { return false }
    switch (a.content, b.content) {
    case (.splat(let x), .splat(let y)): return x == y
    case (.elements(let x), .elements(let y)): return x.hasSameBits(as: y)
    default: return false
    }
  }

  public func hash(into hasher: inout Hasher) {
    hasher.combine(type)
    switch content {
    case .splat(let scalar): hasher.combine(scalar)
    case .elements(let tensor): tensor.withBytes { hasher.combine(bytes: $0) }
    }
  }
}

/// The attributes of a node, checked against its operation's schema: every attribute the schema lists with a default is
/// there.
public typealias Attributes = [String: Attribute]

/// What an attribute may be.
public struct AttributeSchema: Sendable {
  public enum Kind: Sendable {
    case integer, float, boolean, integers, elementType, type, tensor, symbol, symbols
    /// A number of the type of the first operand's elements, or of the parameter's.
    case element
    /// One of these words.
    case keyword([String])
  }

  public let name: String
  public let kind: Kind
  /// The value where none is written; `nil` makes the attribute required unless `isOptional`.
  public let defaultValue: Attribute?
  /// Whether it may be absent altogether.
  public let isOptional: Bool
  /// What a number may be; `nil` allows every number of its kind, infinities and NaN included.
  public let range: AttributeRange?
  /// One sentence: meaning, unit.
  public let summary: String
  /// What other systems call it, for hints.
  public let otherNames: [String]

  public init(
    _ name: String, _ kind: Kind, default defaultValue: Attribute? = nil, isOptional: Bool = false,
    range: AttributeRange? = nil, summary: String, otherNames: [String] = []
  ) {
    self.name = name
    self.kind = kind
    self.defaultValue = defaultValue
    self.isOptional = isOptional
    self.range = range
    self.summary = summary
    self.otherNames = otherNames
  }

  /// Checks `written` against `schemas`, adds defaults, and converts integers where a float is wanted.
  ///
  /// The one place where attributes are checked, for operations, optimizers and initializers alike.
  /// - Parameter element: the type of attributes that are elements.
  /// - Throws: the first of: an unknown name (with the nearest), a missing one, a value of the wrong kind or out of
  ///   range.
  public static func check(
    _ written: Attributes, against schemas: [AttributeSchema], of owner: String, element: ElementType? = nil
  ) throws(Diagnostic) -> Attributes {
    var checked: Attributes = [:]
    for (name, value) in written.sorted(by: { $0.key < $1.key }) {
      checked[name] = try check(name, value, against: schemas, of: owner, element: element)
    }
    for schema in schemas {
      if checked[schema.name] != nil { continue }
      if let value = schema.heldDefault(element) {
        checked[schema.name] = value
      } else if !schema.isOptional {
        throw Diagnostic("'\(owner)' needs the attribute '\(schema.name)'").noting("\(schema.name): \(schema.summary)")
      }
    }
    return checked
  }

  /// Checks one attribute, so that a parser can say where it stands.
  /// - Returns: the value as the attribute holds it.
  public static func check(
    _ name: String, _ value: Attribute, against schemas: [AttributeSchema], of owner: String,
    element: ElementType? = nil
  ) throws(Diagnostic) -> Attribute {
    guard let schema = schemas.first(where: { $0.name == name }) else { throw unknown(name, schemas, of: owner) }
    guard let value = schema.accepted(value, element) else {
      if case .element = schema.kind, let element, let number = value.number, !value.isElement {
        throw .unfit(name, of: owner, .noElement(number.text, of: element))
      }
      var expected = schema.kind.description
      if case .element = schema.kind, let element { expected += " of \(element.rawValue)" }
      throw Diagnostic("the attribute '\(name)' of '\(owner)' is \(value.kindDescription), expected \(expected)")
    }
    if let range = schema.range, let number = value.number, !range.contains(number.value) {
      let usual = schema.defaultValue?.number.map { " The default is \($0.text)." } ?? ""
      let wanted = number.value.isFinite ? range : .finite
      throw Diagnostic("the attribute '\(name)' of '\(owner)' is \(number.text), but must be \(wanted)")
        .noting("\(name): \(schema.summary)\(usual)")
    }
    return value
  }

  /// That `owner`, which takes `schemas`, has no attribute `name`; with what may be meant.
  public static func unknown(_ name: String, _ schemas: [AttributeSchema], of owner: String) -> Diagnostic {
    let error = Diagnostic("'\(owner)' has no attribute '\(name)'")
    let names = schemas.map(\.name)
    // The owner's own attributes stand behind those that all have.
    if let meant = schemas.last(where: { $0.otherNames.contains(name.lowercased()) }) {
      return error.noting("did you mean '\(meant.name)'?")
    }
    if let near = nearestName(to: name, among: names) { return error.noting("did you mean '\(near)'?") }
    return error.noting(
      names.isEmpty
        ? "'\(owner)' takes no attributes" : "its attributes are \(names.map { "'\($0)'" }.joined(separator: ", "))")
  }

  /// ``defaultValue`` as the attribute holds it where elements are of type `element`.
  public func heldDefault(_ element: ElementType?) -> Attribute? { defaultValue.flatMap { accepted($0, element) } }

  /// `value` as this attribute holds it, or `nil` where it is of another kind or does not fit `element`.
  private func accepted(_ value: Attribute, _ element: ElementType?) -> Attribute? {
    switch (kind, value) {
    case (.integer, .integer), (.float, .float), (.boolean, .boolean), (.integers, .integers),
      (.elementType, .elementType), (.type, .type), (.tensor, .tensor), (.symbol, .symbol), (.symbols, .symbols):
      return value
    case (.float, .integer(let n)): return .float(Double(n))
    case (.element, .element(let scalar)): return scalar.type == element ? value : nil
    case (.element, .float(let x)):
      guard let element, element.holds(x) else { return nil }
      return .element(Scalar(x, as: element))
    case (.element, .integer(let n)):
      guard let element, let scalar = try? Scalar(parsing: "\(n)", as: element) else { return nil }
      return .element(scalar)
    case (.keyword(let words), .keyword(let word)): return words.contains(word) ? value : nil
    default: return nil
    }
  }
}

extension AttributeSchema.Kind: CustomStringConvertible {
  public var description: String {
    switch self {
    case .integer: "an integer"
    case .float, .element: "a number"
    case .boolean: "true or false"
    case .integers: "a list of integers like [0, 1]"
    case .elementType: "an element type like f32"
    case .type: "a type like tensor<2x3xf32>"
    case .tensor: "a constant like dense<1.0>"
    case .symbol: "a name like @loss"
    case .symbols: "a list of names like [@accuracy]"
    case .keyword(let words): "one of \(words.map { "'\($0)'" }.joined(separator: ", "))"
    }
  }
}

extension Attribute {
  fileprivate var isElement: Bool { if case .element = self { true } else { false } }

  /// The value and its text, of an integer, a float or an element.
  fileprivate var number: (value: Double, text: String)? {
    switch self {
    case .integer(let n): (Double(n), "\(n)")
    case .float(let x): (x, "\(x)")
    case .element(let scalar): (scalar.asDouble, scalar.text)
    default: nil
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
    case .elementType(let type): "the element type \(type.rawValue)"
    case .type(let type): "the type \(type)"
    case .tensor(let value): "a constant of type \(value.type)"
    case .symbol(let name): "the name '@\(name)'"
    case .symbols(let names): "the names \(names.map { "@" + $0 })"
    }
  }
}

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
