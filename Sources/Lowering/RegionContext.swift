import FraguaGraph
import FraguaKernels
import FraguaSource
import FraguaTensors

/// A fused region on its way to a kernel: its nodes' roles, and the program's buffers behind its arguments and results.
struct RegionContext {
  private let body: ClassifiedFunction
  let origin: Origin
  /// For each argument's value: the buffer that holds it.
  let inputs: [ValueID: KernelDraft.Source]
  /// For each result: the buffers that receive it.
  let outputs: [[KernelDraft.Source]]
  /// The program's buffers of constant tensors, by value.
  let constants: [ValueID: KernelDraft.Source]
  /// The index space that the region's attributes name, and for each result its strides there.
  let placing: (space: [Int], strides: [[Int]])?

  var function: Function { body.function }
  /// For each node: its role.
  var roles: [Role] { body.roles }
  /// For each value: the node that defines it; `nil` for arguments.
  var producers: ValueTable<Int?> { body.producers }

  init(
    _ body: ClassifiedFunction, _ attributes: Attributes, origin: Origin, inputs: [ValueID: KernelDraft.Source],
    outputs: [[KernelDraft.Source]], constants: [ValueID: KernelDraft.Source]
  ) {
    self.body = body
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
  }

  /// The region's analysis as the form `lanes`.
  func lanesForm(argumentCount: Int) -> LanesForm? { try? LanesForm(body, argumentCount: argumentCount) }

  /// What computes an element of the result of node `index`, where that is one expression.
  func expression(of index: Int) -> ElementExpression? { body.expression(of: index) }

  /// The nodes with a role of that kind.
  func nodes(where predicate: (Role) -> Bool) -> [Int] { body.nodes(where: predicate) }

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
