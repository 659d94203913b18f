import FraguaSource
import FraguaTensors

/// What a caller knows of a function, a gradient or a training.
public struct Signature: Sendable {
  public enum Kind: Sendable {
    case function, gradient, training
  }

  public var name: String
  public var kind: Kind
  /// The arguments' names, without the `%`.
  public var argumentNames: [String]
  public var arguments: [TensorType]
  public var results: [TensorType]
  /// A parameter that a call would update, where there is one: then there are no calls.
  public var updatedParameter: String?

  public init(
    name: String, kind: Kind, argumentNames: [String], arguments: [TensorType], results: [TensorType],
    updatedParameter: String? = nil
  ) {
    self.name = name
    self.kind = kind
    self.argumentNames = argumentNames
    self.arguments = arguments
    self.results = results
    self.updatedParameter = updatedParameter
  }

  public init(_ function: Function) {
    self.init(
      name: function.name, kind: .function, argumentNames: function.argumentNames,
      arguments: function.arguments.map(\.type), results: function.results.map(\.type),
      updatedParameter: function.updates.first?.parameter)
  }

  /// The types of the results of a call with operands of the given types: symbols stand for the operands' extents.
  ///
  /// - Throws: that the function cannot be called, or that the operands do not fit.
  public func call(_ operands: [TensorType]) throws(Diagnostic) -> [TensorType] {
    try requireNoUpdates(to: "called")
    guard operands.count == arguments.count else {
      let names = argumentNames.map { "%" + $0 }.joined(separator: ", ")
      throw Diagnostic(
        "'@\(name)' takes \(arguments.count) argument\(arguments.count == 1 ? "" : "s") (\(names)), got \(operands.count)"
      )
    }
    var bindings: [String: Extent] = [:]
    for (position, (argument, operand)) in zip(arguments, operands).enumerated() {
      guard argument.element == operand.element, argument.rank == operand.rank else {
        throw mismatch(position, operand)
      }
      for (extent, actual) in zip(argument.shape, operand.shape) {
        guard case .symbol(let symbol) = extent else {
          if extent == actual { continue }
          throw mismatch(position, operand)
        }
        if let bound = bindings[symbol], bound != actual {
          throw Diagnostic("the call binds the symbol '\(symbol)' of '@\(name)' twice: to \(bound) and to \(actual)")
            .noting("'%\(argumentNames[position])' is \(argument), the operand is \(operand)")
        }
        bindings[symbol] = actual
      }
    }
    return results.map { type in
      TensorType(type.shape.map { if case .symbol(let s) = $0 { bindings[s] ?? $0 } else { $0 } }, type.element)
    }
  }

  /// Checks that the function may be called or differentiated: that it updates nothing.
  public func requireNoUpdates(to use: String) throws(Diagnostic) {
    if kind == .training {
      throw Diagnostic("'@\(name)' is a training, which updates parameters: it cannot be \(use)")
    }
    if let updatedParameter {
      throw Diagnostic("'@\(name)' updates '@\(updatedParameter)': it cannot be \(use)")
    }
  }

  private func mismatch(_ position: Int, _ operand: TensorType) -> Diagnostic {
    Diagnostic(
      "'@\(name)' takes \(arguments[position]) as '%\(argumentNames[position])', the operand is \(operand)")
  }
}
