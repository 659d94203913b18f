import FraguaGraph
import FraguaSource
import FraguaTensors

/// Parameters, and words with attributes: initializers and optimizers.
extension Resolver {
  /// The parameter that `syntax` declares, or `nil` after reporting what is wrong.
  func parameter(_ syntax: ParameterSyntax) -> Parameter? {
    let name = syntax.name.text
    guard let type = syntax.type.type else {
      fail(name)
      return nil
    }
    for case .symbol(let symbol) in type.shape {
      sink.report(
        "the symbol '\(symbol)' cannot be bound: '@\(name)' is \(type)", at: syntax.type.offset,
        notes: [.init("the extents of parameters and state are numbers")])
      fail(name)
      return nil
    }
    if syntax.isTrainable, !type.element.isFloat {
      sink.report(
        "a param is trained, so its elements are floats, but '@\(name)' is \(type)", at: syntax.type.offset,
        notes: [.init("'state @\(name)' is not trained")])
      fail(name)
      return nil
    }
    let use: InitializerUse?
    let offset: Int
    switch syntax.initializer {
    case .constant(let dense):
      offset = dense.offset
      use = constant(dense, type).flatMap { value in
        guard value.type == type else {
          sink.report("'@\(name)' is \(type), but its constant is \(value.type)", at: dense.type?.offset ?? offset)
          return nil
        }
        return InitializerUse("dense", ["value": .tensor(value)])
      }
    case .use(let syntax):
      offset = syntax.name.offset
      use = resolve(
        syntax, kind: "initializer", among: vocabulary.initializers.all.map { ($0.name, $0.schema) },
        meaning: vocabulary.otherNames.initializer, element: type.element
      ).map { InitializerUse(syntax.name.text, $0) }
    }
    guard let use else {
      // Its type is known: what reads it can be checked.
      return Parameter(name: name, type: type, initializer: InitializerUse("zeros"), isTrainable: syntax.isTrainable)
    }
    do throws(Diagnostic) {
      guard let initializer = vocabulary.initializers[use.name] else {
        throw Diagnostic("unknown initializer '\(use.name)'")
      }
      try initializer.check(type, use.attributes)
    } catch { sink.report(located(error, offset)) }
    return Parameter(
      name: name, type: type, initializer: use, isTrainable: syntax.isTrainable,
      origin: origin(syntax.origin, syntax.offset))
  }

  /// The checked attributes of `use`, or `nil` after reporting what is wrong.
  /// - Parameters:
  ///   - words: the words that there are, each with what it takes.
  ///   - meaning: what is meant by a word of another system.
  ///   - element: the type of attributes that are elements.
  func resolve(
    _ use: UseSyntax, kind: String, among words: [(name: String, schema: [AttributeSchema])],
    meaning: (String) -> String?, element: ElementType? = nil
  ) -> Attributes? {
    guard let schema = words.first(where: { $0.name == use.name.text })?.schema else {
      let names = words.map(\.name)
      let meant = meaning(use.name.text)
      sink.report(
        "unknown \(kind) '\(use.name.text)'", at: use.name.offset,
        notes: meant.map { [.init("did you mean '\($0)'?")] } ?? suggestion(for: use.name.text, among: names))
      let near = meant ?? nearestName(to: use.name.text, among: names)
      if let word = words.first(where: { $0.name == near }) {
        var free = word.schema
        for attribute in use.attributes where attribute.name.text.isEmpty {
          reportNameless(attribute.value, free, word.name)
          if let meant = self.attribute(meantBy: attribute.value, among: free) { free.removeAll { $0.name == meant } }
        }
      }
      return nil
    }
    guard let written = attributes(use.attributes, schema, of: use.name.text, type: nil, element: element) else {
      return nil
    }
    do throws(Diagnostic) {
      return try AttributeSchema.check(written, against: schema, of: use.name.text, element: element)
    } catch {
      sink.report(located(error, use.name.offset))
      return nil
    }
  }
}
