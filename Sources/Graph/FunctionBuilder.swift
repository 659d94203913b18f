import FraguaSource
import FraguaTensors

/// Builds a function node by node, inferring types: what the parser, decompositions, derivatives and Swift programs
/// use.
public struct FunctionBuilder: Sendable {
  public private(set) var function: Function
  /// The origin that new nodes get.
  public var origin: Origin = .unknown

  public init(name: String, role: Function.Role = .plain, origin: Origin = .unknown) {
    function = Function(name: name, role: role, origin: origin)
  }

  /// Goes on with `function`.
  public init(continuing function: Function) { self.function = function }

  /// A new argument.
  public mutating func argument(_ name: String?, _ type: TensorType) -> Value {
    let value = newValue(type, name: name)
    function.arguments.append(value)
    return value
  }

  /// The value of parameter `name` at function entry; the same value for every call.
  public mutating func parameter(_ name: String, _ type: TensorType) -> Value {
    if let known = readIndex[name] { return function.parameterReads[known].value }
    if readIndex.isEmpty, let known = function.parameterReads.firstIndex(where: { $0.parameter == name }) {
      return function.parameterReads[known].value
    }
    let value = newValue(type, name: nil)
    function.parameterReads.append(.init(parameter: name, value: value))
    readIndex[name] = function.parameterReads.count - 1
    return value
  }
  private var readIndex: [String: Int] = [:]

  /// Applies `operation`, inferring the result types.
  ///
  /// Operands are not broadcast here: see ``OperandRule/broadcasts``.
  /// - Throws: what attribute checking or type inference finds, at the location of `origin`.
  public mutating func apply(
    _ operation: any Operation, _ operands: [Value], _ attributes: Attributes = [:], names: [String?] = []
  ) throws(Diagnostic) -> [Value] {
    let types: [TensorType]
    let checked: Attributes
    do throws(Diagnostic) {
      try operation.operandRule.check(count: operands.count, of: operation.name)
      checked = try operation.checked(attributes, operands.map(\.type))
      types = try operation.inferTypes(operands.map(\.type), checked)
    } catch { throw error.located(at: origin.location) }
    return append(.operation(operation), operands, checked, types: types, names: names)
  }

  /// Applies `operation` where the caller knows that it fits: in decompositions and derivatives.
  public mutating func emit(_ operation: any Operation, _ operands: [Value], _ attributes: Attributes = [:]) -> Value {
    emitAll(operation, operands, attributes)[0]
  }

  /// All results of `operation`, applied where the caller knows that it fits.
  public mutating func emitAll(
    _ operation: any Operation, _ operands: [Value], _ attributes: Attributes = [:]
  ) -> [Value] {
    do { return try apply(operation, operands, attributes) } catch {
      preconditionFailure("\(operation.name): \(error.message)")
    }
  }

  /// Appends a node of any kind with results of the given types.
  public mutating func append(
    _ kind: Node.Kind, _ operands: [Value], _ attributes: Attributes = [:], types: [TensorType], names: [String?] = []
  ) -> [Value] {
    let results = types.enumerated().map { newValue($1, name: $0 < names.count ? names[$0] : nil) }
    function.nodes.append(
      Node(kind, operands: operands, attributes: attributes, results: results, origin: origin))
    return results
  }

  /// Says that `value` becomes parameter `name` when the function returns.
  public mutating func update(_ name: String, with value: Value) {
    function.updates.append(Update(parameter: name, value: value, origin: origin))
  }

  /// Ends the function.
  public mutating func setResults(_ results: [Value], roles: [Function.ResultRole]? = nil) {
    function.results = results
    function.resultRoles = roles ?? results.map { _ in .plain }
  }

  /// Names a value in dumps.
  public mutating func name(_ value: Value, _ name: String?) { function.valueNames[value.id] = name }

  /// A fresh value without a definition; for those who append nodes of their own.
  public mutating func newValue(_ type: TensorType, name: String?) -> Value {
    let value = Value(id: ValueID(function.valueCount), type: type)
    function.valueCount += 1
    if let name { function.valueNames[value.id] = name }
    return value
  }
}
