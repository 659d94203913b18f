import FraguaSource
import FraguaTensors

/// What is known of the functions of a graph so far, in an order in which each comes after those that it uses.
///
/// The parser and ``GraphVerifier`` check calls, gradients and trainings here.
public struct SignatureTable: Sendable {
  private struct Entry: Sendable {
    var signature: Signature
    /// The body; a gradient has none.
    var body: Function?
    /// The function that a gradient differentiates.
    var differentiated: String?
    /// The position in the order of adding.
    var order: Int
  }

  private let parameters: [String: Parameter]
  private var entries: [String: Entry] = [:]
  /// What has been asked for so far.
  private var known: [String: FunctionActivity] = [:]

  public init(parameters: [Parameter]) {
    self.parameters = Dictionary(parameters.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  public subscript(name: String) -> Signature? { entries[name]?.signature }

  /// The parameter or state of that name.
  public func parameter(_ name: String) -> Parameter? { parameters[name] }

  /// Adds a function whose callees are known.
  public mutating func add(_ function: Function) {
    entries[function.name] = Entry(signature: Signature(function), body: function, order: entries.count)
  }

  /// Adds a function of which only the signature is known, because its body is wrong.
  public mutating func add(_ signature: Signature) {
    entries[signature.name] = Entry(signature: signature, order: entries.count)
  }

  /// Adds a gradient.
  ///
  /// - Throws: what ``checkDifferentiable(_:)`` and ``check(_:of:)`` find.
  public mutating func add(_ declaration: GradientDeclaration) throws(Diagnostic) {
    let function = try checkDifferentiable(declaration.function)
    var types: [TensorType] = []
    for variable in declaration.variables { types.append(try check(variable, of: function)) }
    entries[declaration.name] = Entry(
      signature: Signature(
        name: declaration.name, kind: .gradient, argumentNames: function.argumentNames, arguments: function.arguments,
        results: types),
      differentiated: function.name, order: entries.count)
  }

  /// The signature of a function that has a gradient.
  ///
  /// - Throws: that it is unknown, updates parameters, or does not return one float scalar.
  public func checkDifferentiable(_ name: String) throws(Diagnostic) -> Signature {
    guard let function = self[name] else { throw Diagnostic("unknown function '@\(name)'") }
    try function.requireNoUpdates(to: "differentiated")
    guard function.results.count == 1, function.results[0].rank == 0, function.results[0].element.isFloat else {
      let results = function.results.map(\.description).joined(separator: ", ")
      throw Diagnostic("a gradient needs a function that returns one float scalar, but '@\(name)' returns (\(results))")
        .noting("reduce it first, for example with 'reduce_mean'")
    }
    return function
  }

  /// The type of the gradient of `function` with respect to a variable.
  ///
  /// - Throws: that the variable is unknown or not of floats, or that the result does not depend on it.
  public mutating func check(
    _ variable: GradientDeclaration.Variable, of function: Signature
  ) throws(Diagnostic) -> TensorType {
    let type = try type(of: variable, in: function)
    if let activity = activity(of: function.name), activity.isKnown,
      !activity.contains(variable, 0, function)
    {
      throw Diagnostic("the result of '@\(function.name)' does not depend on '\(variable)'")
        .noting("integers, booleans and comparisons stop differentiation")
    }
    return type
  }

  /// Adds a training.
  ///
  /// - Throws: that a function is unknown or not of the right signature, that a frozen parameter is unknown or never
  ///   trained, that nothing is left to train.
  public mutating func add(_ declaration: TrainDeclaration) throws(Diagnostic) {
    guard let loss = self[declaration.loss] else { throw Diagnostic("unknown function '@\(declaration.loss)'") }
    try loss.requireNoUpdates(to: "minimized")
    guard let first = loss.results.first, first.rank == 0, first.element.isFloat else {
      throw Diagnostic(
        "'@\(loss.name)' cannot be minimized: its first result is \(loss.results.first?.description ?? "missing"), not a float scalar"
      ).noting("reduce it first, for example with 'reduce_mean'")
    }
    var results = [first]
    for name in declaration.metrics { results.append(try checkMetric(name, loss)) }
    for name in declaration.frozen { try checkFrozen(name) }
    let activity = activity(of: loss.name)
    if let activity, activity.isKnown {
      let trained = activity.parameters(0).filter { parameters[$0]?.isTrainable == true }
      guard trained.contains(where: { !declaration.frozen.contains($0) }) else {
        throw Diagnostic("'@\(declaration.name)' has nothing to train").noting(
          trained.isEmpty
            ? "'@\(loss.name)' depends on no 'param', or only by what has no derivative, such as 'argmax' and comparisons"
            : "all parameters that '@\(loss.name)' depends on are frozen")
      }
    }
    entries[declaration.name] = Entry(
      signature: Signature(
        name: declaration.name, kind: .training, argumentNames: loss.argumentNames, arguments: loss.arguments,
        results: results),
      order: entries.count)
  }

  /// The element types of the parameters that `declaration` trains; empty where what its loss depends on is not known.
  public mutating func trainedElements(_ declaration: TrainDeclaration) -> Set<ElementType> {
    guard let activity = activity(of: declaration.loss), activity.isKnown else { return [] }
    let names = activity.parameters(0).subtracting(declaration.frozen)
    return Set(names.compactMap { parameters[$0] }.filter(\.isTrainable).map(\.type.element))
  }

  /// Checks that `name` can be called with the arguments of `loss` and gives one float scalar, whose type it returns.
  public func checkMetric(_ name: String, _ loss: Signature) throws(Diagnostic) -> TensorType {
    guard let metric = self[name] else { throw Diagnostic("unknown function '@\(name)'") }
    let results = try metric.call(loss.arguments)
    guard results.count == 1, results[0].rank == 0, results[0].element.isFloat else {
      let types = results.map(\.description).joined(separator: ", ")
      throw Diagnostic("a metric returns one float scalar, but '@\(name)' returns (\(types))")
    }
    return results[0]
  }

  /// Checks that `name` is a parameter that would be trained.
  public func checkFrozen(_ name: String) throws(Diagnostic) {
    guard let parameter = parameters[name] else { throw Diagnostic("unknown parameter '@\(name)'") }
    guard parameter.isTrainable else {
      throw Diagnostic("'@\(name)' cannot be frozen: it is 'state', which is never trained")
    }
  }

  /// The type of a gradient's variable.
  private func type(
    of variable: GradientDeclaration.Variable, in function: Signature
  ) throws(Diagnostic) -> TensorType {
    let type: TensorType
    switch variable {
    case .argument(let name):
      guard let position = function.argumentNames.firstIndex(of: name) else {
        let names = function.argumentNames
        let near = nearestName(to: name, among: names)
        throw Diagnostic("'@\(function.name)' has no argument '%\(name)'").noting(
          near.map { "did you mean '%\($0)'?" }
            ?? "its arguments are \(names.map { "'%\($0)'" }.joined(separator: ", "))")
      }
      type = function.arguments[position]
    case .parameter(let name):
      guard let parameter = parameters[name] else {
        let error = Diagnostic("unknown parameter '@\(name)'")
        throw nearestName(to: name, among: parameters.keys).map { error.noting("did you mean '@\($0)'?") } ?? error
      }
      type = parameter.type
    }
    guard type.element.isFloat else {
      throw Diagnostic("'\(variable)' is \(type): only floats can be differentiated with respect to")
    }
    return type.arithmetic
  }
}

extension SignatureTable {
  /// On what each result of the function `name` depends; works it out for all that it calls, each once.
  private mutating func activity(of name: String) -> FunctionActivity? {
    var needed: Set<String> = []
    var pending = [name]
    while let name = pending.popLast() {
      guard known[name] == nil, let entry = entries[name], needed.insert(name).inserted else { continue }
      if let differentiated = entry.differentiated { pending.append(differentiated) }
      for node in entry.body?.nodes ?? [] { if case .call(let callee) = node.kind { pending.append(callee) } }
    }
    for name in needed.sorted(by: { entries[$0]!.order < entries[$1]!.order }) {
      let entry = entries[name]!
      if let body = entry.body {
        known[name] = FunctionActivity(of: body, calling: known)
      } else if let differentiated = entry.differentiated, let activity = known[differentiated] {
        known[name] = activity.repeated(entry.signature.results.count)
      } else {
        known[name] = .unknown
      }
    }
    return known[name]
  }
}

extension GradientDeclaration.Variable: CustomStringConvertible {
  /// As it is written: `%x` or `@w`.
  public var description: String {
    switch self {
    case .argument(let name): "%" + name
    case .parameter(let name): "@" + name
    }
  }
}
