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
  /// The index space that the region's attributes name, and for each result its strides there.
  let placing: (space: [Int], strides: [[Int]])?

  /// - Parameter roles: ``roles(of:)`` of `function`.
  init(
    _ function: Function, _ roles: [Role], _ attributes: Attributes, origin: Origin, inputs: [Int: Int],
    outputs: [[Int]], constants: [Int: Int]
  ) {
    self.function = function
    self.origin = origin
    if case .integers(let space)? = attributes["space"], case .integers(let strides)? = attributes["strides"] {
      let starts = stride(from: 0, to: strides.count, by: max(1, space.count))
      placing = (space, space.isEmpty ? outputs.map { _ in [] } : starts.map { Array(strides[$0..<$0 + space.count]) })
    } else {
      placing = nil
    }
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

  /// Where result `index` lies in the index space `space`, at whose points the coordinates of a kernel of extents
  /// `extents` are `place`: its own coordinates there, and the element in memory.
  func placement(
    ofResult index: Int, in space: [Int], at place: [AffineExpression], _ extents: [Int]
  ) throws(Diagnostic) -> (coordinates: [AffineExpression], element: AffineExpression) {
    let own = function.results[index].type.extents
    guard let placing else {
      guard own == space else { throw error("a result has another shape than its index space") }
      return (place, .sum(0, rowMajorStrides(own), place, rank: extents.count))
    }
    guard placing.space == space, placing.strides.count == function.results.count else {
      throw error("its attributes 'space' and 'strides' do not fit its results")
    }
    let strides = space.indices.map { space[$0] == 1 ? 0 : placing.strides[index][$0] }
    let element = AffineExpression.sum(0, strides, place, rank: extents.count)
    if own == space, space.indices.allSatisfy({ space[$0] == 1 || strides[$0] == rowMajorStrides(own)[$0] }) {
      return (place, element)
    }
    guard let placement = AffineMap.placement(strides: strides, of: own, in: space),
      let coordinates = AffineMap(placement).coordinates(at: place, in: extents)
    else { throw error("with its strides a result does not have each of its elements once") }
    return (coordinates, element)
  }

  /// What is wrong with a region that its form cannot express.
  func error(_ message: String) -> Diagnostic {
    Diagnostic("the fused region cannot become one kernel: \(message)", at: origin.location)
  }
}
