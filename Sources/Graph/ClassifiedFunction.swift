import FraguaKernels
import FraguaSource
import FraguaTensors

/// A function of primitive operations with what fusion and lowering ask of its nodes, found once.
public struct ClassifiedFunction: Sendable {
  public let function: Function
  /// For each node: its role.
  public let roles: [Role]
  /// For each value: the node that defines it; `nil` for arguments and parameters.
  public let producers: ValueTable<Int?>

  /// - Requires: all extents fixed.
  /// - Throws: where a node is no primitive operation, as in a dump written by hand.
  public init(_ function: Function) throws(Diagnostic) {
    var roles: [Role] = []
    var producers = ValueTable<Int?>(repeating: nil, count: function.valueCount)
    for (index, node) in function.nodes.enumerated() {
      guard let role = node.role else {
        throw Diagnostic(
          "'\(node.name)' is no primitive operation: it must be decomposed first", at: node.origin.location)
      }
      roles.append(role)
      for result in node.results { producers[result.id] = index }
    }
    self.function = function
    self.roles = roles
    self.producers = producers
  }

  /// The nodes with a role of that kind.
  public func nodes(where predicate: (Role) -> Bool) -> [Int] { roles.indices.filter { predicate(roles[$0]) } }

  /// What computes an element of the result of node `index`, where that is one expression.
  public func expression(of index: Int) -> ElementExpression? {
    ElementExpression(of: function.nodes[index], roles[index])
  }
}

extension Node {
  /// What its operation is for lowering; `nil` where it is no primitive operation.
  /// - Requires: all extents fixed.
  public var role: Role? {
    (operation as? any PrimitiveOperation)?.role(operands.map(\.type), results.map(\.type), attributes)
  }

  /// Whether it gives the elements of its operand in their row-major order: another name for the same memory.
  /// - Requires: all extents fixed.
  public var isAlias: Bool {
    guard case .view(let map)? = role else { return false }
    return map.keepsOrder(from: operands[0].type.extents, to: results[0].type.extents)
  }
}

/// What computes one element of a node's result from elements of its operands, which are its inputs.
public struct ElementExpression: Sendable {
  public let program: ScalarProgram
  /// The number of the result in the program.
  public let result: Int

  /// `nil` where the role of `node` is no expression of elements.
  public init?(of node: Node, _ role: Role) {
    var program = ScalarProgram()
    switch role {
    case .pointwise(let expression):
      let operands = node.operands.enumerated().map { program.input($0, $1.type.element) }
      result = expression(&program, operands)
    case .generator(let expression):
      let coordinates = node.results[0].type.shape.indices.map { program.index($0) }
      var next = 0
      let operands = node.operands.map { operand in
        (0..<operand.type.elementCount).map { _ in
          next += 1
          return program.input(next - 1, operand.type.element)
        }
      }
      result = expression(&program, coordinates, operands)
    case .view, .constant, .reduction, .contraction, .gather, .scatterAdd: return nil
    }
    self.program = program
  }
}
