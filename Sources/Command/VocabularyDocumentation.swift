import Fragua

/// What people read about the words of the language: on a terminal, as JSON, and in `docs/operations.md`.
struct VocabularyDocumentation {
  /// One word.
  struct Entry {
    let name: String
    let group: String
    let summary: String
    /// A use in the language; empty where there is none.
    let example: String
    let details: String
    let operands: [String]
    let attributes: [AttributeSchema]
  }

  /// In the order of the tables.
  let entries: [Entry]

  init(_ vocabulary: Vocabulary) {
    let operations = vocabulary.operations.all.map { operation in
      Entry(
        name: operation.name, group: operation.documentation.group, summary: operation.documentation.summary,
        example: operation.documentation.example, details: operation.documentation.details,
        operands: operation.operandRule.listedNames, attributes: operation.schema)
    }
    let optimizers = vocabulary.optimizers.all.map { optimizer in
      Entry(
        name: optimizer.name, group: "Optimizers", summary: optimizer.documentation.summary, example: "",
        details: optimizer.documentation.equations + "\n\n" + optimizer.documentation.source, operands: [],
        attributes: optimizer.schema)
    }
    let links = vocabulary.links.all.map { link in
      Entry(
        name: link.name, group: "Clauses of trainings", summary: link.documentation.summary,
        example: "\(link.clause) = \(link.name)(\(link.schema.map { "\($0.name) = 1.0" }.joined(separator: ", ")))",
        details: link.documentation.equations + "\n\n" + link.documentation.source, operands: [],
        attributes: link.schema)
    }
    let initializers = vocabulary.initializers.all.map {
      Entry(
        name: $0.name, group: "Initializers", summary: $0.summary, example: "", details: "", operands: [],
        attributes: $0.schema)
    }
    entries = operations + optimizers + links + initializers
  }

  /// The groups in the order of their first words.
  var groups: [String] {
    var result: [String] = []
    for entry in entries where !result.contains(entry.group) { result.append(entry.group) }
    return result
  }

  /// The whole as `docs/operations.md`.
  var markdown: String {
    var text = """
      # Operations, optimizers, initializers

      Written by `make docs` from the documentation in the sources (`fragua ops --markdown`); a test holds it against them.


      """
    for group in groups {
      text += "- **\(group)**: "
      text += entries.filter { $0.group == group }.map { "[`\($0.name)`](#\(Self.anchor($0.name)))" }.joined(
        separator: ", ")
      text += "\n"
    }
    for group in groups {
      text += "\n## \(group)\n"
      for entry in entries where entry.group == group { text += "\n" + entry.markdown }
    }
    return text
  }

  /// The anchor that GitHub gives a heading with code in it.
  private static func anchor(_ name: String) -> String { name }
}

extension VocabularyDocumentation.Entry {
  /// The word's documentation for a terminal, behind its name and group.
  var text: String {
    var parts = [summary]
    if !operands.isEmpty { parts.append("Operands: " + operands.joined(separator: ", ")) }
    if !attributes.isEmpty {
      parts.append("Attributes:\n" + attributes.map { "  " + Self.line($0, code: "") }.joined(separator: "\n"))
    }
    if !example.isEmpty { parts.append("Example:\n" + Self.indented(example)) }
    if !details.isEmpty { parts.append(details) }
    return parts.joined(separator: "\n\n")
  }

  /// The word's section.
  var markdown: String {
    var parts = ["### `\(name)`", summary]
    if !operands.isEmpty { parts.append("Operands: " + operands.map { "`\($0)`" }.joined(separator: ", ")) }
    if !attributes.isEmpty {
      parts.append("Attributes:\n\n" + attributes.map { "- " + Self.line($0, code: "`") }.joined(separator: "\n"))
    }
    if !example.isEmpty { parts.append("```\n\(example)\n```") }
    if !details.isEmpty { parts.append(details) }
    return parts.joined(separator: "\n\n") + "\n"
  }

  /// The word as an object.
  var json: JSON {
    .object([
      ("name", .string(name)), ("group", .string(group)), ("summary", .string(summary)),
      ("operands", .array(operands.map(JSON.string))),
      (
        "attributes",
        .array(
          attributes.map {
            .object([
              ("name", .string($0.name)), ("kind", .string($0.kind.description)), ("summary", .string($0.summary)),
              ("range", $0.range.map { .string($0.description) } ?? .null),
              ("default", $0.defaultValue.map { .string(Self.written($0)) } ?? .null),
              ("required", .boolean($0.isRequired)),
            ])
          })
      ), ("example", .string(example)), ("details", .string(details)),
    ])
  }

  /// An attribute on a line: name, kind, range, default, meaning.
  private static func line(_ schema: AttributeSchema, code: String) -> String {
    var qualities = [schema.kind.description]
    if let range = schema.range { qualities.append(range.description) }
    if let value = schema.defaultValue { qualities.append("default \(written(value))") }
    if schema.isRequired { qualities.append("required") }
    return "\(code)\(schema.name)\(code) (\(qualities.joined(separator: ", "))): \(schema.summary)"
  }

  /// A default value as the language writes it.
  private static func written(_ value: Attribute) -> String {
    switch value {
    case .integer(let n): "\(n)"
    case .float(let x): "\(x)"
    case .element(let scalar): scalar.text
    case .boolean(let b): "\(b)"
    case .keyword(let word): word
    case .integers(let list): "\(list)"
    case .numbers(let list): "\(list)"
    case .keywords(let words): "[\(words.joined(separator: ", "))]"
    case .elementType(let type): type.rawValue
    case .type(let type): "\(type)"
    case .symbol(let name): "@\(name)"
    case .symbols(let names): "[" + names.map { "@" + $0 }.joined(separator: ", ") + "]"
    case .tensor(let value): "a constant of type \(value.type)"
    }
  }

  private static func indented(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }.joined(separator: "\n")
  }
}

extension AttributeSchema {
  /// Whether it must be written.
  var isRequired: Bool { defaultValue == nil && !isOptional }
}
