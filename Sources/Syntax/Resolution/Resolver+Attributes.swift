import FraguaGraph
import FraguaSource
import FraguaTensors

/// Attributes.
extension Resolver {
  /// The attributes as `schema` holds them, without defaults, or `nil` after reporting all that is wrong.
  /// - Parameters:
  ///   - type: the type that a constant has which does not write its own.
  ///   - element: the type of attributes that are elements; silent about them where it is not known.
  func attributes(
    _ written: [AttributeSyntax], _ schema: [AttributeSchema], of owner: String, type: TensorType?,
    element: ElementType? = nil
  ) -> Attributes? {
    var result: Attributes = [:]
    var isComplete = true
    var offsets: [String: Int] = [:]
    // What values without names may be: each takes one away.
    var free = schema.filter { one in !written.contains { $0.name.text == one.name } }
    for attribute in written {
      let name = attribute.name.text
      if name.isEmpty {
        reportNameless(attribute.value, free, owner)
        if let meant = self.attribute(meantBy: attribute.value, among: free) { free.removeAll { $0.name == meant } }
        isComplete = false
        continue
      }
      if let first = offsets.updateValue(attribute.name.offset, forKey: name) {
        sink.report(
          "the attribute '\(name)' is given twice", at: attribute.name.offset,
          notes: [sink.note("first here", at: first)])
        isComplete = false
        continue
      }
      guard let kind = schema.first(where: { $0.name == name })?.kind else {
        sink.report(located(AttributeSchema.unknown(name, schema, of: owner), attribute.name.offset))
        isComplete = false
        continue
      }
      do throws(Diagnostic) {
        // What an element would be the operands say, of which too few are reported elsewhere.
        if case .element = kind, element == nil, attribute.value.element != nil { continue }
        guard let value = try self.attribute(attribute.value, kind, name, of: owner, type: type, element: element)
        else {
          isComplete = false
          continue
        }
        result[name] = try AttributeSchema.check(name, value, against: schema, of: owner, element: element)
      } catch {
        sink.report(located(error, attribute.value.offset))
        isComplete = false
      }
    }
    return isComplete ? result : nil
  }

  /// Reports that a value stands without the name of an attribute; `schema` has those that it may be.
  func reportNameless(_ value: ValueSyntax, _ schema: [AttributeSchema], _ owner: String) {
    let shown = shortened(value.text ?? "…")
    let note: String
    if schema.isEmpty {
      note = "'\(owner)' takes no attributes"
    } else if let meant = attribute(meantBy: value, among: schema) {
      let all = schema.filter { fits(value, $0) }.map { "'\($0.name) = \(shown)'" }
      note = "attributes have names: " + (all.count == 2 ? all.joined(separator: " or ") : "'\(meant) = \(shown)'")
    } else {
      note = "attributes have names; there is \(quoted(schema.map(\.name)))"
    }
    sink.report(
      value.text == nil ? "a value of '\(owner)' has no name" : "the value '\(shown)' of '\(owner)' has no name",
      at: value.offset, notes: [.init(note)])
  }

  /// The first attribute of `schema` that a value without a name may be.
  func attribute(meantBy value: ValueSyntax, among schema: [AttributeSchema]) -> String? {
    schema.first { fits(value, $0) && $0.name != "stream" }?.name
  }

  /// Whether a value that stands without a name may be that attribute.
  private func fits(_ value: ValueSyntax, _ schema: AttributeSchema) -> Bool {
    switch (value.kind, schema.kind) {
    case (.integer, .integer), (.integer, .float), (.float, .float), (.integer, .element), (.float, .element),
      (.list, .integers), (.list, .numbers), (.list, .keywords), (.list, .symbols), (.type, .type), (.symbol, .symbol),
      (.dense, .tensor):
      true
    case (.word(let word), .keyword(let words)): words.contains(word)
    case (.word(let word), .elementType): ElementType(rawValue: word) != nil
    case (.word(let word), .boolean), (.word(let word), .element): Bool(word: word) != nil
    default: false
    }
  }

  /// The value that `syntax` writes where an attribute of `kind` is wanted, or `nil` after reporting why it is none.
  /// - Throws: that a number is no element.
  private func attribute(
    _ syntax: ValueSyntax, _ kind: AttributeSchema.Kind, _ name: String, of owner: String, type: TensorType?,
    element: ElementType?
  ) throws(Diagnostic) -> Attribute? {
    if case .element = kind, let element, let written = syntax.element {
      do throws(Diagnostic) { return .element(try Scalar(parsing: written, as: element)) } catch {
        throw .unfit(name, of: owner, error)
      }
    }
    switch syntax.kind {
    case .integer(let text):
      if case .float = kind { return number(text, at: syntax.offset).map(Attribute.float) }
      return integer(text, at: syntax.offset).map(Attribute.integer)
    case .float(let text): return number(text, at: syntax.offset).map(Attribute.float)
    case .string(let text):
      sink.report("the string \"\(text)\" is no value here, expected \(kind.description)", at: syntax.offset)
      return nil
    case .word(let word):
      if case .keyword = kind { return .keyword(word) }
      if let truth = Bool(word: word) { return .boolean(truth) }
      return ElementType(rawValue: word).map(Attribute.elementType) ?? .keyword(word)
    case .symbol(let name): return .symbol(name)
    case .type(let type): return type.type.map(Attribute.type)
    case .dense(let dense): return constant(dense, type).map(Attribute.tensor)
    case .list(let values): return list(values, kind, at: syntax.offset)
    }
  }

  /// A list of integers, numbers, words or names.
  private func list(_ values: [ValueSyntax], _ kind: AttributeSchema.Kind, at offset: Int) -> Attribute? {
    var integers: [Int] = []
    var numbers: [Double] = []
    var words: [String] = []
    var names: [String] = []
    let wantsNumbers = if case .numbers = kind { true } else { false }
    let isFloat = values.contains { if case .float = $0.kind { true } else { false } }
    for value in values {
      switch value.kind {
      case .integer(let text) where !isFloat && !wantsNumbers:
        guard let n = integer(text, at: value.offset) else { return nil }
        integers.append(n)
      case .integer(let text), .float(let text):
        guard let x = number(text, at: value.offset) else { return nil }
        numbers.append(x)
      case .word(let word): words.append(word)
      case .symbol(let name): names.append(name)
      default:
        sink.report("a list holds numbers, words, or names like @w", at: value.offset)
        return nil
      }
    }
    guard [integers.count, numbers.count, words.count, names.count].contains(values.count) else {
      sink.report("a list holds numbers, words, or names like @w, of one kind only", at: offset)
      return nil
    }
    if !numbers.isEmpty { return .numbers(numbers) }
    if !words.isEmpty { return .keywords(words) }
    return names.isEmpty ? .integers(integers) : .symbols(names)
  }

  /// An integer of 64 bits.
  private func integer(_ text: String, at offset: Int) -> Int? {
    if let n = FraguaSyntax.integer(text) { return n }
    sink.report("the integer \(text.prefix(60)) does not fit in 64 bits", at: offset)
    return nil
  }

  /// A number, of which hexadecimal digits without a point are the bits.
  private func number(_ text: String, at offset: Int) -> Double? {
    do throws(Diagnostic) { return try Scalar(parsing: text, as: .f64).double } catch {
      sink.report(located(error, offset))
      return nil
    }
  }
}

/// The integer that decimal or `0x` digits write, if it fits.
func integer(_ text: some StringProtocol) -> Int? {
  let isNegative = text.hasPrefix("-")
  let digits = isNegative ? text.dropFirst() : text[...]
  guard digits.hasPrefix("0x") || digits.hasPrefix("0X") else { return Int(text) }
  return Int((isNegative ? "-" : "") + digits.dropFirst(2), radix: 16)
}
