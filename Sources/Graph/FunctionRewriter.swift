import FraguaSource
import FraguaTensors

/// Rebuilds a function: each node is copied or replaced, operands are mapped, names and origins handed on.
public struct FunctionRewriter: Sendable {
  public var builder: FunctionBuilder
  private let source: Function
  private var map: ValueTable<Value?>

  /// Starts the new function with the arguments of `source`; `type` gives each argument's and parameter's new type.
  public init(_ source: Function, type: (Value) -> TensorType = { $0.type }) {
    self.source = source
    map = ValueTable(repeating: nil, count: source.valueCount)
    builder = FunctionBuilder(name: source.name, role: source.role, origin: source.origin)
    for argument in source.arguments {
      map[argument.id] = builder.argument(source.valueNames[argument.id], type(argument))
    }
    for read in source.parameterReads { map[read.value.id] = builder.parameter(read.parameter, type(read.value)) }
  }

  /// The new value of `old`.
  /// - Requires: its definition has been copied or replaced.
  public subscript(_ old: Value) -> Value {
    guard let new = map[old.id] else {
      preconditionFailure("%\(old.id) of @\(source.name) is used before its definition")
    }
    return new
  }

  /// The new value of `old`, if there is one yet.
  public func mapped(_ old: Value) -> Value? { map[old.id] }

  /// The new values of `old`.
  public func mapped(_ old: [Value]) -> [Value] { old.map { self[$0] } }

  /// Copies `node` with mapped operands; results take the given types, or keep theirs.
  public mutating func copy(_ node: Node, types: [TensorType]? = nil, attributes: Attributes? = nil) {
    builder.origin = node.origin
    let results = builder.append(
      node.kind, mapped(node.operands), attributes ?? node.attributes, types: types ?? node.results.map(\.type))
    replace(node, with: results)
  }

  /// Says that `results` stand for the results of `node`; they take over its names where they have none.
  public mutating func replace(_ node: Node, with results: [Value]) {
    for (old, new) in zip(node.results, results) { replace(old, with: new) }
  }

  /// Says that `new` stands for `old`.
  public mutating func replace(_ old: Value, with new: Value) {
    map[old.id] = new
    if let name = source.valueNames[old.id], builder.function.valueNames[new.id] == nil {
      builder.name(new, name)
    }
  }

  /// Copies updates and results, and gives the function.
  public consuming func finish() -> Function {
    for update in source.updates {
      builder.origin = update.origin
      builder.update(update.parameter, with: self[update.value])
    }
    builder.setResults(source.results.map { self[$0] }, roles: source.resultRoles)
    return builder.function
  }
}
