import FraguaGraph
import FraguaKernels
import FraguaTensors

/// Which axes of a function's values are rows: along which the element at an index depends on that index alone of every
/// argument that has the batch symbol.
///
/// Found from the roles of its nodes, by other reasoning than the compiler's: the law that rows are independent holds
/// for what this finds.
public struct RowAnalysis {
  /// What is known of a value.
  public enum Rows: Equatable, Sendable {
    /// It depends on no argument with the batch symbol, and has no axis with it.
    case none
    case axis(Int)
    /// An element depends on several rows, or on how many there are.
    case mixed
  }

  private let symbol: String
  private var rows: [ValueID: Rows] = [:]

  /// Looks at `function`, of primitive operations, with `symbol` bound.
  public init(_ function: Function, symbol: String) {
    self.symbol = symbol
    for value in function.arguments + function.parameterReads.map(\.value) { rows[value.id] = alone(value.type) }
    for node in function.nodes {
      for result in node.results { rows[result.id] = classify(node, result) }
    }
  }

  /// What is known of `value`.
  public func rows(of value: Value) -> Rows { rows[value.id] ?? .mixed }

  /// What a value of `type` is that depends on nothing.
  private func alone(_ type: TensorType) -> Rows {
    let axes = type.shape.indices.filter { isBatch(type.shape[$0]) }
    return axes.isEmpty ? .none : axes.count == 1 ? .axis(axes[0]) : .mixed
  }

  private func isBatch(_ extent: Extent) -> Bool { if case .bound(symbol, _) = extent { true } else { false } }

  private func classify(_ node: Node, _ result: Value) -> Rows {
    guard let operation = node.operation as? any PrimitiveOperation else { return .mixed }
    let operands = node.operands.map(rows(of:))
    if operands.contains(.mixed) { return .mixed }
    switch operation.role(node.operands.map(\.type), node.results.map(\.type), node.attributes) {
    case .constant: return alone(result.type)
    case .generator:
      // A random number depends on its row-major position, which outer rows leave alone.
      guard operands.allSatisfy({ $0 == .none }) else { return .mixed }
      let own = alone(result.type)
      return own == .none || own == .axis(0) ? own : .mixed
    case .pointwise: return joined(operands)
    case .view(let map): return classify(map, operands[0], result)
    case .reduction(_, let axes):
      guard case .axis(let axis) = operands[0] else { return .none }
      return axes.contains(axis) ? .mixed : .axis(axis - axes.filter { $0 < axis }.count)
    case .contraction(let dimensions): return classify(dimensions, node, operands)
    case .gather:
      // An index that is out of range means the last row.
      guard operands[0] == .none else { return .mixed }
      return operands[1]
    case .scatterAdd: return operands.allSatisfy { $0 == .none } ? alone(result.type) : .mixed
    }
  }

  private func joined(_ operands: [Rows]) -> Rows {
    let axes = operands.filter { $0 != .none }
    guard let first = axes.first else { return .none }
    return axes.allSatisfy { $0 == first } ? first : .mixed
  }

  private func classify(_ map: AffineMap, _ operand: Rows, _ result: Value) -> Rows {
    let identity = AffineExpression.identity(rank: result.type.rank)
    let coordinates = map.coordinates
    guard case .axis(let axis) = operand else { return alone(result.type) }
    guard let found = identity.firstIndex(of: coordinates[axis]), isBatch(result.type.shape[found]) else {
      return .mixed
    }
    let others = coordinates.indices.filter { $0 != axis }
    return others.allSatisfy { !coordinates[$0].depends(on: found) } ? .axis(found) : .mixed
  }

  private func classify(_ dimensions: ContractionDimensions, _ node: Node, _ operands: [Rows]) -> Rows {
    let ranks = node.operands.map(\.type.rank)
    let batch = dimensions.lhsBatch.count
    let free = (dimensions.lhsFree(rank: ranks[0]), dimensions.rhsFree(rank: ranks[1]))
    var places: [Int] = []
    if case .axis(let axis) = operands[0] {
      if let position = dimensions.lhsBatch.firstIndex(of: axis) {
        places.append(position)
      } else if let position = free.0.firstIndex(of: axis) {
        places.append(batch + position)
      } else {
        return .mixed
      }
    }
    if case .axis(let axis) = operands[1] {
      if let position = dimensions.rhsBatch.firstIndex(of: axis) {
        places.append(position)
      } else if let position = free.1.firstIndex(of: axis) {
        places.append(batch + free.0.count + position)
      } else {
        return .mixed
      }
    }
    guard let first = places.first else { return .none }
    return places.allSatisfy { $0 == first } ? .axis(first) : .mixed
  }
}
