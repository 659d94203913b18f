import FraguaGraph
import FraguaOperations
import FraguaSource
import FraguaTensors

/// Reverse-mode differentiation of one function.
///
/// Griewank and Walther: "Evaluating Derivatives" (SIAM, 2008), chapter 3. From the last node to the first, the
/// cotangents of a node's results become those of its operands by the operation's vector-Jacobian product. Only nodes
/// between the variables and the result take part. A value with several readers sums their cotangents, the last
/// reader's first, each next one added on the right: an order that the text fixes.
struct ReverseSweep {
  private let function: Function
  private var builder: FunctionBuilder
  /// What depends on the variables.
  private let varied: VariedValues
  /// The cotangent of each value of the function, as far as it is known.
  private var cotangents: ValueTable<Value?>

  /// The function `name`, which has the arguments of `function` and returns the derivatives of its first result by
  /// `variables`.
  ///
  /// - Parameter nodeLimit: the most nodes that it may have.
  /// - Throws: that the function has no scalar result or updates parameters; that a variable is unknown, not of floats,
  ///   or without influence on the result; that there are more nodes than may be.
  static func derivative(
    of function: Function, by variables: [GradientDeclaration.Variable], named name: String, origin: Origin,
    nodeLimit: Int = .max
  ) throws(Diagnostic) -> Function {
    guard function.updates.isEmpty else {
      throw Diagnostic("'@\(function.name)' updates parameters and cannot be differentiated")
    }
    guard let result = function.results.first, result.type.rank == 0, result.type.element.isFloat else {
      let what = function.results.first.map { "is \($0.type)" } ?? "does not exist"
      throw Diagnostic(
        "the derivative of '@\(function.name)' needs a floating-point scalar, but its first result \(what)"
      )
      .noting("reduce it with 'reduce_mean' or 'reduce_sum' over all axes", at: function.origin.location)
    }
    let inputs = try values(of: variables, in: function)
    var sweep = ReverseSweep(function, inputs)
    let useful = UsefulValues(of: function, for: result)
    for (variable, input) in zip(variables, inputs) where !useful[input] {
      throw Diagnostic("'@\(function.name)' does not depend on '\(variable)' in a way that has a derivative")
        .noting("integers and booleans, and what is computed from them, stop differentiation")
    }
    try sweep.run(from: result, nodeLimit)
    return sweep.finished(name, inputs, origin)
  }

  /// The values that `variables` name. Linear in them and in what the function takes.
  private static func values(
    of variables: [GradientDeclaration.Variable], in function: Function
  ) throws(Diagnostic) -> [Value] {
    let argumentNames = function.argumentNames
    let arguments = Dictionary(zip(argumentNames, function.arguments)) { first, _ in first }
    let parameters = Dictionary(function.parameterReads.map { ($0.parameter, $0.value) }) { first, _ in first }
    return try variables.map { variable throws(Diagnostic) in
      let found =
        switch variable {
        case .argument(let name): arguments[name]
        case .parameter(let name): parameters[name]
        }
      guard let found else {
        let error = Diagnostic("'@\(function.name)' does not depend on '\(variable)'")
        let isArgument = if case .argument = variable { true } else { false }
        let names = isArgument ? argumentNames : function.parameterReads.map(\.parameter)
        guard let near = nearestName(to: variable.name, among: names) else { throw error }
        throw error.noting("did you mean '\(variable.description.prefix(1))\(near)'?")
      }
      guard found.type.element.isFloat else {
        throw Diagnostic("'\(variable)' is \(found.type), but derivatives are by floating-point values")
      }
      return found
    }
  }

  private init(_ function: Function, _ inputs: [Value]) {
    self.function = function
    builder = FunctionBuilder(continuing: function)
    varied = VariedValues(of: function, by: inputs)
    cotangents = ValueTable(repeating: nil, count: function.valueCount)
  }

  /// Appends the derivatives of `result` by everything on the way.
  /// - Throws: as soon as there are more than `nodeLimit` nodes.
  private mutating func run(from result: Value, _ nodeLimit: Int) throws(Diagnostic) {
    builder.origin = .gradient(function.origin)
    cotangents[result.id] = builder.constant(1, result.type.arithmetic)
    for node in function.nodes.reversed() where node.results.contains(where: { cotangents[$0.id] != nil }) {
      guard node.operands.contains(where: { varied[$0] }) else { continue }
      if builder.function.nodes.count > nodeLimit {
        throw Diagnostic("the derivative of '@\(function.name)' makes more nodes than can be compiled")
          .noting("gradients of gradients multiply")
      }
      guard let operation = node.operation else {
        preconditionFailure(
          "'\(node.name)' in '@\(function.name)' has no derivative: calls are inlined and nothing is fused yet")
      }
      builder.origin = .gradient(node.origin)
      for result in node.results { nameCotangent(of: result, function.valueNames[result.id]) }
      let contributions = operation.pullback(
        Pullback(
          operands: node.operands, results: node.results, cotangents: node.results.map { cotangents[$0.id] },
          attributes: node.attributes), &builder)
      for (operand, contribution) in zip(node.operands, contributions) where varied[operand] {
        guard let contribution else { continue }
        precondition(
          contribution.type == operand.type.arithmetic,
          "'\(node.name)' gives \(contribution.type) as the cotangent of an operand of \(operand.type)")
        cotangents[operand.id] = cotangents[operand.id].map { builder.add($0, contribution) } ?? contribution
      }
    }
  }

  /// Calls the cotangent of a value `d_` and its name, where both have none.
  private mutating func nameCotangent(of value: Value, _ name: String?) {
    guard let name, let cotangent = cotangents[value.id], builder.function.valueNames[cotangent.id] == nil else {
      return
    }
    builder.name(cotangent, "d_" + name)
  }

  /// The function that returns the cotangents of `inputs`; zeros where only operations without a derivative lead there.
  private consuming func finished(_ name: String, _ inputs: [Value], _ origin: Origin) -> Function {
    builder.origin = .gradient(function.origin)
    let parameterNames = Dictionary(
      function.parameterReads.map { ($0.value.id, $0.parameter) }, uniquingKeysWith: { first, _ in first })
    for input in inputs {
      if cotangents[input.id] == nil { cotangents[input.id] = builder.zeros(input.type.arithmetic) }
      nameCotangent(of: input, parameterNames[input.id] ?? function.valueNames[input.id])
    }
    builder.setResults(inputs.map { cotangents[$0.id]! })
    var result = builder.function
    result.name = name
    result.origin = origin
    result.role = .plain
    result.makeNamesUnique()
    return result
  }
}

extension GradientDeclaration.Variable {
  /// The name without its sign.
  fileprivate var name: String {
    switch self {
    case .argument(let name), .parameter(let name): name
    }
  }
}
