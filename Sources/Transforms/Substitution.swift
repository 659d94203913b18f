import FraguaGraph
import FraguaTensors

/// What symbols stand for: applied to types and to the attributes that hold types.
struct Substitution: Sendable, Hashable {
  private(set) var extents: [String: Extent] = [:]

  init(_ extents: [String: Extent] = [:]) { self.extents = extents }

  /// Symbols bound to numbers.
  init(_ bindings: [String: Int]) {
    extents = Dictionary(uniqueKeysWithValues: bindings.map { ($0, .bound($0, $1)) })
  }

  var isEmpty: Bool { extents.isEmpty }

  /// Binds the symbols of `formal` so that it becomes `actual`.
  ///
  /// - Returns: whether that is possible with what they are bound to already.
  mutating func unify(_ formal: TensorType, with actual: TensorType) -> Bool {
    guard formal.element == actual.element, formal.rank == actual.rank else { return false }
    for (wanted, given) in zip(formal.shape, actual.shape) {
      switch wanted {
      case .fixed, .bound: if wanted != given { return false }
      case .symbol(let name):
        if let known = extents[name] {
          if known != given { return false }
        } else {
          extents[name] = given
        }
      }
    }
    return true
  }

  /// `type` with its symbols replaced; those that stand for nothing remain.
  func callAsFunction(_ type: TensorType) -> TensorType {
    if extents.isEmpty || type.isFixed { return type }
    return TensorType(
      type.shape.map {
        if case .symbol(let name) = $0, let extent = extents[name] { extent } else { $0 }
      }, type.element)
  }

  /// `attributes` with the symbols in their types replaced.
  func callAsFunction(_ attributes: Attributes) -> Attributes {
    if extents.isEmpty || attributes.isEmpty { return attributes }
    var result = attributes
    for (name, attribute) in attributes {
      switch attribute {
      case .type(let type) where !type.isFixed: result[name] = .type(self(type))
      case .tensor(let value) where !value.type.isFixed: result[name] = .tensor(value.with(type: self(value.type)))
      default: break
      }
    }
    return result
  }

  /// The part that concerns `symbols`.
  func restricted(to symbols: Set<String>) -> Substitution {
    Substitution(extents.filter { symbols.contains($0.key) })
  }
}

extension TensorType {
  /// The names of the symbols among the extents, in order.
  var symbols: [String] {
    shape.compactMap { if case .symbol(let name) = $0 { name } else { nil } }
  }
}

extension Function {
  /// The symbols of its arguments, then of its parameters and nodes, each once, in order.
  var symbols: [String] {
    var seen: Set<String> = []
    var ordered: [String] = []
    func add(_ value: Value) {
      if value.type.isFixed { return }
      for name in value.type.symbols where seen.insert(name).inserted { ordered.append(name) }
    }
    arguments.forEach(add)
    for read in parameterReads { add(read.value) }
    for node in nodes { node.results.forEach(add) }
    return ordered
  }
}
