import FraguaGraph
import FraguaKernels
import FraguaTensors

/// Nodes that become one region.
struct FusionGroup {
  enum Kind: Equatable {
    /// Elementwise over `space`.
    case map
    /// Reductions of `space` over these axes; row values have the shape without them.
    case rows(axes: [Int])
    /// The contraction at that node; `space` is its result's shape, `side` the shape of its side sums (if any yet).
    case contract(node: Int)
    case scatter(node: Int)
  }

  var kind: Kind
  /// The extents of the values that may join.
  var space: [Int]
  /// The nodes, by index in the function.
  var nodes: [Int]
  /// The smallest index of its nodes.
  var first: Int
  /// Values of side sums and what follows them, each with the factor that is summed; only for contractions.
  var sideValues: [ValueID: Factor] = [:]
  /// Where the elements of values lie in the space whose axes are not the space's: their coordinates as a function of
  /// those of the space.
  var placements: [ValueID: [AffineExpression]] = [:]
  /// Values that a node reads in memory, at places that are no affine map of its own: the tables of gathers.
  var tables: [Value] = []

  /// The left or the right factor of a contraction.
  enum Factor { case lhs, rhs }

  /// The form of its region; `rows` of one that may be a `reduce`, as which results it stores tells.
  var form: Kernel.Form {
    switch kind {
    case .map: .map
    case .rows: .rows
    case .contract: .contract
    case .scatter: .scatter
    }
  }

  /// For `rows`: the shape of row values.
  var rowSpace: [Int] {
    guard case .rows(let axes) = kind else { return space }
    return space.indices.filter { !axes.contains($0) }.map { space[$0] }
  }
  /// For `rows`: the axes of `space` that row values have.
  var rowAxes: [Int] {
    guard case .rows(let axes) = kind else { return Array(space.indices) }
    return space.indices.filter { !axes.contains($0) }
  }

  /// Where the elements of one of its values lie in ``space``; `nil` of a value that has fewer, as a row's or a side
  /// sum's.
  func placement(of value: Value) -> [AffineExpression]? {
    placements[value.id] ?? (value.type.extents == space ? AffineExpression.identity(rank: space.count) : nil)
  }

  /// The most nodes that a group grows to by joining: its kernel is one block of code, which takes more than linear
  /// time to compile, and a store and a load for so many operations cost next to nothing.
  static let nodeLimit = 256
  /// Whether nothing more may join.
  var isFull: Bool { nodes.count >= Self.nodeLimit }

  init(_ kind: Kind, space: [Int], node: Int) {
    self.kind = kind
    self.space = space
    nodes = [node]
    first = node
  }
}
