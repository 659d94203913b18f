import FraguaGraph
import FraguaSource

/// Parameters, gradients, training declarations.
extension TreeParser {
  /// The `@name` that a declaration introduces.
  mutating func declaredName() throws(Reported) -> NameSyntax {
    let name = try name(.symbol)
    declaring = name.text
    return name
  }

  /// `param @w: tensor<2x3xf32> = normal(stddev = 0.5)`, or `state`.
  mutating func parseParameter() throws(Reported) {
    let offset = token.start
    let isTrainable = isWord("param")
    advance()
    let name = try declaredName()
    try expect(.colon, notes: [.init("a parameter has a type, as in '@\(name.text): tensor<2x3xf32> = zeros'")])
    let type = try type()
    try expect(.equal, notes: [.init("a parameter says how it starts, as in '= zeros' or '= normal(stddev = 0.5)'")])
    let initializer: InitializerSyntax = isWord("dense") ? .constant(try dense()) : .use(try use())
    tree.parameters.append(
      ParameterSyntax(
        isTrainable: isTrainable, name: name, type: type, initializer: initializer, offset: offset,
        origin: try optionalOrigin()))
  }

  /// `zeros` or `normal(stddev = 0.5)`.
  mutating func use() throws(Reported) -> UseSyntax {
    let name = try name(.word)
    guard take(.leftParenthesis) else { return UseSyntax(name: name, attributes: []) }
    let attributes = try attributes(until: .rightParenthesis)
    return UseSyntax(name: name, attributes: attributes)
  }

  /// `gradient @g of @f wrt %x, @w`.
  mutating func parseGradient() throws(Reported) {
    let offset = token.start
    advance()
    let name = try declaredName()
    try expectWord("of")
    let function = try self.name(.symbol)
    try expectWord("wrt")
    var variables: [OperandSyntax] = []
    repeat {
      variables.append(try operand("an argument like %x or a parameter like @w"))
    } while take(.comma)
    tree.gradients.append(
      GradientSyntax(
        name: name, function: function, variables: variables, offset: offset, origin: try optionalOrigin()))
  }

  /// `train @fit minimize @loss { clauses }`.
  mutating func parseTraining() throws(Reported) {
    let offset = token.start
    advance()
    let name = try declaredName()
    try expectWord("minimize")
    let loss = try self.name(.symbol)
    let origin = try optionalOrigin()
    let opening = try expect(
      .leftBrace, notes: [.init("the clauses follow, as in '{ optimizer = adam(learning_rate = 0.001) }'")])
    var clauses: [ClauseSyntax] = []
    while token.kind != .rightBrace {
      if token.kind == .end || isAtDeclaration {
        throw fail(
          "expected '}', got \(describe(token))",
          notes: [sink.note("to end the clauses of '@\(name.text)'", at: opening.start)])
      }
      let name = try self.name(.word)
      try expect(.equal)
      let value: ClauseSyntax.Value = token.kind == .word ? .use(try use()) : .attribute(try value())
      clauses.append(ClauseSyntax(name: name, value: value))
    }
    advance()
    tree.trainings.append(TrainSyntax(name: name, loss: loss, clauses: clauses, offset: offset, origin: origin))
  }
}
