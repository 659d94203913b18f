import FraguaGraph
import FraguaSource
import FraguaTensors

/// Numbers where operands stand.
extension FunctionResolver {
  /// Reports the numbers of a statement, which are no operands: the attributes of `operation` that they may be, or the
  /// constants to make of them.
  /// - Returns: `nil`, for the operands are not complete.
  mutating func refuseNumbers(_ statement: StatementSyntax, _ operation: (any FraguaGraph.Operation)?) -> [Value]? {
    let values = statement.operands.map { operand($0) }
    let element = values.lazy.compactMap { $0?.type.element }.first ?? .f32
    var free = operation?.schema.filter { one in !statement.attributes.contains { $0.name.text == one.name } } ?? []
    var missing = operation.map { $0.operandRule.names.count - ($0 is any RandomOperation ? 1 : 0) - values.count }
    for number in statement.numbers {
      let text = shortened(number.text ?? "0")
      let meant = context.attribute(meantBy: number, among: free)
      if let operation, let count = missing, count <= (meant == nil ? 0 : operation.operandRule.optional) {
        let owner = operation.name
        let operands = statement.operands.map(\.text).joined(separator: ", ")
        let note =
          meant.map { "attributes stand in braces, with their names: '\(owner) \(operands) {\($0) = \(text)}'" }
          ?? "'\(owner)' takes no such attribute"
        fail("'\(text)' is no operand of '\(owner)'", at: number.offset, notes: [.init(note)])
        free.removeAll { $0.name == meant }
      } else {
        missing = missing.map { $0 - 1 }
        let note: String
        if let written = number.element, (try? Scalar(parsing: written, as: element)) == nil {
          note = "no \(element.rawValue) is \(text), as the other operand's elements are: 'convert' that one first"
        } else {
          note = "make it a value: '%c = constant {value = dense<\(text)> : tensor<\(element.rawValue)>}', and use '%c'"
        }
        fail("the number '\(text)' is no operand", at: number.offset, notes: [.init(note)])
      }
    }
    return nil
  }
}
