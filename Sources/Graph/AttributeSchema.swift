import FraguaSource
import FraguaTensors

/// What an attribute may be.
public struct AttributeSchema: Sendable {
  public enum Kind: Sendable {
    case integer, float, boolean, integers, numbers, elementType, type, tensor, symbol, symbols
    /// A number of the type of the first operand's elements, or of the parameter's.
    case element
    /// One of these words.
    case keyword([String])
    /// Several of these words.
    case keywords([String])
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

  /// Checks `written` against `schemas`, adds defaults, and converts integers where a float is wanted, and both where an
  /// element is.
  ///
  /// The one place where attributes are checked, for operations, optimizers and initializers alike.
  /// - Parameter element: the type of attributes that are elements; `nil` where the owner has none.
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
  /// - Parameter element: the type of attributes that are elements; `nil` where the owner has none.
  /// - Returns: the value as the attribute holds it.
  /// - Throws: as above, but for what is missing.
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
    if let range = schema.range, let number = value.numbers.first(where: { !range.contains($0.value) }) {
      let usual = schema.defaultValue?.number.map { " The default is \($0.text)." } ?? ""
      let wanted = number.value.isFinite ? range : .finite
      let verb = value.number == nil ? "holds" : "is"
      throw Diagnostic("the attribute '\(name)' of '\(owner)' \(verb) \(number.text), but must be \(wanted)")
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
      (.numbers, .numbers), (.elementType, .elementType), (.type, .type), (.tensor, .tensor), (.symbol, .symbol),
      (.symbols, .symbols):
      return value
    case (.numbers, .integers(let list)): return .numbers(list.map(Double.init))
    // A list without elements is of any kind.
    case (.symbols, .integers([])): return .symbols([])
    case (.keywords, .integers([])): return .keywords([])
    case (.keywords(let words), .keywords(let list)): return list.allSatisfy(words.contains) ? value : nil
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
    case .numbers: "a list of numbers like [0.5, 1]"
    case .elementType: "an element type like f32"
    case .type: "a type like tensor<2x3xf32>"
    case .tensor: "a constant like dense<1.0>"
    case .symbol: "a name like @loss"
    case .symbols: "a list of names like [@accuracy]"
    case .keyword(let words): "one of \(words.map { "'\($0)'" }.joined(separator: ", "))"
    case .keywords(let words): "a list of \(words.map { "'\($0)'" }.joined(separator: ", "))"
    }
  }
}
