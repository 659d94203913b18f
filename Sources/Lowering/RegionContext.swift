import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// A fused region on its way to a kernel: its nodes' roles, and the program's buffers behind its arguments and results.
struct RegionContext {
  let function: Function
  let origin: Origin
  /// For each node: its role.
  let roles: [Role]
  /// For each value: the node that defines it; `nil` for arguments.
  let producers: [Int?]
  /// For each argument's value: the program's buffer.
  let inputs: [Int: Int]
  /// For each result: the program's buffers that receive it.
  let outputs: [[Int]]
  /// The program's buffers of constant tensors, by value.
  let constants: [Int: Int]

  /// - Parameter roles: ``roles(of:)`` of `function`.
  init(
    _ function: Function, _ roles: [Role], origin: Origin, inputs: [Int: Int], outputs: [[Int]], constants: [Int: Int]
  ) {
    self.function = function
    self.origin = origin
    self.inputs = inputs
    self.outputs = outputs
    self.constants = constants
    self.roles = roles
    var producers = [Int?](repeating: nil, count: function.valueCount)
    for (index, node) in function.nodes.enumerated() { for result in node.results { producers[result.id] = index } }
    self.producers = producers
  }

  /// The roles of a region's nodes.
  /// - Throws: where it holds something that is no primitive operation, as a dump written by hand may.
  static func roles(of function: Function) throws(Diagnostic) -> [Role] {
    var roles: [Role] = []
    for node in function.nodes {
      guard let operation = node.operation as? any PrimitiveOperation else {
        throw Diagnostic(
          "a fused region holds '\(node.name)', which is no primitive operation", at: node.origin.location)
      }
      roles.append(operation.role(node.operands.map(\.type), node.results.map(\.type), node.attributes))
    }
    return roles
  }

  /// The nodes with a role of that kind.
  func nodes(where predicate: (Role) -> Bool) -> [Int] { roles.indices.filter { predicate(roles[$0]) } }

  /// What is wrong with a region that its form cannot express.
  func error(_ message: String) -> Diagnostic {
    Diagnostic("the fused region cannot become one kernel: \(message)", at: origin.location)
  }
}
